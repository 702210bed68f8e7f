"""Tensors in files of torch.save."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor

from bupose.errors import WeightsError


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """The ``state_dict`` of a checkpoint, or of a file that is one, without the ``module.`` of DataParallel.

    Raises
    ------
    WeightsError
        The file is missing, damaged, or holds more than tensors and plain values, or no tensors.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(f"there is no {str(path)!r}; check the path") from None
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise WeightsError(
            f"{str(path)!r} is damaged, no torch checkpoint, or holds more than tensors and plain values ({reason})"
        ) from None
    if isinstance(content, dict):
        content = content.get("state_dict", content)
    if not isinstance(content, dict) or not content or not all(isinstance(t, Tensor) for t in content.values()):
        raise WeightsError(f"{str(path)!r} holds no state_dict of tensors; give a checkpoint of a published network")
    return {str(name).removeprefix("model.module.").removeprefix("module."): t for name, t in content.items()}
