"""Continuous integration counts skips: one that nobody listed fails it."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SKIPS = {
    "listed": "def test_one():\n    pytest.skip('no network today')",
    "unlisted": "def test_one():\n    pytest.skip('no time today')",
    "marked": "@pytest.mark.skipif(True, reason='no time at all')\ndef test_one():\n    pass",
    "module": "pytest.importorskip('no_such_module', reason='needs no_such_module')\ndef test_one():\n    pass",
    "xfail": "@pytest.mark.xfail(reason='known')\ndef test_one():\n    assert False",
}


@pytest.fixture
def run(tmp_path):
    """Runs files of one test with the suite's conftest and a list of one skip; gives status and output."""
    shutil.copy(HERE / "conftest.py", tmp_path)
    (tmp_path / "hostile").mkdir()
    (tmp_path / "hostile" / "test_inputs.py").touch()  # not run, so that nobody misses its inputs
    (tmp_path / "expected_skips.toml").write_text(
        '[[skip]]\ntest = "*test_listed.py::*"\nreason = "no network*"\nbecause = "there is none"\n'
    )

    def run(*names, ci="true", processes=0):
        light = tmp_path / "light"  # torch, which the conftest imports where it can, takes seconds
        light.mkdir(exist_ok=True)
        (light / "torch.py").write_text("raise ImportError")
        for name in names:
            (tmp_path / f"test_{name}.py").write_text(f"import pytest\n{SKIPS[name]}\ndef test_two():\n    pass\n")
        environment = {**os.environ, "CI": ci, "PYTHONPATH": str(light)}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={tmp_path}", "-q", "-n", str(processes),
             "-p", "no:cacheprovider", *(f"test_{name}.py" for name in names)],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.parametrize("processes", [0, 1])
def test_an_unlisted_skip_fails(run, processes):
    status, said = run("listed", "unlisted", "marked", "module", "xfail", processes=processes)
    assert status == 1, said
    told = {line.partition("toml: ")[2] for line in said.splitlines() if "not listed in" in line}
    assert told == {
        "test_unlisted.py::test_one (no time today)",
        "test_marked.py::test_one (no time at all)",
        "test_module.py (needs no_such_module)",
    }


def test_a_listed_skip_and_a_run_elsewhere_pass(run):
    assert run("listed", "xfail")[0] == 0
    status, said = run("unlisted", ci="")
    assert status == 0
    assert "not listed in tests/expected_skips.toml" in said  # told, though


def test_the_list_says_why():
    listed = tomllib.loads((HERE / "expected_skips.toml").read_text(encoding="utf-8"))["skip"]
    assert all(one.keys() == {"test", "reason", "because"} and all(one.values()) for one in listed)
    for one in listed:  # of files that exist
        assert list(HERE.parent.glob(one["test"].partition("::")[0])), one["test"]
