"""Paths that start in somebody's home: filled in everywhere alike, or refused in one sentence."""

import ast
import os
from pathlib import Path

import numpy as np
import pytest

import bupose
from bupose import fields_file, skeletons, weights
from bupose.annotations.reader import read
from bupose.cli import benchmark, demo, import_weights, summarize
from bupose.data.datasets import open_samples
from bupose.errors import BuposeError, InputError
from bupose.export.calibration import calibration_photos
from bupose.folder import OutputFolder
from bupose.nn.pretrained import load_trunk
from bupose.paths import cache_home, expand
from bupose.train.checkpoints import find_state
from bupose.train.summary import read_runs
from bupose.viz.curves import training_curves

NOBODY = "~nobody-of-this-name"
HOLDERS = ("paths.py", "cli/quoting.py", "media/finding.py")  # of arguments that may be no paths, and in lists


def test_homes_are_filled_in(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand("~/a b") == tmp_path / "a b"
    assert expand(Path("~")) == tmp_path
    assert expand("a/~b") == Path("a/~b")


def test_a_name_that_starts_with_a_tilde_is_a_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="home folder that is not known"):
        expand(NOBODY)
    Path(NOBODY).mkdir()
    assert expand(f"{NOBODY}/x") == Path(NOBODY, "x")


READERS = {
    "annotations": read,
    "photos": lambda path: open_samples("folder", {"images": path}),
    "skeleton": lambda path: skeletons.get(path + ".yaml"),
    "fields": fields_file.FieldsFile,
    "weights": weights.resolve,
    "network": weights.load,
    "published": weights.import_weights,
    "trunk": lambda path: load_trunk(None, path),
    "calibration": lambda path: next(calibration_photos(path, 1)),
    "state": find_state,
    "runs": lambda path: read_runs([path]),
    "curves": lambda path: training_curves({"a": path}, ["loss"]),
    "output": OutputFolder,
    "fields to write": lambda path: fields_file.write_fields(path, {"a": np.zeros(1)}),
    "benchmark": lambda path: benchmark.run([f"shared={path}"]),
    "benchmark's plots": lambda path: benchmark.run([f"plots={path}"]),
    "demo": lambda path: demo.run([f"output={path}"]),
    "import": lambda path: import_weights.run([f"input={path}", "output=x"]),
    "plot": lambda path: summarize.run([f"plot={path}"]),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_the_home_of_nobody_is_one_sentence(reader, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuposeError, match="home folder that is not known") as refusal:
        reader(f"{NOBODY}/x")
    assert "\n" not in str(refusal.value)
    assert not os.listdir()


def test_a_cache_in_nobodys_home_lies_elsewhere(monkeypatch):
    monkeypatch.setenv("BUPOSE_CACHE", f"{NOBODY}/x")
    assert "~" not in str(cache_home())


def test_no_module_fills_in_homes_by_itself():
    package = Path(bupose.__file__).parent
    found = {
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "expanduser"
    }
    assert found == set(HOLDERS)
