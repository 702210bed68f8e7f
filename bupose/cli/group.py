"""Group saved fields into people: bupose group FILE.npz [output=out] [photo=FILE | photos=FOLDER] [option=value …]

Writes coco_results.json, images.json, OpenPose JSON files and, if photos are given, overlays (docs/output.md). Fields
of any network can be used; bupose.fields_file describes the file.
"""

from __future__ import annotations

from bupose.cli import hydra_app
from bupose.predict.options import GroupOptions
from bupose.predict.saved import group_saved


def main(options: GroupOptions) -> int:
    return 1 if group_saved(options) else 0


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "group", arguments, paths="input")
