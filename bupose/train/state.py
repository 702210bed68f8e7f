"""Checkpoint files: tensors as safetensors, all else as JSON in the header, without pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from lightning.pytorch.plugins.io import CheckpointIO
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor

from bupose.atomic import replacing
from bupose.train.module import TrainingError

KEY = "bupose_training"  # the entry of the safetensors header's metadata
_PARTS = {  # the parts of Lightning's checkpoints, and their types
    "state_dict": dict, "callbacks": dict, "loops": dict, "optimizer_states": list, "lr_schedulers": list,
    "epoch": int, "global_step": int, "pytorch-lightning_version": str,
}  # fmt: skip


class StateIO(CheckpointIO):
    """Lightning's checkpoint IO by :func:`write_state` and :func:`read_state`, for every strategy."""

    def save_checkpoint(self, checkpoint: dict, path, storage_options=None) -> None:
        """Write atomically."""
        write_state(checkpoint, Path(path))

    def load_checkpoint(self, path, map_location=None, weights_only: bool | None = None) -> dict:
        """Read to the CPU; Lightning moves tensors."""
        return read_state(Path(path))

    def remove_checkpoint(self, path) -> None:
        """Remove a file."""
        Path(path).unlink(missing_ok=True)


def write_state(state: Mapping, path: Path) -> None:
    """Write nested dicts, lists, tuples, plain values and tensors.

    Raises
    ------
    TrainingError
        A value of another type.
    InputError
        The file cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_encode(state, tensors))
    content = serialise(tensors, {KEY: text})
    with replacing(path) as partial:
        partial.write_bytes(content)


def read_state(path: Path) -> dict:
    """Read a checkpoint written by :func:`write_state`.

    Raises
    ------
    TrainingError
        The file is damaged, or another program's.
    """
    try:
        with safe_open(path, "pt") as file:
            text = (file.metadata() or {})[KEY]
            state = _decode(json.loads(text), file)
        fits = isinstance(state, dict) and all(isinstance(state.get(name), kind) for name, kind in _PARTS.items())
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise TrainingError(
            f"{str(path)!r} is damaged, or not a checkpoint of this version of bupose; "
            "start from a network instead: start=best.safetensors"
        )
    return state


def _encode(value, tensors: dict[str, Tensor]):
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"tensor": name}
    if isinstance(value, Mapping):
        return {"dict": [[_encode(key, tensors), _encode(entry, tensors)] for key, entry in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_encode(entry, tensors) for entry in value]}
    if isinstance(value, list):
        return [_encode(entry, tensors) for entry in value]
    if hasattr(value, "item"):  # NumPy's scalars
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TrainingError(f"a checkpoint cannot hold a {type(value).__name__}")


def _decode(value, file):
    if isinstance(value, list):
        return [_decode(entry, file) for entry in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return file.get_tensor(content)
    if kind == "tuple":
        return tuple(_decode(entry, file) for entry in content)
    if kind == "dict":
        return {_decode(key, file): _decode(entry, file) for key, entry in content}
    raise ValueError(kind)
