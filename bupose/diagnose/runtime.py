"""Which runtime computes networks here, why, and what would be faster."""

from __future__ import annotations

from collections.abc import Iterator

from bupose import kernels, weights
from bupose.runtimes.start import choose_runtime, is_installed, start

_NAMES = {"OpenVinoNetwork": "openvino", "OnnxNetwork": "onnx", "TorchNetwork": "torch"}


def look_at_runtime() -> Iterator[tuple[str, ...]]:
    """What runs the network that comes with bupose."""
    path = weights.resolve()
    choice = choose_runtime(path=path)
    network = start(path)
    name = _NAMES[type(network).__name__]
    wrong = (
        f"{choice.runtime} cannot run the network here, so {name} does; install it anew"
        if name != choice.runtime
        else ""
    )
    yield "taken", f"{getattr(network, 'how', name)}: {choice.reason}", wrong
    if not (is_installed("openvino") or "GPU" in choice.reason):
        yield "faster", 'OpenVINO: pip install "bupose[fast]"'


def warm() -> None:
    """Compile the kernels, and make the graph of the network that comes along: the first picture is soon done then."""
    for task in ("decode", "tags", "centre"):
        kernels.load(task)
    start(weights.resolve())
