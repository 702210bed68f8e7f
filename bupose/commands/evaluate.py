"""Measure against annotations: bupose evaluate annotations=FILE predictions=RESULTS [images=FOLDER] [output=evaluation]

bupose evaluate annotations=FILE images=FOLDER weights=NETWORK [flip=true …] lets a network predict first, people of
every score (decoder=ranked); decoder=default leaves out whom the network's own thresholds leave out.
Prints average precision, a table of joints, kinds of errors and what each costs; writes them as JSON, CSV and text,
with pictures of the worst where images= is given.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path

from bupose import cli
from bupose.errors import LabelsError, SkeletonError
from bupose.evaluate import Truth, evaluate, read_truth
from bupose.evaluate.options import EvaluateOptions
from bupose.evaluate.results import as_results
from bupose.folder import OutputFolder

RESULTS = ("metrics.json", "metrics.csv", "joints.csv", "report.txt", "worst", "coco_results.json", "images.json")


def main(options: EvaluateOptions) -> int:
    truth = read_truth(options.annotations, skeleton=options.skeleton, category=options.category)
    if options.limit:
        truth = truth.only(itertools.islice(truth.images, options.limit))
    predictions, unreadable = options.predictions, {}
    with OutputFolder(options.output, {"command": "evaluate"}, RESULTS, overwrite=None) as folder:
        if not predictions:
            predictions, truth, unreadable = run_network(options, truth, folder.path)
        report = evaluate(predictions, truth, protocol=options.protocol, gains=options.gains)
        print(report.table())
        try:
            report.write(folder.path, options.images, options.worst)
        except (SkeletonError, LabelsError) as problem:  # of the pictures, which come last
            print(f"no pictures of errors are drawn: {problem}", file=sys.stderr)
        folder.finish()
    print(f"\nwritten to {folder.path}")
    return 1 if unreadable else 0


def run_network(options: EvaluateOptions, truth: Truth, output: Path) -> tuple[dict, Truth, dict]:
    """What a network finds, the truth of the pictures that could be read, and what was wrong with the others."""
    from bupose import infer
    from bupose.evaluate.predict import predict_readable

    net = infer.load(options.weights, accept_license=options.accept_license, **options.for_estimator())
    found, unreadable = predict_readable(net, truth, options.images, progress=True)
    if not found:
        raise next(iter(unreadable.values()))
    infer.write_coco(output / "coco_results.json", as_results(found, truth))
    for problem in unreadable.values():
        print(problem, file=sys.stderr)
    if unreadable:
        note = f"Pictures that cannot be read, left out: {len(unreadable)} of {len(truth.images)}."
        truth = replace(truth.only(found), notes=(*truth.notes, note))
    return found, truth, unreadable


def run(arguments: list[str]) -> int:
    return cli.run(main, "evaluate", arguments)
