"""Evaluate against annotations: bupose evaluate annotations=FILE predictions=RESULTS [images=FOLDER]
[output=evaluation]

bupose evaluate annotations=FILE images=FOLDER weights=NETWORK [flip=true …] runs a network first. Average precision
then ranks people of every score, as COCO intends; ranking=false drops those that bupose infer drops. Prints average
precision, a table of joints, kinds of errors and the cost of each, and the precision of people shown; writes them as
JSON, CSV and text, with pictures of errors if images= is given.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from bupose.cli import hydra_app
from bupose.errors import LabelsError, SkeletonError
from bupose.evaluate import GroundTruth, evaluate, read_ground_truth
from bupose.evaluate.options import EvaluateOptions
from bupose.evaluate.results import as_results
from bupose.folder import OutputFolder
from bupose.people import People
from bupose.predict.output import write_coco

if TYPE_CHECKING:
    from bupose.evaluate.predict import Predictions

RESULTS = ("metrics.json", "metrics.csv", "joints.csv", "report.txt", "worst", "coco_results.json", "images.json")


def main(options: EvaluateOptions) -> int:
    truth = read_ground_truth(options.annotations or "", skeleton=options.skeleton, category=options.category)
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
    from bupose import estimate
    from bupose.evaluate.predict import predict

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


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "evaluate", arguments)
