"""OpenVINO in this process: one core, which stays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bupose.errors import DependencyError

if TYPE_CHECKING:
    import openvino

_CORE: dict[str, openvino.Core] = {}
_PROCESS: dict[str, int] = {}  # the one in which OpenVINO started its threads, which forked ones lack


def get_core() -> openvino.Core:
    """The core of this process, made at the first call and kept to its end.

    Raises
    ------
    DependencyError
        openvino is not installed, or has run in the process that this one was forked from.

    Notes
    -----
    The CPU plugin gives the thread that loads it a stack for signals, and unmaps that in the thread in which the core
    is destroyed. If these differ, the next signal ends the first (seen with 2026.4). Hence no core is destroyed.
    """
    check_process()
    if "core" not in _CORE:
        try:
            import openvino
        except ImportError:
            raise DependencyError("openvino is not installed; pip install openvino") from None
        _CORE.setdefault("core", openvino.Core())
    return _CORE["core"]


def compile_model(model: openvino.Model, options: dict[str, object] | None = None) -> openvino.CompiledModel:
    """A model made ready to run on the processor."""
    core = get_core()
    _PROCESS.setdefault("id", os.getpid())
    return core.compile_model(model, "CPU", options or {})


def computes_in_bytes() -> bool:
    """Whether OpenVINO computes 8 bits as such here, as on every x86 processor; False where it cannot be asked."""
    try:
        return "INT8" in get_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (DependencyError, RuntimeError):
        return False


def runs_here() -> bool:
    """Whether this process was not forked from one in which OpenVINO has run."""
    return _PROCESS.get("id", os.getpid()) == os.getpid()


def check_process() -> None:
    """Refuse to wait forever for threads that the parent process has.

    Raises
    ------
    DependencyError
    """
    if not runs_here():
        raise DependencyError(
            "OpenVINO has run in the process that this one was forked from, and would hang here; start processes with "
            'spawn, or load networks with runtime="torch"'
        )
