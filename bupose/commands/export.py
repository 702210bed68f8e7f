"""Write a network as ONNX or OpenVINO: bupose export [weights=FILE] output=FILE.onnx|.xml [precision=fp32|fp16|int8]

The file is compared with torch before it is put in its place, and runs with bupose.load(file). Grouping fields into
people stays bupose's (docs/export.md). calibration= a folder of photos like those to come, which int8 needs to be good.
"""

from __future__ import annotations

from bupose import cli, weights
from bupose.export import calibration_pictures, export_network
from bupose.export.options import ExportOptions
from bupose.export.write import COMPARED
from bupose.infer.options import expand


def main(options: ExportOptions) -> int:
    name = options.weights
    if name is not None and expand(name).is_file():
        name = expand(name)
    net, output = weights.load(weights.resolve(name, options.accept_license)), expand(options.output)
    count = options.pictures if options.precision == "int8" else min(COMPARED, options.pictures)
    pictures = calibration_pictures(net, options.calibration, count)
    print(export_network(net, output, pictures, options.format, options.precision))
    return 0


def run(arguments: list[str]) -> int:
    return cli.run(main, "export", arguments)
