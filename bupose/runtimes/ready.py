"""Bupose's own network files in each runtime: what is made of them and measured once is kept in the cache."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bupose.errors import DependencyError
from bupose.options import choose
from bupose.runtimes import cached
from bupose.runtimes.exported import ExportedNetwork
from bupose.runtimes.onnx_network import OnnxNetwork
from bupose.runtimes.openvino_core import computes_in_bytes, get_core
from bupose.runtimes.openvino_network import PRECISIONS, OpenVinoNetwork
from bupose.runtimes.trial import fastest

if TYPE_CHECKING:
    from bupose.nn.model import PoseNet
    from bupose.runtimes.torch_network import TorchNetwork


def run_openvino(path: Path, device: str, precision: str, threads: int) -> ExportedNetwork:
    """By OpenVINO: in 8 bits where ``precision`` is auto and the file says what they need, else in floating point."""
    choose(precision, PRECISIONS, "precision")
    try:
        import openvino
    except ImportError:
        raise DependencyError("runtime=openvino needs openvino; pip install openvino") from None
    bits = precision == "auto"

    def make(folder: Path) -> dict[str, Any]:
        from bupose import weights
        from bupose.runtimes.openvino_bits import adds_exactly
        from bupose.runtimes.openvino_file import write_openvino

        net, able = weights.load(path), get_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        eight = bits and bool(net.config.activations) and computes_in_bytes()
        made = folder / "network.xml"
        write_openvino(net, made, eight_bits=eight, exact=eight and adds_exactly())
        ways = ("float32", "bfloat16") if eight and "BF16" in able else ("float32",)
        ready = {way: partial(OpenVinoNetwork, made, "cpu", way, threads) for way in ways}
        return {"precision": fastest(ready), "bits": 8 if eight else 32}

    place, measured = cached.prepare(path, "openvino-8" if bits else "openvino", openvino.__version__, make)
    chosen = measured["precision"] if bits else precision
    made = place / "network.xml"
    network = OpenVinoNetwork(made, device, chosen, threads, tried=True, keep=place / "compiled")
    if measured["bits"] == 8:
        network.how = f"OpenVINO in 8 bits, what is delicate in {chosen}"
    return network


def run_onnx(path: Path, device: str, precision: str, threads: int) -> ExportedNetwork:
    """By ONNX Runtime: in 8 bits where ``precision`` is auto, the file says what they need and they are faster here."""
    choose(precision, ("auto", "float32"), "precision")
    try:
        import onnxruntime
    except ImportError:
        raise DependencyError("runtime=onnx needs onnxruntime; pip install onnxruntime") from None
    bits = precision == "auto" and device in ("auto", "cpu")

    def make(folder: Path) -> dict[str, Any]:
        from bupose import weights
        from bupose.runtimes.onnx_bits import adds_exactly
        from bupose.runtimes.onnx_file import write_onnx

        net = weights.load(path)
        eight = bits and bool(net.config.activations)
        for many in (32, 8) if eight else (32,):
            write_onnx(net, folder / f"{many}.onnx", eight_bits=many == 8, exact=many == 8 and adds_exactly())
        files = sorted(folder.glob("*.onnx"))
        ready = {file.stem: partial(OnnxNetwork, file, "cpu", "auto", threads) for file in files}
        chosen = fastest(ready)
        (folder / f"{chosen}.onnx").replace(folder / "network.onnx")
        for other in ready.keys() - {chosen}:
            (folder / f"{other}.onnx").unlink()
        return {"bits": int(chosen)}

    place, measured = cached.prepare(path, "onnx-8" if bits else "onnx", onnxruntime.__version__, make)
    network = OnnxNetwork(place / "network.onnx", device, precision, threads)
    network.how = f"ONNX Runtime in {measured['bits']} bits"
    return network


def run_torch(path: Path, net: PoseNet, precision: str, channels_last: bool, threads: int | None) -> TorchNetwork:
    """By torch on a processor: in 8 bits where ``precision`` is auto, the file says what they need and they are faster.

    ``net`` is what the file holds.
    """
    import torch

    from bupose.runtimes.torch_bits import find_steps
    from bupose.runtimes.torch_network import TorchNetwork

    def run(steps: int) -> TorchNetwork:
        return TorchNetwork(net, "cpu", precision, channels_last, threads=threads, steps=steps)

    steps = find_steps() if precision == "auto" and net.config.activations else 0
    if steps:
        try:
            _, measured = cached.prepare(
                path,
                "torch-8",
                torch.__version__,
                lambda _: {"steps": int(fastest({str(n): partial(run, n) for n in (0, steps)}))},
            )
            steps = measured["steps"]
        except OSError:  # there is no folder to keep that in
            steps = 0
    return run(steps)


RUNNERS: dict[str, Callable[[Path, str, str, int], ExportedNetwork]] = {"openvino": run_openvino, "onnx": run_onnx}
