"""Measure against annotations: bupose evaluate annotations=FILE predictions=RESULTS [images=FOLDER] [output=evaluation]

bupose evaluate annotations=FILE images=FOLDER weights=NETWORK [flip=true …] lets a network predict first, people of
every score (decoder=ranked); decoder=default leaves out whom the network's own thresholds leave out.
Prints average precision, a table of joints, kinds of errors and what each costs; writes them as JSON, CSV and text,
with pictures of the worst where images= is given.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from bupose import cli
from bupose.evaluate import evaluate, read_truth
from bupose.evaluate.options import EvaluateOptions
from bupose.evaluate.results import as_results


def main(options: EvaluateOptions) -> int:
    truth = read_truth(options.annotations, skeleton=options.skeleton, category=options.category)
    if options.limit:
        truth = truth.only(itertools.islice(truth.images, options.limit))
    output = Path(options.output).expanduser()
    predictions = options.predictions or run_network(options, truth, output)
    report = evaluate(predictions, truth, protocol=options.protocol, gains=options.gains)
    print(report.table())
    report.write(output, options.images, options.worst)
    print(f"\nwritten to {output}")
    return 0


def run_network(options: EvaluateOptions, truth, output: Path) -> dict:
    from bupose import infer
    from bupose.evaluate.predict import predict

    net = infer.load(options.weights, accept_license=options.accept_license, **options.for_estimator())
    found = predict(net, truth, options.images, progress=True)
    output.mkdir(parents=True, exist_ok=True)
    infer.write_coco(output / "coco_results.json", as_results(found, truth))
    return found


def run(arguments: list[str]) -> int:
    return cli.run(main, "evaluate", arguments)
