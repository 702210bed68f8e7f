"""The whole command for one photo, in fresh processes: the first time ever, and later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

RUNTIMES = ("openvino", "onnx", "torch")
_PHASES = """
import json, sys
from time import process_time as now
begun = now()
from bupose.predict import predict
from bupose.estimate import load
from bupose.images import read
imported = now()
estimator = load(runtime=sys.argv[2])
loaded = now()
estimator(read(sys.argv[1]))
print(json.dumps([begun, imported, loaded, now()]))
"""


def by_phase(photo: Path) -> list[dict]:
    """Seconds of ``bupose infer`` for a photo with each runtime, cache folder empty and filled.

    Returns
    -------
    list of dict
        ``s`` and ``CPU s`` of the whole command, pictures and JSON written, without what goes on after it (compiling
        the kernels, the first time); and seconds of processor time of its phases in a process of their own: imports,
        loading the network, its first picture (decoding included).
    """
    rows = []
    for runtime in RUNTIMES:
        with tempfile.TemporaryDirectory() as folder:
            caches = {what: _environment(Path(folder, what)) for what in ("command", "phases")}
            for state in ("first time ever", "later"):
                wall, cpu = _run_command(photo, runtime, Path(folder, "out"), caches["command"])
                _wait_for_kernels(caches["command"])
                phases = _run_phases(photo, runtime, caches["phases"])
                _wait_for_kernels(caches["phases"])
                rows.append({"runtime": runtime, "when": state, "s": wall, "CPU s": cpu, **phases})
    return rows


def _environment(cache: Path) -> dict[str, str]:
    environment = {**os.environ, "BUPOSE_CACHE": str(cache)}
    for name in ("NUMBA_CACHE_DIR", "BUPOSE_KERNELS"):
        environment.pop(name, None)
    return environment


def _wait_for_kernels(environment: Mapping[str, str]) -> None:
    """Until the process that the command began has compiled them."""
    subprocess.run([sys.executable, "-c", "from bupose import kernels; kernels.load()"], env=environment, check=True)


def _run_command(photo: Path, runtime: str, output: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of a command, and of the processors for it."""
    command = [sys.executable, "-m", "bupose", "infer", str(photo), f"runtime={runtime}", f"output={output}"]
    begun, before = time.perf_counter(), _children()
    subprocess.run([*command, "overwrite=true"], env=environment, capture_output=True, check=True)
    return time.perf_counter() - begun, _children() - before


def _run_phases(photo: Path, runtime: str, environment: Mapping[str, str]) -> dict[str, float]:
    command = [sys.executable, "-c", _PHASES, str(photo), runtime]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    times = json.loads(said.splitlines()[-1])
    spent = [after - before for before, after in pairwise(times)]
    return dict(zip(("import", "load", "first picture"), spent, strict=True))


def _children() -> float:
    used = os.times()
    return used.children_user + used.children_system
