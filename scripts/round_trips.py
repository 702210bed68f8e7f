#!/usr/bin/env python
"""Whether other programs' packages and bupose understand each other: round_trips.py [FOLDER to keep the files in]

sleap-io, movement and pandas, and OpenSim and Pose2Sim, come in environments of their own in the cache folder, with the
versions of scripts/trips/*.txt; Daft, Spark (which needs Java 17) and an S3 server, in which bupose runs, beside its
own. bupose trains for a minute on a project of each laboratory format. Ends with 1 if anything differs by more than it
may.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from bupose.errors import BuposeError, InputError, OptionsError
from bupose.paths import cache_home
from bupose.process import run

ROOT = Path(__file__).resolve().parents[1]
TRIPS = ROOT / "scripts" / "trips"
STEPS = [
    ("ours", "write"),
    ("laboratories", "read"),
    ("sports", "read"),
    ("laboratories", "write"),
    ("ours", "read"),
    ("ours", "train"),
    ("laboratories", "read_trained"),
    ("engines", "map"),
    ("engines", "s3"),
]


def python_of(name: str) -> Path:
    """The interpreter of an environment; made if it is not there, or of other versions."""
    home, wanted = cache_home() / "round_trips" / name, (TRIPS / f"{name}.txt").read_text(encoding="utf-8")
    python, made = home / "bin" / "python", home / "made_of.txt"
    if not made.exists() or made.read_text(encoding="utf-8") != wanted:
        print(f"making {home}", flush=True)
        venv.create(home, clear=True, with_pip=True)
        command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "-r", TRIPS / f"{name}.txt"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            raise InputError(f"{name}: pip failed, {done.stderr[-400:]!r}; mend scripts/trips/{name}.txt, or try again")
        made.write_text(wanted)
    return python


def step(name: str, what: str, folder: Path) -> list[list]:
    """Run a step; its rows of the table."""
    python, path = sys.executable, [str(ROOT)]
    if name == "engines":  # holds what bupose's environment lacks
        path += map(str, python_of(name).parents[1].glob("lib/python*/site-packages"))
    elif name != "ours":
        python, path = str(python_of(name)), []
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    here = {"PYTHONPATH": os.pathsep.join(path)} if path else {}
    command = [python, str(TRIPS / f"{name}.py"), what, str(folder)]
    print(f"{name}: {what}", flush=True)
    done = subprocess.run(command, cwd=folder, env=kept | here, capture_output=True, text=True)  # OpenSim logs there
    if done.returncode:
        raise BuposeError(f"{name} {what} ended with {done.returncode}: {done.stderr[-800:]}")
    rows: list[list] = json.loads((folder / f"{name}_{what}.json").read_text(encoding="utf-8"))
    return rows


def main() -> int:
    given = sys.argv[1:]
    if len(given) > 1:
        raise OptionsError(f"got {' '.join(given)}; write round_trips.py, or round_trips.py FOLDER to keep the files")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given[0] if given else temporary).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{str(folder)!r} is not empty; give a new folder")
        return show([row for name, what in STEPS for row in step(name, what, folder)])


def show(rows: list[list]) -> int:
    """Print the table; 1 if anything differs."""
    print(f"\n{'':90}{'compared':>20}{'differs by':>12}{'may':>9}")
    for what, count, difference, most, unit in rows:
        print(f"{what:90}{count:>20}{difference:>12.2g}{most:>9.1g} {unit}{'' if difference <= most else '  DIFFERS'}")
    wrong = sum(difference > most for _, _, difference, most, _ in rows)
    print(f"{len(rows)} comparisons, {wrong} differ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(run(main))
