"""Export a network: bupose export [weights=FILE] output=FILE.onnx|.xml|.safetensors [precision=int8|…]

The file is compared with torch before it is written, and runs with bupose.load(file). The grouping is not part of it
(docs/export.md). calibration= is a folder of representative photos, for accurate int8. average=[FILE,…] averages the
weights of several networks. height=, scales= and decoder.*= set the exported network's defaults.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bupose import methods, weights
from bupose.cli import hydra_app
from bupose.export import calibration_pictures, export_network
from bupose.export.options import ExportOptions
from bupose.export.write import COMPARED
from bupose.methods.options import given, read_options
from bupose.nn import NetworkConfig
from bupose.paths import expand


def main(options: ExportOptions) -> int:
    net = weights.average(
        [weights.load(weights.resolve(name, options.accept_license)) for name in (options.weights, *options.average)]
    )
    net.config, output = settle(net.config, options), expand(options.output)
    count = options.pictures if options.precision == "int8" else min(COMPARED, options.pictures)
    pictures = calibration_pictures(net, options.calibration, count)
    print(export_network(net, output, pictures, options.format, options.precision))
    return 0


def settle(config: NetworkConfig, options: ExportOptions) -> NetworkConfig:
    """The configuration with the options' defaults for running the network."""
    said = {name: getattr(options, name) for name in ("height", "scales") if getattr(options, name) is not None}
    decoder: Any = read_options(methods.get(config.method).Decoder, config.decoder, given(options.decoder))
    origin = {**config.origin, **options.note}
    return replace(config, preprocess={**config.preprocess, **said}, decoder=vars(decoder), origin=origin)


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "export", arguments)
