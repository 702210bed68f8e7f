"""What other programs' packages read of bupose's files, where scripts/round_trips.py has made their environments."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bupose.paths import cache_home

ROOT = Path(__file__).parents[2]
TRIPS = ROOT / "scripts" / "trips"


def step(python, name, what, folder) -> list:
    here = {"PYTHONPATH": str(ROOT)} if name == "ours" else {"PYTHONPATH": ""}
    command = [python, TRIPS / f"{name}.py", what, folder]
    subprocess.run(list(map(str, command)), cwd=folder, env=os.environ | here, check=True, capture_output=True)
    return json.loads((folder / f"{name}_{what}.json").read_text(encoding="utf-8"))


def test_what_they_read(tmp_path):
    home = cache_home() / "round_trips"
    wanted = {name: (TRIPS / f"{name}.txt").read_text(encoding="utf-8") for name in ("laboratories", "sports")}
    made = {name: home / name / "made_of.txt" for name in wanted}
    if not all(made[name].exists() and made[name].read_text(encoding="utf-8") == text for name, text in wanted.items()):
        pytest.skip("needs the environments of scripts/round_trips.py")
    step(sys.executable, "ours", "write", tmp_path)
    rows = [row for name in wanted for row in step(home / name / "bin" / "python", name, "read", tmp_path)]
    assert not [row for row in rows if row[2] > row[3]]
    assert len(rows) > 60
