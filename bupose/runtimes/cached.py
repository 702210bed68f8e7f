"""Networks made ready once for this machine: graphs in the cache folder, shared by processes.

A graph is a folder with ``network.xml`` and ``network.bin``, or ``network.onnx``, and ``whole.json``, the sums of its
files and what was measured. Its name stands for the network's bytes, the versions and the processor.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bupose import __version__, atomic
from bupose.machine import name_processor
from bupose.messages import tell_waiting
from bupose.paths import cache_home, temporary_home

REVISION = 6  # of how graphs are made; another one makes them anew
KEPT = 12  # graphs; those used longest ago go
PATIENCE = 120.0  # seconds to wait for another process that makes one
_LIST = "whole.json"


def prepare(path: Path, kind: str, version: str, make: Callable[[Path], dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """The folder of a network's graph, made if it is not there, and what was measured when it was made.

    Parameters
    ----------
    path : path
        The network file.
    kind : str
        What is made of it: begins the folder's name.
    version : str
        Of the runtime.
    make : callable
        Writes the graph into a folder, and gives what was measured, as JSON can hold it.

    Raises
    ------
    OSError
        There is no folder to keep it in.
    """
    name = _name(path, kind, version)
    for folder in _homes():
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return _prepare(folder / name, make)
            if (found := read(folder / name)) is not None:
                return folder / name, found
    raise OSError("there is no folder to keep graphs in")


def find(path: Path, kind: str, version: str) -> dict[str, Any] | None:
    """What was measured when this was made; None where it is not there. Arguments are those of :func:`prepare`."""
    name = _name(path, kind, version)
    return next((found for folder in _homes() if (found := read(folder / name)) is not None), None)


def read(place: Path) -> dict[str, Any] | None:
    """What was measured of a graph; None where it is not there or not whole."""
    try:
        told = json.loads((place / _LIST).read_text(encoding="utf-8"))
        if all(_sum(place / name) == wanted for name, wanted in told["sums"].items()):
            measured: dict[str, Any] = told["measured"]
            return measured
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _homes() -> tuple[Path, Path]:
    return cache_home() / "graphs", temporary_home("bupose") / "graphs"


def _name(path: Path, kind: str, version: str) -> str:
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    told = json.dumps([content, __version__, REVISION, version, name_processor()])
    return f"{kind}-{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def _prepare(place: Path, make: Callable[[Path], dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    found = read(place)
    if found is None:
        with atomic.one_at_a_time(place.parent / "lock", PATIENCE):
            found = read(place)  # another process may have been faster
            if found is None:
                found = _make(place, make)
    with suppress(OSError):
        os.utime(place)
    return place, found


def _make(place: Path, make: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    tell_waiting("preparing the network for this machine, which takes some seconds, once")
    shutil.rmtree(place, ignore_errors=True)  # damaged
    with atomic.workspace(place) as folder:
        measured = make(folder)
        sums = {file.name: _sum(file) for file in folder.iterdir()}
        (folder / _LIST).write_text(json.dumps({"sums": sums, "measured": measured}), encoding="utf-8")
        os.rename(folder, place)
    with suppress(OSError):
        others = sorted((one for one in place.parent.iterdir() if (one / _LIST).is_file()), key=os.path.getmtime)
        for old in others[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    return measured


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
