"""Which kernels run, where their compiled code is kept, and that workers started together do not trip over it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from bupose import kernels, skeletons
from bupose.kernels import cache, reference
from bupose.methods.paf import FieldCodec
from bupose.paths import cache_home
from bupose.people import Labels

TWINS = sorted(str(path) for path in Path(__file__).parent.glob("test_twins*.py"))

INNER = {
    "box_joints",
    "collect_evidence",
    "drop_joints",
    "find_overlong",
    "follow_field",
    "group_people",
    "heaviest_first",
    "match_greedy",
    "measure_people",
    "pair_joints",
    "project_line",
    "sample_field",
    "weigh_people",
}  # called by other kernels only, part of their code

# Decodes every kind of array that a caller may bring, by every kernel, and tells what came out of it.
DECODE = """
import json, sys
import numpy as np
from bupose import kernels, skeletons
from bupose.methods.paf import FieldCodec
from bupose.methods.paf.fields import Fields
from bupose.people import Labels

xy = np.random.default_rng(7).uniform(20, 230, (3, 17, 2))
labels = Labels(xy, np.full((3, 17), 2), skeletons.COCO17)
codec = FieldCodec(skeletons.COCO17)
wide = codec.encode(Labels(np.asfortranarray(xy), labels.visibility, labels.skeleton), (256, 256))
codec.encode(labels.flip(256), (256, 256))
codec.encode(labels[[2, 0]], (256, 200), ignore=np.zeros((200, 256), bool))
codec.encode(Labels.nobody(skeletons.COCO17), (256, 256))

def other(heat, paf):
    return Fields(heat, paf, wide.grid, wide.skeleton)

frozen = wide.heat.copy(), wide.paf.copy()
for array in frozen:
    array.setflags(write=False)
several = [
    wide,
    other(wide.heat.astype(np.float64), wide.paf.astype(np.float64)),
    other(np.asfortranarray(wide.heat), np.moveaxis(np.moveaxis(wide.paf, 1, -1).copy(), -1, 1)),
    other(*frozen),
    other(np.repeat(wide.heat, 2, 2)[:, :, ::2], np.repeat(wide.paf, 2, 3)[..., ::2]),
    other(np.where(wide.heat == 0, np.nan, wide.heat), wide.paf),
]
answers = [np.nan_to_num(people.xy).round(3).tolist() for people in codec.decode(several)]
assert all(answer == answers[0] for answer in answers)
for options in ({"matching": "greedy"}, {"prune_above": 0}, {"min_joints": 1, "smooth": 1}):
    codec.with_decoder(**options).decode(several)
codec.decode([other(0 * wide.heat, wide.paf), wide.flip(), other(wide.heat[:, :0], wide.paf[:, :, :0])])
kernels.load("tags")
kernels.load("centre")

module = kernels.load()
functions = {n: f for n, f in vars(module).items() if hasattr(f, "signatures") and not n.startswith("_")}
print(json.dumps({
    "people": answers[0],
    "kernels": kernels.name(),
    "signatures": {name: len(f.signatures) for name, f in functions.items()},
    "cache": module.find_peaks._cache.cache_path,
    "compiled": {name: sum(f.stats.cache_misses.values()) for name, f in functions.items()},
}))
"""


def start(script, **environment):
    set_here = ("NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT", "BUPOSE_CACHE", "BUPOSE_KERNELS")
    clean = {k: v for k, v in os.environ.items() if k not in set_here}
    command = [sys.executable, "-c", script]
    return subprocess.Popen(command, env=clean | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert not err
    return json.loads(out)


@pytest.fixture(scope="module")
def expected():
    """What the script finds, by this process."""
    xy = np.random.default_rng(7).uniform(20, 230, (3, 17, 2))
    codec = FieldCodec(skeletons.COCO17)
    people = codec.decode(codec.encode(Labels(xy, np.full((3, 17), 2), skeletons.COCO17), (256, 256)))
    assert len(people) >= 3
    return np.nan_to_num(people.xy)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """The answers of three processes started together on an empty cache, and its folder."""
    home = tmp_path_factory.mktemp("cache")
    patient = f"from bupose.kernels import cache; cache.PATIENCE = 600\n{DECODE}"  # whatever else the machine does
    processes = [start(patient, BUPOSE_CACHE=str(home)) for _ in range(3)]
    return [finish(p) for p in processes], home


def test_processes_started_together_on_an_empty_cache(answers, expected):
    several, home = answers
    for answer in several:
        np.testing.assert_allclose(answer["people"], expected, atol=2e-3)
        assert home / "numba" in Path(answer["cache"]).parents
    for name in several[0]["compiled"]:  # one compiled, the others waited and read
        assert sum(answer["compiled"][name] for answer in several) == 1, name


def test_every_kernel_is_compiled_for_one_kind_of_arrays(answers):
    for answer in answers[0]:
        counts = {name: count for name, count in answer["signatures"].items() if name not in INNER}
        assert len(counts) > 8
        assert set(counts.values()) == {1}, counts


def test_a_home_that_cannot_be_written_and_a_chosen_cache(answers, expected, tmp_path):
    (tmp_path / "file").write_text("")
    chosen = str(Path(answers[0][0]["cache"]).parent)
    answer = finish(start(DECODE, BUPOSE_CACHE=str(tmp_path / "file" / "home"), NUMBA_CACHE_DIR=chosen))
    np.testing.assert_allclose(answer["people"], expected, atol=2e-3)
    assert str(Path(answer["cache"]).parent) == chosen
    assert not any(answer["compiled"].values())
    assert not (answers[1] / "numba").with_name("home").exists()


@pytest.mark.parametrize("hindrance", ["a file in the way", "read-only"])
def test_a_cache_home_without_room_is_replaced(hindrance, tmp_path, monkeypatch):
    home = tmp_path / "home"
    if hindrance == "read-only":
        home.mkdir()
        home.chmod(0o500)
        if os.access(home, os.W_OK):
            pytest.skip("this user may write anywhere")
    else:
        home.write_text("")
    monkeypatch.setenv("BUPOSE_CACHE", str(home))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    folder = cache.cache_folder()
    assert Path(folder).parents[1] == tmp_path
    assert os.access(folder, os.W_OK)
    with cache.one_process_at_a_time():  # without a lock file, and without a complaint
        pass


def test_code_is_not_taken_from_another_users_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BUPOSE_CACHE", "/dev/null/home")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    mine = Path(cache.cache_folder())
    assert tmp_path in mine.parents
    monkeypatch.setattr(cache.os, "getuid", lambda: 12345, raising=False)
    (tmp_path / "bupose-numba-12345").mkdir()  # laid out beforehand by somebody else
    assert cache.cache_folder() == ""


def test_in_a_cache_of_many_users_each_has_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path))
    first, is_own = Path(cache.cache_folder()), cache._is_own
    assert first.parent == tmp_path / "numba"
    assert first.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(cache, "_is_own", lambda folder: folder != first and is_own(folder))
    assert cache.cache_folder() == f"{first}-{os.getuid()}"


@pytest.mark.parametrize(("given", "home"), [("", "~/.cache/bupose"), ("~/x", "~/x"), ("/y", "/y")])
def test_cache_home(given, home, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BUPOSE_CACHE", given)
    assert str(cache_home()) == home.replace("~", str(tmp_path))


PAINT = """
import json
import numpy as np
from bupose import kernels

k = kernels.load("encode")
xy = np.random.default_rng(7).uniform(0, 9, (3, 2, 2))
heat = k.paint_heat((9, 9), xy, np.ones((3, 2), bool), 1.0)
functions = [f for f in vars(k).values() if hasattr(f, "stats")]
compiled = sum(sum(f.stats.cache_misses.values()) for f in functions)
print(json.dumps({"heat": heat.tolist(), "compiled": compiled, "trouble": kernels.trouble}))
"""


@pytest.fixture(scope="module")
def painted():
    """What that paints, by the twin."""
    xy = np.random.default_rng(7).uniform(0, 9, (3, 2, 2))
    return reference.paint_heat((9, 9), xy, np.ones((3, 2), bool), 1.0)


def damage_each(file, n):
    """Something else for each file: cut at any length, other bytes in any place, or another file's content."""
    data = file.read_bytes()
    rng = np.random.default_rng(n)
    if n % 3 == 0:
        return data[: rng.integers(len(data))]
    if n % 3 == 1:
        return bytes(rng.integers(0, 256, len(data), np.uint8))
    place = rng.integers(len(data))
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_a_damaged_cache_is_compiled_anew(answers, painted, tmp_path):
    """Every file of it, and then none any more."""
    home = tmp_path / "home"
    shutil.copytree(answers[1], home)
    files = sorted(home.rglob("*.nb[ic]"))
    for n, file in enumerate(files):
        file.write_bytes(damage_each(file, n))
    assert sorted(cache.damaged(files[0].parent)) == files
    answer, again = (finish(start(PAINT, BUPOSE_CACHE=str(home))) for _ in range(2))
    for painting in (answer, again):
        np.testing.assert_allclose(painting["heat"], painted, atol=1e-5)
    assert [painting["compiled"] for painting in (answer, again)] == [2, 0]
    assert again["trouble"] == ""


@pytest.mark.parametrize("damage", ["", "[]", "{", "[" * 100_000, '{"x": 1}', '{"sums": [], "tasks": []}', None])
def test_a_damaged_list_of_the_cache_is_worth_no_trust(damage, tmp_path):
    (tmp_path / "a.nbi").write_bytes(b"x")
    assert not cache.holds(tmp_path, "tags")
    assert cache.seal(tmp_path, "tags") == ""
    assert cache.damaged(tmp_path) == []
    assert cache.holds(tmp_path, "tags")
    assert not cache.holds(tmp_path, "decode")
    (tmp_path / "b.nbi").write_bytes(b"y")
    assert cache.seal(tmp_path, "decode") == ""
    assert cache.holds(tmp_path, "tags")
    assert cache.holds(tmp_path, "decode")
    (tmp_path / "b.nbi").unlink()
    assert not cache.holds(tmp_path, "tags")
    assert cache.seal(tmp_path, "encode") == ""
    assert not cache.holds(tmp_path, "tags")  # whose kernels may be gone
    assert cache.holds(tmp_path, "encode")
    if damage is None:
        (tmp_path / "whole.json").unlink()
    else:
        (tmp_path / "whole.json").write_text(damage)
    assert cache.damaged(tmp_path) == [tmp_path / "a.nbi"]
    assert not cache.holds(tmp_path, "encode")
    (tmp_path / "a.nbc.tmp.0123").touch()
    cache.repair(tmp_path)
    assert [file.name for file in tmp_path.iterdir() if file.name != "whole.json"] == []


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("room", [0, 20_000])
def test_without_room_for_a_cache_kernels_run_all_the_same(room, painted, tmp_path):
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n{PAINT}"
    answer = finish(start(limited, BUPOSE_CACHE=str(tmp_path)))
    np.testing.assert_allclose(answer["heat"], painted, atol=1e-5)
    assert "File too large" in answer["trouble"]
    assert not list(tmp_path.rglob("*.nb[ic]*"))


def test_twins_agree_without_the_jit(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=short", *TWINS]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "BUPOSE_CACHE": str(tmp_path)}
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=300
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_reference_kernels_on_request(monkeypatch):
    monkeypatch.setenv("BUPOSE_KERNELS", "reference")
    assert kernels.name() == "reference"
    assert kernels.load("encode") is kernels.load("decode") is __import__("bupose.kernels.reference").kernels.reference


def test_reference_kernels_where_numba_is_missing(monkeypatch):
    monkeypatch.delenv("BUPOSE_KERNELS", raising=False)
    assert kernels.name() == "compiled"
    monkeypatch.setitem(sys.modules, "numba", None)
    assert kernels.name() == "reference"
