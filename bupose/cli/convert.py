"""Write poses in another program's format: bupose convert INPUT to=FORMAT [output=out] [option=value …]

INPUT is a folder that bupose infer wrote, its coco_results.json, or a file of a readable format (docs/output.md lists
them). bupose infer also=[FORMAT,…] writes further formats at once. Files of a folder that cannot be read are named
and left out, with exit status 1.
"""

from __future__ import annotations

import logging

from bupose.cli import hydra_app
from bupose.exchange.convert import convert
from bupose.exchange.formats.base import PartlyRead
from bupose.exchange.options import ConvertOptions

_LOG = logging.getLogger(__name__)


def main(options: ConvertOptions) -> int:
    try:
        convert(options)
    except PartlyRead as problem:
        _LOG.warning("%s", problem)
        return 1
    return 0


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "convert", arguments, paths="input")
