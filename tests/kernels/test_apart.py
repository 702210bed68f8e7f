"""The first pictures of all are decoded by the twins, while another process compiles."""

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from test_kernels import PAINT, finish, start

import bupose
from bupose import kernels, skeletons
from bupose.errors import BuposeError
from bupose.kernels import cache, reference
from bupose.methods import peaks
from bupose.methods.paf import FieldCodec
from bupose.people import Labels
from bupose.predict.options import InferOptions
from bupose.predict.predict import infer

BEGIN = """
import json
from bupose import kernels
from bupose.kernels import reference

kernels._APART = kernels._APART.replace("load()", "load('encode')")  # seconds instead of half a minute
print(json.dumps([kernels.compile_apart(), kernels.load() is reference]))
"""


@pytest.fixture
def another():
    """A process that does not end by itself, in place of one that compiles."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_what_another_process_compiles_outlives_the_one_that_began_it(tmp_path):
    assert finish(start(BEGIN, BUPOSE_CACHE=str(tmp_path))) == [True, True]
    until, held = time.monotonic() + 300, False
    while not held and time.monotonic() < until:
        time.sleep(0.1)
        held = any(cache.holds(file.parent, "encode") for file in tmp_path.rglob("whole.json"))
    assert held
    assert finish(start(PAINT, BUPOSE_CACHE=str(tmp_path)))["compiled"] == 0


def test_nothing_is_begun_where_that_is_of_no_use(monkeypatch, tmp_path):
    kernels.load()
    script = "import json, sys\nfrom bupose import kernels\n{}\nprint(json.dumps(kernels.compile_apart()))"
    kept = {"BUPOSE_CACHE": str(kernels.cache.cache_home())}
    empty = {"BUPOSE_CACHE": str(tmp_path / "empty")}
    (tmp_path / "file").touch()
    for what, environment in (
        ("", kept),
        ("", empty | {"BUPOSE_KERNELS": "compiled"}),
        ("", empty | {"BUPOSE_KERNELS": "reference"}),
        ("sys.executable = '/opt/modeller'", empty),
        ("sys.executable = ''", empty),
        ("sys.executable = '/nowhere/python3'", empty),
        ("sys.modules['numba'] = None; kernels.find_spec = lambda name: None", empty),
    ):
        assert finish(start(script.format(what), **environment)) is False, (what, environment)
    assert not list(tmp_path.rglob("*.nb[ic]"))


def test_commands_and_load_begin_it_once_their_input_is_known(monkeypatch, tmp_path):
    begun = []
    monkeypatch.setattr(kernels, "compile_apart", lambda: begun.append("apart") or True)
    monkeypatch.setattr(kernels, "load_ahead", lambda: begun.append("ahead"))
    for wrong in (tmp_path / "no.jpg", tmp_path / "no.safetensors"):
        with pytest.raises(BuposeError):
            bupose.load(wrong) if wrong.suffix == ".safetensors" else infer(InferOptions(input=str(wrong)))
    assert begun == []
    Image.new("RGB", (96, 96)).save(tmp_path / "grey.png")
    options = InferOptions(input=str(tmp_path / "grey.png"), output=str(tmp_path / "out"), height=96)
    assert infer(options).pictures == 1
    assert begun == ["apart"]
    bupose.load(height=96)
    assert begun == ["apart", "apart"]
    monkeypatch.setattr(kernels, "compile_apart", lambda: False)
    infer(replace(options, overwrite=True))
    assert begun == ["apart", "apart", "ahead"]


def test_twins_serve_until_the_other_process_has_ended(another, monkeypatch):
    compiled = kernels.load()
    monkeypatch.setattr(kernels, "_warm", {})
    monkeypatch.setattr(kernels, "_apart", another)
    assert kernels.load() is reference
    assert kernels.load("encode") is not reference
    monkeypatch.setattr(kernels, "_warm", {})
    another.kill()
    another.wait()
    assert kernels.load() is compiled


def test_a_crowd_waits_for_the_compiled_ones(another, monkeypatch):
    rng = np.random.default_rng(3)
    codec = FieldCodec(skeletons.COCO17)
    few = codec.encode(Labels(rng.uniform(20, 230, (3, 17, 2)), np.full((3, 17), 2), skeletons.COCO17), (256, 256))
    heat = rng.uniform(0.2, 1, (17, 64, 64)).astype(np.float32)
    people = codec.decode(few)
    found = peaks.find_peaks(heat, 0.5)
    assert len(found) > peaks.CROWDED
    monkeypatch.setattr(kernels, "_warm", {})
    monkeypatch.setattr(kernels, "_apart", another)
    slowly = codec.decode(few)
    assert kernels._warm == {}
    np.testing.assert_allclose(slowly.xy, people.xy, atol=2e-3)
    np.testing.assert_allclose(slowly.score, people.score, atol=1e-4)
    np.testing.assert_allclose(peaks.find_peaks(heat, 0.5).xy, found.xy, atol=1e-4)
    assert "decode" in kernels._warm
