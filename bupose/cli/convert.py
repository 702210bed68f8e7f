"""Write poses in another program's format: bupose convert INPUT to=FORMAT [output=out] [option=value …]

INPUT is a folder that bupose infer wrote, its coco_results.json, or a file of a readable format (docs/output.md lists
them). bupose infer also=[FORMAT,…] writes further formats at once.
"""

from __future__ import annotations

from bupose.cli import hydra_app
from bupose.exchange.convert import convert
from bupose.exchange.options import ConvertOptions


def main(options: ConvertOptions) -> int:
    convert(options)
    return 0


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "convert", arguments, paths="input")
