"""What computes a network: an exported file's own runtime, or the fastest that this machine has for bupose's own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bupose.errors import BuposeError, OptionsError
from bupose.machine import count_threads, may_have_gpu
from bupose.options import choose, shown
from bupose.runtimes import ready, trial
from bupose.runtimes.network import Network
from bupose.runtimes.onnx_network import OnnxNetwork
from bupose.runtimes.openvino_core import computes_in_bytes, runs_here
from bupose.runtimes.openvino_network import OpenVinoNetwork

if TYPE_CHECKING:
    from bupose.nn.model import PoseNet

# Called with path, device, precision and number of threads.
RUNTIMES: dict[str, Callable[..., Network]] = {".onnx": OnnxNetwork, ".xml": OpenVinoNetwork}
NAMES = ("auto", "torch", "onnx", "openvino")
_OF_SUFFIX = {".onnx": "onnx", ".xml": "openvino"}
_PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime"}  # both get graphs that onnx writes


class Choice(NamedTuple):
    """What runs, and why."""

    runtime: str
    reason: str


def start(
    net: PoseNet | Network | str | Path,
    device: str = "auto",
    precision: str = "auto",
    channels_last: bool = True,
    compile: bool = False,
    threads: int | None = None,
    runtime: str = "auto",
) -> Network:
    """A network ready to run.

    Parameters
    ----------
    net : PoseNet, path, or a Network, which is given back as it is
    device, precision, channels_last, compile
        As for :class:`bupose.runtimes.torch_network.TorchNetwork`; ``channels_last`` and ``compile`` are torch's alone.
    threads : int, optional
        By default torch's own choice, or as many as there are cores.
    runtime : "auto", "torch", "onnx" or "openvino"
        Of bupose's own files: auto is :func:`choose_runtime`. An exported file has its own.

    Raises
    ------
    OptionsError
        An option that the runtime does not have.
    WeightsError
        The file is missing, damaged or not bupose's.
    DependencyError
        The runtime is not installed.
    """
    choose(runtime, NAMES, "runtime")
    if isinstance(net, (str, Path)):
        path = Path(net)
        own = _OF_SUFFIX.get(path.suffix.lower())
        if own is not None:
            if runtime not in ("auto", own):
                raise OptionsError(f"runtime is {runtime!r}; {shown(path.name)} runs in {own}: leave runtime out")
            return RUNTIMES[path.suffix.lower()](path, device, precision, threads or count_threads())
        chosen = choose_runtime(runtime, device, precision, compile, path).runtime
        if chosen != "torch":
            found = _run_ready(path, chosen, device, precision, threads or count_threads(), runtime == "auto")
            if found is not None:
                return found
        from bupose import weights
        from bupose.nn.model import PoseNet
        from bupose.runtimes.torch_network import choose_device

        net = weights.load(path)
        if not compile and isinstance(net, PoseNet) and choose_device(device).type == "cpu":
            return ready.run_torch(path, net, precision, channels_last, threads)
    elif runtime not in ("auto", "torch"):
        raise OptionsError(f"runtime is {runtime!r}; a network in memory runs in torch: save it, and give the file")
    from bupose.nn.model import PoseNet
    from bupose.runtimes.torch_network import TorchNetwork

    if isinstance(net, PoseNet):
        return TorchNetwork(net, device, precision, channels_last, compile, threads)
    return net


def choose_runtime(
    runtime: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    compile: bool = False,
    path: Path | None = None,
) -> Choice:
    """What will run one of bupose's own files: OpenVINO or ONNX Runtime, else torch; a GPU has torch.

    Where both are installed, it is OpenVINO if that computes in 8 bits here: 1.4 times as fast or more on every machine
    measured. Else it is the faster one for the network that comes along: measured when that is loaded for the first
    time (``path`` is its file), and kept in the cache. Until then it is OpenVINO.
    """
    if runtime != "auto":
        return Choice(runtime, "as you chose")
    if compile:
        return Choice("torch", "compile is torch's")
    if device not in ("auto", "cpu"):
        return Choice("torch", f"device {device} is torch's")
    if device == "auto" and may_have_gpu():
        from bupose.runtimes.torch_network import choose_device

        found = choose_device("auto")
        if found.type != "cpu":
            return Choice("torch", f"this machine has a GPU, {found}")
    able = [name for name, package in _PACKAGES.items() if is_installed(package) and is_installed("onnx")]
    able = [name for name in able if (runs_here() if name == "openvino" else precision in ("auto", "float32"))]
    if not able:
        return Choice("torch", "neither openvino nor onnxruntime can be used, with onnx")
    unsure = len(able) > 1 and precision == "auto" and not computes_in_bytes()
    taken = _compare(able, path) if unsure else {}
    if not taken:
        return Choice(able[0], f"{_PACKAGES[able[0]]} is installed")
    told = ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in taken.items())
    return Choice(trial.pick(taken), f"a picture takes {told} of processor time")


def _compare(able: list[str], path: Path | None) -> dict[str, float]:
    """Processor seconds of a picture in each; nothing where that is not known and not to be measured now."""
    from bupose import weights

    with suppress(OSError, ImportError):  # a cache that cannot be written, a package without metadata
        versions = ", ".join(version(_PACKAGES[name]) for name in able)
        if path != weights.DEFAULT:
            return trial.recall(weights.DEFAULT, able, versions) or {}
        runners = {name: partial(ready.RUNNERS[name], path, "cpu", "auto", count_threads()) for name in able}
        return trial.compare(path, runners, versions)
    return {}


def is_installed(package: str) -> bool:
    """Whether a package can be imported, without doing so."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def _run_ready(path: Path, name: str, device: str, precision: str, threads: int, may_fail: bool) -> Network | None:
    """The network by a runtime's graph in the cache; None where that does not work and torch will do."""
    try:
        return ready.RUNNERS[name](path, device, precision, threads)
    except OptionsError:
        raise
    except (BuposeError, OSError, ImportError, RuntimeError):
        from bupose.weights.header import read_header

        read_header(path)  # what is wrong with the file itself is told
        if may_fail:
            return None
        raise
