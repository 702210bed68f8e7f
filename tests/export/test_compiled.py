"""What OpenVINO compiled is read by whoever comes next, whatever has become of it meanwhile."""

import os

import numpy as np
import pytest

openvino = pytest.importorskip("openvino")
from openvino import opset13 as ops  # noqa: E402

from bupose.runtimes import compiled  # noqa: E402
from bupose.runtimes.compiled import compile_kept  # noqa: E402

ONES = np.ones((1, 3, 8, 8), np.float32)


@pytest.fixture
def model():
    weights = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)
    images = ops.parameter([1, 3, 8, 8], np.float32)
    convolved = ops.convolution(images, ops.constant(weights), [1, 1], [0, 0], [0, 0], [1, 1])
    return openvino.Model([convolved.output(0)], [images])


def run(compiled_model):
    (found,) = compiled_model(ONES).values()
    return compiled_model.get_property("LOADED_FROM_CACHE"), np.asarray(found)


@pytest.mark.parametrize("length", [None, 0, 100])
def test_the_second_time_it_is_read_unless_it_is_damaged(model, tmp_path, length):
    place = tmp_path / "kept" / "8x8"
    new, wanted = run(compile_kept(model, {}, place))
    (file,) = place.iterdir()
    if length is not None:
        file.chmod(0o600)
        file.write_bytes(file.read_bytes()[:length])
    read, found = run(compile_kept(model, {}, place))
    assert not new
    assert read == (length is None)
    np.testing.assert_array_equal(found, wanted)
    assert [one.name for one in place.parent.iterdir()] == ["8x8"]


def test_without_a_folder_it_is_compiled_all_the_same(model, tmp_path):
    (tmp_path / "file").write_text("")
    wanted = run(compile_kept(model, {}, None))[1]
    np.testing.assert_array_equal(run(compile_kept(model, {}, tmp_path / "file" / "8x8"))[1], wanted)


def test_those_used_longest_ago_go(model, tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "KEPT", 2)
    for n, name in enumerate(("first", "second", "third")):
        compile_kept(model, {}, tmp_path / name)
        os.utime(tmp_path / name, (n, n))
        if name == "second":
            compile_kept(model, {}, tmp_path / "first")  # now the one used last
    assert {one.name for one in tmp_path.iterdir()} == {"first", "third"}
