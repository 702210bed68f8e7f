"""Find people in pictures and videos: bupose infer PHOTO… [weights=FILE] [output=out] [option=value …]

A PHOTO, or input=, is a picture, video, folder, glob pattern, .txt list, camera number or URL. Writes
coco_results.json, images.json, OpenPose JSON files and overlays, more on request (docs/output.md). Exit status: 0 all
well, 1 some pictures or formats failed, 2 an error in the options or a full disk, 130 interrupted (Ctrl-C), 143 ended
(SIGTERM).
"""

from __future__ import annotations

from bupose.cli import hydra_app
from bupose.predict.options import InferOptions
from bupose.predict.predict import infer


def main(options: InferOptions) -> int:
    if options.engine == "ray":
        return _infer_many(options)
    summary = infer(options)
    if summary.passed_over:
        print(f"passed over: {summary.passed_over}")
    told = "the results of an earlier run stay" if summary.kept else "results"
    print(f"{summary}; {told} in {summary.folder}")
    return 1 if summary.failed or summary.unwritten else 0


def _infer_many(options: InferOptions) -> int:
    from bupose.predict.scale.run import infer_many

    summary = infer_many(options)
    if summary.passed_over:
        print(f"passed over: {summary.passed_over}")
    print(f"{summary}; results in {summary.place}")
    return 1 if summary.failed else 0


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "infer", arguments, paths="input")
