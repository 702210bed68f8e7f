"""Evaluate against annotations: bupose evaluate annotations=FILE predictions=RESULTS [images=FOLDER]
[output=evaluation]

bupose evaluate annotations=FILE images=FOLDER weights=NETWORK [flip=true …] runs a network first. Average precision
then ranks people of every score, as COCO intends; ranking=false drops those that bupose infer drops. Prints average
precision, a table of joints, kinds of errors and the cost of each, and the precision of people shown; writes them as
JSON, CSV and text, with pictures of errors if images= is given.

For annotations with ids, of PoseTrack or MOTChallenge (gt.txt), it prints and writes MOTA, IDF1 and HOTA instead.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from bupose.annotations import Annotations, read
from bupose.cli import hydra_app
from bupose.errors import BuposeError, LabelsError, OptionsError, SkeletonError
from bupose.evaluate import GroundTruth, evaluate
from bupose.evaluate.options import OF_VIDEOS, EvaluateOptions
from bupose.evaluate.reading import ground_truth
from bupose.evaluate.results import as_results, person_results
from bupose.evaluate.tracking import Truth, evaluate_tracks, read_truth
from bupose.evaluate.tracking.mot import is_mot
from bupose.evaluate.tracking.truth import fitting_protocol
from bupose.folder import OutputFolder
from bupose.options import check_needs
from bupose.people import People
from bupose.predict.options import NO_VIDEO
from bupose.predict.output import write_coco
from bupose.skeletons import COCO17

if TYPE_CHECKING:
    from bupose.evaluate.predict import Predictions

RESULTS = (
    "metrics.json", "metrics.csv", "joints.csv", "videos.csv", "report.txt", "worst", "coco_results.json",
    "images.json",
)  # fmt: skip


def main(options: EvaluateOptions) -> int:
    path = options.annotations or ""
    source = path if is_mot(path) else read(path, category=options.category)
    protocol = fitting_protocol(source) if options.protocol == "auto" else options.protocol
    if protocol in OF_VIDEOS:
        return evaluate_videos(options, read_truth(source, skeleton=options.skeleton), protocol)
    if not isinstance(source, Annotations):
        raise OptionsError(f"protocol is {protocol}, but {path!r} holds the boxes of a video; use protocol=mot")
    check_needs(options, dict.fromkeys(("track", "tracking", "look_every", "fps", "poseval"), NO_VIDEO))
    return evaluate_pictures(options, ground_truth(source, options.skeleton))


def evaluate_pictures(options: EvaluateOptions, truth: GroundTruth) -> int:
    if options.limit:
        truth = truth.only(itertools.islice(truth.images, options.limit))
    predictions: str | dict[int, People] | None = options.predictions
    shown, unreadable = None, {}
    with OutputFolder(options.output, {"command": "evaluate"}, RESULTS, overwrite=None) as folder:
        if not predictions:
            found, truth = run_network(options, truth, folder)
            predictions = found.ranked if options.ranking else found.shown
            shown, unreadable = found.shown, found.unreadable
        report = evaluate(predictions, truth, protocol=options.protocol, gains=options.gains, shown=shown)
        print(report.table())
        folder.finish()
        try:
            report.write(folder.path, options.images, options.worst)
        except (SkeletonError, LabelsError) as problem:  # of the pictures, which come last
            print(f"no pictures of errors are drawn: {problem}", file=sys.stderr)
    print(f"\nwritten to {folder.path}")
    return 1 if unreadable else 0


def run_network(options: EvaluateOptions, truth: GroundTruth, folder: OutputFolder) -> tuple[Predictions, GroundTruth]:
    """A network's predictions, and the ground truth of the readable pictures."""
    from bupose import estimate, kernels
    from bupose.evaluate.predict import predict

    kernels.load()
    net = estimate.load(options.weights, accept_license=options.accept_license, **options.for_estimator())
    found = predict(net, truth, options.images or "", progress=True)
    unreadable = found.unreadable
    if not found.shown:
        raise next(iter(unreadable.values()))
    folder.finish()  # before the first result, so that the same command may replace results of an interrupted run
    write_coco(folder.path / "coco_results.json", as_results(found.ranked if options.ranking else found.shown, truth))
    for problem in unreadable.values():
        print(problem, file=sys.stderr)
    if unreadable:
        note = f"Pictures that cannot be read, left out: {len(unreadable)} of {len(truth.images)}."
        truth = replace(truth.only(found.shown), notes=(*truth.notes, note))
    return found, truth


def evaluate_videos(options: EvaluateOptions, truth: Truth, protocol: str) -> int:
    if options.limit:
        truth = truth.first(options.limit)
    unreadable: list[BuposeError] = []
    with OutputFolder(options.output, {"command": "evaluate"}, RESULTS, overwrite=None) as folder:
        found: str | dict | None = options.predictions
        if not found:
            found, unreadable = follow_people(options, truth, folder)
        report = evaluate_tracks(found, truth, protocol=protocol, skeleton=options.skeleton, poseval=options.poseval)
        if unreadable:
            report = report.noting(f"Frames that cannot be read, in which nobody is found: {len(unreadable)}.")
        print(report.table())
        folder.finish()
        report.write(folder.path)
    print(f"\nwritten to {folder.path}")
    return 1 if unreadable else 0


def follow_people(options: EvaluateOptions, truth: Truth, folder: OutputFolder) -> tuple[dict, list[BuposeError]]:
    """A network's people with ids by frame, and why frames could not be read."""
    from bupose import estimate, kernels
    from bupose.evaluate.tracking.network import follow

    kernels.load()
    net = estimate.load(options.weights, accept_license=options.accept_license, **options.for_estimator())
    live = options.tracking == "live"
    found = follow(net, truth, options.images or "", options.track, live=live, look_every=options.look_every,
                   fps=options.fps, progress=True)  # fmt: skip
    for problem in found.unreadable:
        print(problem, file=sys.stderr)
    if found.unreadable and not any(map(len, found.people.values())):
        raise found.unreadable[0]
    folder.finish()  # before the first result, so that the same command may replace results of an interrupted run
    joints = truth.file_joints or COCO17.joints
    results = (r for key, people in found.people.items() for r in person_results(people, key, joints))
    write_coco(folder.path / "coco_results.json", results)
    return found.people, found.unreadable


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "evaluate", arguments)
