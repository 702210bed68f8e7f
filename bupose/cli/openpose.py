"""Take the flags of OpenPose's program: bupose openpose --image_dir FOLDER --write_json FOLDER [--flag value …]

Writes NAME_keypoints.json, NAME_rendered.png, videos and COCO results as OpenPose does, where its flags say
(docs/from_openpose.md, flag by flag). bupose's own options are key=value: weights=FILE, refine=true, decoder=sure. Exit
status: 0 all well, 1 some pictures failed, 2 an error in the flags or a full disk, 130 interrupted (Ctrl-C).
"""

from __future__ import annotations

import logging

from bupose.bridges.flags import read_flags
from bupose.bridges.openpose import run_openpose
from bupose.bridges.options import OpenPoseOptions
from bupose.cli import hydra_app
from bupose.cli.pairs import HELP
from bupose.errors import BuposeError
from bupose.process import tell

_LOG = logging.getLogger(__name__)


def main(options: OpenPoseOptions) -> int:
    summary = run_openpose(options)
    if summary.passed_over:
        print(f"passed over: {summary.passed_over}")
    print(summary)
    return 1 if summary.failed else 0


def run(arguments: list[str]) -> int:
    if HELP & set(arguments):
        return hydra_app.run(main, "openpose", ["--help"])
    try:
        options, ignored = read_flags(arguments)
    except BuposeError as problem:
        return tell(problem)
    if ignored:
        _LOG.warning("ignored: %s", ", ".join(ignored))
    return hydra_app.run(main, "openpose", options)
