"""Exported networks run by onnxruntime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from bupose.errors import DependencyError, OptionsError, WeightsError
from bupose.runtimes.exported import ExportedNetwork, first_line, read_file
from bupose.weights.header import KEY, quoted

_LOCATION = b"\x0a\x08location\x12"  # onnx.proto: the key of a tensor's external_data that names another file
_PROVIDERS = {"cuda": "CUDAExecutionProvider", "cpu": "CPUExecutionProvider"}


class OnnxNetwork(ExportedNetwork):
    """An ``.onnx`` file of ``scripts/export.py``; a :class:`bupose.runtimes.network.Network`.

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

    def __init__(
        self,
        path: str | Path,
        device: str = "auto",
        precision: str = "float32",
        threads: int = 1,
    ):
        if precision not in ("float32", "auto"):
            raise OptionsError(f"precision is {precision!r}; an .onnx network has its own: export it with another")
        path = Path(path)
        self._session = open_session(path, device, threads)
        super().__init__(self._session.get_modelmeta().custom_metadata_map.get(KEY), path)
        self.how = "ONNX Runtime"
        self._try()

    def _maps(self, images: np.ndarray) -> list[np.ndarray]:
        pixels = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        maps: list[np.ndarray] = self._session.run([spec.name for spec in self.specs], {"images": pixels})
        return maps


def open_session(path: Path, device: str = "auto", threads: int = 1) -> Any:
    """An ``onnxruntime.InferenceSession`` of any ONNX file; arguments and errors are those of :class:`OnnxNetwork`."""
    try:
        import onnxruntime
    except ImportError:
        raise DependencyError("an .onnx network needs onnxruntime; pip install onnxruntime") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    spin = os.environ.get("OMP_WAIT_POLICY", "").upper() == "ACTIVE"  # as torch's threads, see bupose/__init__.py
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
    provider = choose_provider(device, onnxruntime.get_available_providers())
    content = read_file(path)
    if _LOCATION in content:
        raise WeightsError(f"{quoted(path)} keeps numbers in other files, which are not read; export it anew")
    try:
        return onnxruntime.InferenceSession(content, options, providers=[provider])
    except Exception as problem:  # onnxruntime's own kinds, which it does not give names to
        raise WeightsError(
            f"{quoted(path)} is damaged or no ONNX network: {first_line(problem)}; get a fresh copy"
        ) from None


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
