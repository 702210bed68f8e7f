"""What OpenVINO has compiled, kept for the next process: it then reads in half a second what took more than one."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bupose.atomic import workspace
from bupose.errors import InputError
from bupose.runtimes.openvino_core import compile_model

if TYPE_CHECKING:
    import openvino

KEPT = 6  # compiled models beside a graph, some 16 MB each; those used longest ago go


def compile_kept(model: openvino.Model, options: dict[str, object], place: Path | None) -> openvino.CompiledModel:
    """As :func:`compile_model`; what was compiled is taken from the folder ``place``, or put there.

    The folder's name stands for all that the model was compiled for. Where it cannot be written, or ``place`` is None,
    the model is compiled for this process alone. What is damaged OpenVINO compiles anew.
    """
    if place is None:
        return compile_model(model, options)
    try:
        if place.is_dir():
            with suppress(OSError):
                os.utime(place)
            return compile_model(model, {**options, "CACHE_DIR": str(place)})
        with workspace(place) as folder:
            compiled = compile_model(model, {**options, "CACHE_DIR": str(folder)})
            with suppress(OSError):  # another process was faster
                os.rename(folder, place)
    except (InputError, RuntimeError):  # the latter is OpenVINO's
        return compile_model(model, options)
    _sweep(place.parent)
    return compiled


def _sweep(home: Path) -> None:
    with suppress(OSError):
        kept = sorted((one for one in home.iterdir() if not one.name.startswith(".")), key=os.path.getmtime)
        for old in kept[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
