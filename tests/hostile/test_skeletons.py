"""Skeleton files: YAML that swells, runs or nests, and bodies that are none."""

import json
import os

import pytest

from bupose import skeletons
from bupose.errors import SkeletonError

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 12))
TWO = {"name": "x", "joints": ["a", "b"], "limbs": [["a", "b"]]}
TEXTS = {
    "laughs": LAUGHS,
    "merges": MERGES,
    "itself": "joints: &a [*a]",
    "python": "joints: !!python/object/apply:os.mkdir [sprung]",
    "python name": "joints: !!python/name:os.mkdir",
    "a tag": "joints: !own [a]",
    "deep": "[" * 50_000,
    "deep maps": "{a: " * 20_000,
    "deep blocks": "\n".join(" " * n + "-" for n in range(1200)),
    "two documents": "name: x\n---\nname: y",
    "not utf-8": b"\xff\xfe\x00",
    "control characters": "name: '\x01'",
    "tabs": "joints:\n\t- a",
    "a number": "5",
    "nothing": "",
    "null": "null",
    "an anchor of 100 kB": f"joints: &{'a' * 100_000} [x]",
    "a key of 100 kB": f"{'a' * 100_000}: x",
    "a list as a key": "? [a]\n: b",
    "2 MB": "# " + "x" * 2_000_000,
    "a date that is none": "name: 2001-99-99",
    "a number of 5000 digits": f"name: {'9' * 5000}",
}
BODIES = {
    "500 joints": {"joints": [f"j{n}" for n in range(500)], "limbs": [["j0", f"j{n}"] for n in range(1, 500)]},
    "a million limbs": {"limbs": [["a", "b"]] * 100_000},
    "no joint": {"joints": []},
    "a limb to itself": {"limbs": [["a", "a"]]},
    "a limb to nowhere": {"limbs": [["a", "c"]]},
    "a limb twice": {"limbs": [["a", "b"], ["b", "a"]]},
    "a limb of three": {"limbs": [["a", "b", "a"]]},
    "a limb of 1000": {"limbs": [["a"] * 1000]},
    "limbs by number": {"limbs": [[0, 1]]},
    "a joint twice": {"joints": ["a", "a"]},
    "no mirror": {"joints": ["a", "left_b"], "limbs": [["a", "left_b"]]},
    "apart": {"joints": ["a", "b", "c"]},
    "a name of two lines": {"joints": ["a\nb", "b"]},
    "a name a terminal obeys": {"joints": ["\x1b[2J", "b"]},
    "a name of 4000 letters": {"joints": ["x" * 4000, "b"]},
    "a name that is nothing": {"joints": ["", "b"]},
    "a name that is a list": {"joints": [["a"], "b"]},
    "a name that is a map": {"joints": [{"a": 1}, "b"]},
    "a name that is null": {"joints": [None, "b"]},
    "its own name": {"name": {"a": 1}},
    "its own name of two lines": {"name": "a\nb"},
    **{f"sigmas {value}": {"sigmas": [value, 0.1]} for value in (float("nan"), float("inf"), -1, 0, "x", [1], 1e-300)},
    "sigmas of another number": {"sigmas": [0.1]},
    "ten thousand sigmas": {"sigmas": [0.1] * 10_000},
    "derived of itself": {"derived": {"a": ["a"]}},
    "derived of nobody": {"derived": {"a": []}},
    "derived of strangers": {"derived": {"a": ["z"]}},
    "derived as a number": {"derived": 5},
    "joints as text": {"joints": "ab"},
    "joints as a map": {"joints": {"a": 1}},
    "limbs as a number": {"limbs": 5},
    "limbs null": {"limbs": None},
    "another key": {"_target_": "os.mkdir"},
}


@pytest.mark.parametrize("kind", TEXTS)
def test_yaml(hostile, kind, monkeypatch):
    monkeypatch.chdir(hostile.folder)
    path, text = hostile.folder / "s.yaml", TEXTS[kind]
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    hostile.refused(skeletons.get, path, kind=SkeletonError)
    assert os.listdir(hostile.folder) == ["s.yaml"]


@pytest.mark.parametrize("kind", BODIES)
def test_bodies(hostile, kind):
    path = hostile.folder / "s.json"
    path.write_text(json.dumps(TWO | BODIES[kind]))
    hostile.refused(skeletons.get, path, kind=SkeletonError)


@pytest.mark.parametrize("kind", ["missing", "a folder", "a FIFO", "/dev/zero", "a link to itself"])
def test_no_files(hostile, kind):
    path = hostile.folder / "s.yaml"
    make = {
        "missing": lambda: None,
        "a folder": path.mkdir,
        "a FIFO": lambda: os.mkfifo(path),
        "/dev/zero": lambda: path.symlink_to("/dev/zero"),
        "a link to itself": lambda: path.symlink_to(path),
    }
    make[kind]()
    hostile.refused(skeletons.get, path, kind=SkeletonError)


@pytest.mark.parametrize("kind", ["laughs", "python", "deep"])
def test_the_commands_refuse_them_as_well(hostile, kind):
    (hostile.folder / "s.yaml").write_text(TEXTS[kind])
    (hostile.folder / "f.npz").touch()
    hostile.judge(hostile.run("group", "input=f.npz", "skeleton=s.yaml", "output=out"), 2)
