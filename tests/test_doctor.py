"""Whatever can be wrong is said in one sentence, and everything else is still looked at."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from numba.core.caching import _CacheLocator

from bupose import cli, kernels, machine, requirements, weights
from bupose.diagnose import doctor, selftest
from bupose.geometry import translate
from bupose.kernels import cache
from bupose.methods.paf import FieldCodec
from bupose.nn import NetworkConfig, PoseNet
from bupose.people import People
from bupose.requirements import Requirement
from bupose.skeletons import COCO18

PYTHON = f"{sys.version_info[0]}{sys.version_info[1]}"
SOURCE = str(Path(kernels.__file__).parent / "compiled" / "peaks.py")
NETWORK_OPTIONS = {"width": 0.25, "channels": 32, "last": False}


@pytest.fixture
def network(tmp_path, monkeypatch):
    """A network that sees nobody, in the place of that which comes with bupose."""
    net = PoseNet(NetworkConfig(COCO18, "mobilenet_v2", "plain", NETWORK_OPTIONS, preprocess={"height": 64}))
    for values in net.parameters():
        values.data.zero_()
    path = weights.save(net, tmp_path / "secret user" / "default.safetensors")
    monkeypatch.setattr(weights, "DEFAULT", path)
    return path


def only(monkeypatch, *sections):
    """Look at some sections alone."""
    monkeypatch.setattr(doctor, "SECTIONS", {name: doctor.SECTIONS[name] for name in sections})


def wrong(section, name):
    """The sentence that a line of a section gets, "" where all is well."""
    (sentence,) = [(*finding, "")[2] for finding in doctor.SECTIONS[section]() if finding[0] == name]
    assert "\n" not in sentence
    return sentence


def test_a_machine_where_all_is_well(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path))
    only(monkeypatch, "versions", "extras", "machine", "kernels")
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert said.endswith("\n\nok: everything works\n")
    lines = said.splitlines()
    assert lines[0] == "versions"
    assert all(line[16] == " " != line[17] for line in lines if line.startswith("  "))  # aligned
    assert f"  torch          {torch.__version__}" in lines


def test_for_a_report(monkeypatch, capsys, tmp_path, network):
    """JSON with everything, and no path but that of the cache, the home folder left out."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path / "kept"))
    network.write_bytes(b"")
    only(monkeypatch, "versions", "extras", "machine", "kernels", "network")
    assert cli.main(["doctor", "--json"]) == 1
    said = capsys.readouterr().out
    report = json.loads(said)
    assert report["ok"] is False
    assert list(report["problems"]) == ["network: file"]
    assert report["versions"]["numpy"] == np.__version__
    assert report["kernels"]["cache"].startswith(str(Path("~") / "kept"))
    assert str(tmp_path) not in said
    assert str(Path(doctor.__file__).parents[1]) not in said


# --- versions and extras ---


@pytest.fixture
def installed(monkeypatch):
    """Set what pip says is installed: name=version, None for what is not."""

    def install(**versions):
        known = requirements.metadata.version

        def version(name):
            if versions.get(name, "") is None:
                raise requirements.metadata.PackageNotFoundError(name)
            return versions.get(name) or known(name)

        monkeypatch.setattr(requirements.metadata, "version", version)

    return install


def test_a_library_that_is_too_old(installed, monkeypatch, capsys):
    installed(torch="1.13.1")
    only(monkeypatch, "versions")
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "! torch          1.13.1" in said
    assert "torch: 1.13.1 does not do, >=2.4 is needed; pip install" in said
    assert "ok:" not in said


def test_a_library_that_is_not_there(installed):
    installed(scipy=None)
    assert "scipy is not installed; pip install" in wrong("versions", "scipy")
    assert wrong("versions", "numpy") == ""


def test_a_library_that_cannot_be_loaded(monkeypatch):
    def load(name):
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file:\n No such file")

    monkeypatch.setattr(doctor, "import_module", load)
    assert "libGL.so.1: cannot open shared object file: No such file" in wrong("versions", "opencv-python")


def test_extras_may_be_missing_but_not_too_old(monkeypatch, installed):
    installed(lightning="2.0", tensorboard=None)
    asked = [Requirement("lightning", ">=2.5", "train"), Requirement("tensorboard", "", "train")]
    monkeypatch.setattr(doctor, "read_requirements", lambda: asked)
    ((extra, parts, sentence),) = doctor.look_at_extras()
    assert (extra, parts) == ("train", "lightning 2.0, tensorboard missing")
    assert sentence.startswith("lightning 2.0 does not do, >=2.5 is needed; pip install")


# --- machine ---


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", 16), ("250000 100000", 3), ("50000 100000", 1), (None, 16)]
)
def test_cores_of_a_container(quota, cores, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    monkeypatch.setattr(machine, "QUOTA", tmp_path / "cpu.max")
    if quota:
        (tmp_path / "cpu.max").write_text(quota + "\n")
    assert machine.count_cores() == cores


def test_more_threads_than_cores(monkeypatch):
    monkeypatch.setattr(doctor, "count_cores", lambda: 2)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    assert "64 threads on 2 cores" in wrong("machine", "threads")
    assert "OMP_NUM_THREADS=2" in wrong("machine", "threads")


def test_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda n: ((n + 1) * 2**30, 24 * 2**30))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda n: f"Board {n}")
    found = dict(line[:2] for line in doctor.look_at_machine())
    assert found["cuda:1"] == "Board 1, 2.0 of 24.0 GiB free"
    assert "GPU" not in found


def test_a_torch_that_is_blind_for_the_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert "built without CUDA" in dict(line[:2] for line in doctor.look_at_machine())["GPU"]


# --- kernels ---


def test_a_cold_and_a_warm_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path))
    assert "cold" in dict(line[:2] for line in doctor.look_at_kernels())["cache"]
    kept = tmp_path / "numba" / Path(cache.cache_folder()).name / _CacheLocator.get_suitable_cache_subpath(SOURCE)
    kept.mkdir(parents=True)
    (kept.parent / f"compiled_0123/peaks.find_peaks-1.py{PYTHON}.1.nbi").parent.mkdir()
    (kept.parent / f"compiled_0123/peaks.find_peaks-1.py{PYTHON}.1.nbi").touch()  # of another bupose
    (kept / "peaks.find_peaks-1.py27.nbi").touch()  # of another Python
    monkeypatch.setattr(cache.sys, "version", "2.7")
    assert cache.seal(kept, "decode") == ""
    monkeypatch.undo()
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path))
    assert "cold" in dict(line[:2] for line in doctor.look_at_kernels())["cache"]
    (kept / f"peaks.find_peaks-1.py{PYTHON}.1.nbi").touch()
    assert "(damaged: the next use compiles anew)" in dict(line[:2] for line in doctor.look_at_kernels())["cache"]
    assert cache.seal(kept, "encode") == ""
    assert "cold" in dict(line[:2] for line in doctor.look_at_kernels())["cache"]
    assert cache.seal(kept, "decode") == ""
    assert "(warm)" in dict(line[:2] for line in doctor.look_at_kernels())["cache"]
    with cache.one_process_at_a_time():
        assert "(some process is compiling)" in dict(line[:2] for line in doctor.look_at_kernels())["cache"]
    assert "(warm)" in dict(line[:2] for line in doctor.look_at_kernels())["cache"]


def test_a_cache_that_cannot_be_written(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path / "file" / "cache"))
    only(monkeypatch, "kernels")
    assert cli.main(["doctor"]) == 1
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith("wrong: cache: compiled kernels cannot be kept in ")
    assert "set BUPOSE_CACHE" in told
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    assert cli.main(["doctor"]) == 1
    assert "! cache          none" in capsys.readouterr().out


def test_kernels_that_could_not_be_kept(monkeypatch):
    monkeypatch.setattr(kernels, "trouble", "No space left on device")
    monkeypatch.setattr(selftest, "group_drawn_people", lambda: iter(()))
    monkeypatch.setattr(selftest, "run_network", lambda: iter(()))
    assert "No space left on device; make room" in wrong("self-test", "kernels")


# --- network ---


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.unlink(), "is not there"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "is truncated"),
        (lambda path: path.write_bytes(b"<html>not found"), "is not a safetensors file"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b'mobilenet_v2', b'mobilenet_v9')), "cannot build"),
    ],
)  # fmt: skip
def test_a_damaged_network(network, damage, says, monkeypatch, capsys):
    damage(network)
    only(monkeypatch, "network", "self-test")
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().out
    told = said.splitlines()[-1]
    assert told.startswith("wrong: file: ")
    assert says in told
    assert "pip install" in told
    assert str(network.parent) not in said
    assert "not run, see above" in said


def test_a_whole_network(network):
    found = dict(line[:2] for line in doctor.look_at_network())
    assert found["built of"] == "mobilenet_v2 and plain, stride 8"
    assert found["skeleton"] == "coco18: 18 joints, 19 limbs"
    assert wrong("network", "file") == ""


# --- self-test ---


def test_the_self_test_times_each_step(network):
    found = {line[0]: line[1:] for line in doctor.look_at_work()}
    assert found["drawn people"][:2] == ("5 of 5 found", "")
    for step in ("read", "preprocess", "network", "grouping"):
        assert f"{step} " in found["a photo"][0]
    assert "does not find" in found["network"][1]  # this one finds nobody


@pytest.mark.parametrize("spoil", [lambda p: p[:4], lambda p: p[:0], lambda p: p.transform(translate(9, 0))])
def test_a_grouping_that_does_not_work(spoil, monkeypatch):
    decode = FieldCodec.decode
    monkeypatch.setattr(FieldCodec, "decode", lambda self, fields: spoil(decode(self, fields)))
    (_, value, sentence), *_ = selftest.group_drawn_people()
    assert value != "5 of 5 found"
    assert "delete the cache of kernels" in sentence


@pytest.mark.parametrize(
    ("nose", "there"), [((276, 232), True), ((290, 250), True), ((60, 80), False), ((np.nan,) * 2, False)]
)
def test_the_portrait(nose, there):
    xy = np.full((1, 18, 2), np.nan, np.float32)
    xy[0, 1:4], xy[0, 0] = 100, nose
    people = People(xy, np.isfinite(xy[..., 0]) * np.float32(0.5), np.float32([0.5]), COCO18)
    assert selftest.is_at_nose(people) is there
    assert not selftest.is_at_nose(people[:0])


# --- whatever else ---


def test_what_nobody_thought_of(monkeypatch, capsys):
    def look():
        yield "first", "fine"
        raise RuntimeError("the disk\nis on fire")

    monkeypatch.setattr(doctor, "SECTIONS", {"cellar": look, "versions": doctor.look_at_versions})
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "  first          fine" in said
    assert "RuntimeError: the disk is on fire" in said.splitlines()[-1]
    assert "numpy" in said


def test_without_torch():
    """The doctor's own modules load, say so, and name no other fault than those that follow."""
    code = "import sys; sys.modules['torch'] = None; from bupose.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, "doctor", "--json"], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    problems = json.loads(done.stdout)["problems"]
    assert "cannot be loaded" in problems["versions: torch"]
    assert "versions: numpy" not in problems
