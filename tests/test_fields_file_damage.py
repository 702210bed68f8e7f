"""Saved fields that are damaged, foreign or malicious: one sentence each, and nothing wrong gets past."""

import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bupose.errors import BuposeError, FieldsError, InputError
from bupose.fields_file import read_fields, write_fields
from bupose.maps import Grid
from bupose.methods.paf.fields import Fields
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO17

ONE_SENTENCE = r"^[^\n]+$"
FOX = Skeleton("fox", ["nose", "left_ear", "right_ear"], [["nose", "left_ear"], ["nose", "right_ear"]], [0.1, 0.2, 0.2])


def some_fields(skeleton=COCO17, h=3, w=4, seed=0, stride=8) -> Fields:
    rng = np.random.default_rng(seed)
    heat, paf = rng.random((len(skeleton.joints), h, w)), rng.uniform(-1, 1, (len(skeleton.limbs), 2, h, w))
    return Fields(heat, paf, Grid(stride), skeleton)


def assert_equal(a: Fields, b: Fields) -> None:
    np.testing.assert_array_equal(a.heat, b.heat)
    np.testing.assert_array_equal(a.paf, b.paf)
    assert (a.grid, a.skeleton) == (b.grid, b.skeleton)


def json_bytes(values) -> np.ndarray:
    return np.frombuffer(json.dumps(values).encode(), np.uint8)


def test_files_that_are_none(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "text.npz").write_text("not a zip")
    (tmp_path / "empty.npz").touch()
    np.save(tmp_path / "array.npy", np.zeros(3))
    for name in ("missing.npz", "folder.npz", "text.npz", "empty.npz", "array.npy"):
        with pytest.raises(InputError, match=ONE_SENTENCE) as refusal:
            list(read_fields(tmp_path / name))
        assert name in str(refusal.value)


HEAT, PAF = np.zeros((18, 2, 2)), np.zeros((38, 2, 2))
PAIR = {"a/heat": HEAT, "a/paf": PAF}
BAD_CONTENT = {
    "nothing of ours": ({"x": HEAT}, "no heat"),
    "heat alone": ({"heat": HEAT}, "no heat and paf"),
    "paf missing": ({**PAIR, "b/heat": HEAT}, "'b': it has only"),
    "heat missing": ({**PAIR, "b/paf": PAF}, "'b': it has only"),
    "meta of one more": ({**PAIR, "meta": json_bytes({"a": {}, "b": {}})}, "disagree about 'b'"),
    "meta of one less": ({**PAIR, "meta": json_bytes({})}, "disagree about 'a'"),
    "meta not json": ({**PAIR, "meta": np.frombuffer(b"{'a': 1}", np.uint8)}, "not JSON"),
    "meta not utf8": ({**PAIR, "meta": np.frombuffer(b"\xff\xfe\xfd", np.uint8)}, "not JSON"),
    "meta too deep": ({**PAIR, "meta": np.frombuffer(b"[" * 200_000, np.uint8)}, "not JSON"),
    "meta a list": ({**PAIR, "meta": json_bytes([{}])}, "object of objects"),
    "meta flat": ({**PAIR, "meta": json_bytes({"a": 3})}, "object of objects"),
    "meta as text": ({**PAIR, "meta": np.array("{}")}, "uint8"),
    "objects": ({"a/heat": HEAT.astype(object), "a/paf": PAF}, "never loaded"),
    "meta of objects": ({**PAIR, "meta": np.array({"a": {}}, dtype=object)}, "never loaded"),
    "integers": ({"a/heat": HEAT.astype(np.int32), "a/paf": PAF}, "int32"),
    "integers exchanged": ({"a/heat": HEAT.astype(np.int8), "a/paf": PAF.astype(np.uint8)}, "int8"),
    "complex": ({"a/heat": HEAT, "a/paf": PAF.astype(complex)}, "complex128"),
    "text": ({"a/heat": HEAT.astype(str), "a/paf": PAF}, "<U"),
    "records": ({"a/heat": np.zeros(3, "f4,i4"), "a/paf": PAF}, "save floats"),
    "another network": ({"a/heat": HEAT[:15], "a/paf": PAF}, "(15, 2, 2)"),
    "other cells": ({"a/heat": HEAT[:, :1], "a/paf": PAF}, "need (19, 2, 1, 2)"),
    **{
        f"meta {entry}": ({**PAIR, "meta": json_bytes({"a": entry})}, expected)
        for entry, expected in [
            ({"skeleton": "nope"}, "nope"),
            ({"skeleton": "body25"}, "body25"),
            ({"skeleton": "/etc/own.yaml"}, "not built in"),
            ({"skeleton": 5}, "not built in"),
            ({"skeleton": ["coco18"]}, "not built in"),
            ({"skeleton": {"name": "x"}}, "joints"),
            ({"stride": 0}, "stride"),
            ({"stride": "8"}, "stride"),
            ({"scale": 0}, "scale"),
            ({"scale": "1"}, "scale"),
            ({"scale": float("nan")}, "scale"),
            ({"matrix": [[1, 0], [0, 1]]}, "matrix"),
            ({"matrix": [[1, 0, 0], [1, 0, 0]]}, "matrix"),
            ({"matrix": [[1, 0, float("inf")], [0, 1, 0]]}, "matrix"),
            ({"matrix": {"a": 1}}, "matrix"),
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_CONTENT)
def test_bad_content_gets_one_sentence(tmp_path, kind):
    arrays, expected = BAD_CONTENT[kind]
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(FieldsError, match=ONE_SENTENCE) as refusal:
        list(read_fields(tmp_path / "bad.npz"))
    assert expected in str(refusal.value)
    assert "bad.npz" in str(refusal.value)


class Touches:
    """Creates a file when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_pickles_are_never_run(tmp_path):
    trap = np.empty(1, object)
    trap[0] = Touches(tmp_path / "sprung")
    for arrays in ({"heat": trap, "paf": trap}, {**PAIR, "meta": trap}):
        np.savez(tmp_path / "trap.npz", **arrays)
        with pytest.raises(FieldsError, match="never loaded"):
            list(read_fields(tmp_path / "trap.npz"))
    assert not (tmp_path / "sprung").exists()


def test_a_header_that_promises_too_much(tmp_path):
    for shape in ("(18, 1000000, 1000000)", "(18, 99999999999999999999)", "(-1, 2, 2)", "(18, 2"):
        header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
        with zipfile.ZipFile(tmp_path / "bomb.npz", "w") as file:
            file.writestr("heat.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(576))
            file.writestr("paf.npy", b"")
        with pytest.raises(BuposeError, match=ONE_SENTENCE):
            list(read_fields(tmp_path / "bomb.npz"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> tuple[bytes, list]:
    path = tmp_path_factory.mktemp("sound") / "f.npz"
    fields = {"a": some_fields(FOX, 2, 2), "b": some_fields(FOX, 2, 2, seed=1)}
    write_fields(path, fields, info={"a": {"scale": 0.5}})
    return path.read_bytes(), list(fields.items())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.data())
def test_damage_is_noticed(sound, tmp_path, data):
    """Whatever byte is lost or changed: what is read is right, or it is refused in one sentence."""
    content, written = sound
    if data.draw(st.booleans(), "cut"):
        damaged = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        at = data.draw(st.integers(0, len(content) - 1))
        damaged = bytearray(content)
        damaged[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "damaged.npz"
    path.write_bytes(damaged)
    try:
        read = [(name, fields) for name, fields, _ in read_fields(path)]
    except BuposeError as problem:
        refusal = str(problem)
    else:
        refusal = ""
        for (_, fields), (_, wanted) in zip(read, written, strict=True):
            assert_equal(fields, wanted)
    assert "\n" not in refusal


def test_a_foreign_zip_with_a_wrong_checksum_is_damaged(tmp_path):
    path = tmp_path / "f.npz"
    np.savez(path, heat=HEAT, paf=PAF)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        check = file.getinfo("heat.npy").CRC
    assert content.count(check.to_bytes(4, "little")) == 2
    path.write_bytes(content.replace(check.to_bytes(4, "little"), (check ^ 1).to_bytes(4, "little")))
    with pytest.raises(InputError, match="damaged"):
        list(read_fields(path))


def test_body25_channels_are_not_taken_for_coco18(tmp_path):
    np.savez(tmp_path / "f.npz", heat=np.zeros((len(BODY25.joints), 2, 2)), paf=np.zeros((52, 2, 2)))
    with pytest.raises(FieldsError, match="coco18"):
        list(read_fields(tmp_path / "f.npz"))
