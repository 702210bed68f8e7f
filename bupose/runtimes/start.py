"""What computes a network: torch, onnxruntime or OpenVINO, by the kind of file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bupose import weights
from bupose.nn.model import PoseNet
from bupose.runtimes.network import Network, TorchNetwork
from bupose.runtimes.onnx_network import OnnxNetwork
from bupose.runtimes.openvino_network import OpenVinoNetwork

# Called with path, device, precision and number of threads.
RUNTIMES: dict[str, Callable[..., Network]] = {".onnx": OnnxNetwork, ".xml": OpenVinoNetwork}


def start(
    net: PoseNet | Network | str | Path,
    device: str = "auto",
    precision: str = "float32",
    channels_last: bool = True,
    compile: bool = False,
    threads: int = 1,
) -> Network:
    """A network ready to run: torch runs bupose's own files, and each of :data:`RUNTIMES` the files of its suffix.

    Parameters
    ----------
    net : PoseNet, path, or a Network, which is given back as it is
    device, precision, channels_last, compile
        As for :class:`TorchNetwork`.
    threads : int
        Of an exported network; torch has its own setting.

    Raises
    ------
    OptionsError
        An option that the runtime does not have.
    WeightsError
        The file is missing, damaged or not bupose's.
    DependencyError
        The runtime is not installed.
    """
    if isinstance(net, (str, Path)):
        path = Path(net)
        if path.suffix.lower() in RUNTIMES:
            return RUNTIMES[path.suffix.lower()](path, device, precision, threads)
        net = weights.load(path)
    if isinstance(net, PoseNet):
        return TorchNetwork(net, device, precision, channels_last, compile)
    return net
