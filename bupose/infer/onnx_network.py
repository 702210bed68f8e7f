"""Exported networks run by onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bupose.errors import DependencyError, OptionsError, WeightsError
from bupose.infer.exported import ExportedNetwork
from bupose.weights.header import KEY

_PROVIDERS = {"cuda": "CUDAExecutionProvider", "cpu": "CPUExecutionProvider"}


class OnnxNetwork(ExportedNetwork):
    """An ``.onnx`` file of ``scripts/export.py``; a :class:`bupose.infer.network.Network`.

    Parameters
    ----------
    path : path
    device : auto, cpu or cuda
    precision : "float32"
        The file decides; here only this is accepted.
    threads : int

    Raises
    ------
    WeightsError
        The file is damaged or was not exported by bupose.
    OptionsError
        A device or precision that is not to be had.
    DependencyError
        onnxruntime is not installed.
    """

    def __init__(self, path: str | Path, device: str = "auto", precision: str = "float32", threads: int = 1):
        try:
            import onnxruntime
        except ImportError:
            raise DependencyError("an .onnx network needs onnxruntime; pip install onnxruntime") from None
        if precision not in ("float32", "auto"):
            raise OptionsError(f"precision is {precision!r}; an .onnx network has its own: export it with another")
        path, options = Path(path), onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        provider = choose_provider(device, onnxruntime.get_available_providers())
        try:
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=[provider])
        except OSError as problem:
            raise WeightsError(f"cannot read {str(path)!r}: {problem.strerror or problem}; check the path") from None
        except Exception as problem:  # onnxruntime's own kinds, which it does not give names to
            first = str(problem).strip().split("\n")[0]
            raise WeightsError(f"{str(path)!r} is damaged or no ONNX network: {first}; get a fresh copy") from None
        super().__init__(self._session.get_modelmeta().custom_metadata_map.get(KEY), path)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fields of uint8 pictures (B, H, W, 3), RGB: heat (B, K, h, w) and PAFs (B, L, 2, h, w), float32."""
        pixels = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        heat, paf = self._session.run(["heat", "paf"], {"images": pixels})
        return heat, paf


def choose_provider(device: str, available: list[str]) -> str:
    """onnxruntime's word for a device; ``auto`` is CUDA if it is there.

    Raises
    ------
    OptionsError
        No such device, here or in this onnxruntime.
    """
    here = [name for name, provider in _PROVIDERS.items() if provider in available]
    name = here[0] if device == "auto" else device.split(":")[0]
    if name not in here:
        raise OptionsError(f"device {device!r} is not here for an .onnx network; choose auto or {', '.join(here)}")
    return _PROVIDERS[name]
