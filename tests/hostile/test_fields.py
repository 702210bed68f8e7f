"""Saved fields that lie about themselves, through ``bupose group``."""

import io
import json
import zipfile

import numpy as np
import pytest

from bupose.fields_file import read_fields, write_fields
from bupose.maps import Grid
from bupose.methods.paf.fields import Fields
from bupose.skeletons import COCO17

HUGE, NAN, INF = 10**400, float("nan"), float("inf")
HEAT, PAF = np.zeros((18, 4, 5), np.float32), np.zeros((38, 4, 5), np.float32)
ODD = (None, True, -1, 0, HUGE, 1e308, NAN, INF, "x", "8", [], [[1, 2, 3], [4, 5, "x"]], [[[]]], {"a": 1}, 0.5, 1e-9)
FINE = {("stride", None), ("scale", 0.5), ("matrix", None), ("file_name", "x"), ("file_name", "8"),
        ("image_width", None), ("image_height", None), ("skeleton", None)}  # fmt: skip


def save(path, heat=HEAT, paf=PAF, name="a", **meta) -> None:
    text = json.dumps({name: meta}) if meta else None
    arrays = {f"{name}/heat": heat, f"{name}/paf": paf}
    np.savez(path, **arrays, **({} if text is None else {"meta": np.frombuffer(text.encode(), np.uint8)}))


def zipped(path, members: dict) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)


def npy(shape, kind="<f4", size=64) -> bytes:
    """An array's header, and less than it promises."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header = header.ljust(-(-(len(header) + 11) // 64) * 64 - 11) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(size)


@pytest.mark.parametrize("key", ["stride", "scale", "matrix", "file_name", "image_width", "image_height", "skeleton"])
@pytest.mark.parametrize("number", range(len(ODD)))
def test_what_meta_says(hostile, key, number):
    value = ODD[number]
    save(hostile.folder / "f.npz", **{"skeleton": "coco18", key: value})
    if any(key == k and type(value) is type(v) and value == v for k, v in FINE):
        assert len(list(read_fields(hostile.folder / "f.npz"))) == 1
    else:
        hostile.refused(lambda: list(read_fields(hostile.folder / "f.npz")), says="f.npz")


BOMBS = {
    "gigabytes of zeros": {"a/heat.npy": npy("(18, 10000, 10000)", size=200_000_000), "a/paf.npy": npy("(38, 4, 5)")},
    "a petabyte": {"a/heat.npy": npy("(18, 10000000, 10000000)"), "a/paf.npy": npy("(38, 4, 5)")},
    "beyond counting": {"a/heat.npy": npy("(18, 99999999999999999999, 9)"), "a/paf.npy": npy("(38, 4, 5)")},
    "a negative side": {"a/heat.npy": npy("(18, -4, -5)"), "a/paf.npy": npy("(38, 4, 5)")},
    "a shape that is code": {"a/heat.npy": npy("__import__('os').mkdir('sprung')"), "a/paf.npy": b""},
    "a deep shape": {"a/heat.npy": npy("(" * 500 + ")" * 500), "a/paf.npy": b""},
    "objects": {"a/heat.npy": npy("(18, 4, 5)", "|O"), "a/paf.npy": npy("(38, 4, 5)")},
    "dates": {"a/heat.npy": npy("(18, 4, 5)", "<M8[s]", 2880), "a/paf.npy": npy("(38, 4, 5)", size=3040)},
    "records": {"a/heat.npy": npy("(18, 4, 5)", "V4", 1440), "a/paf.npy": npy("(38, 4, 5)", size=3040)},
    "text": {"a/heat.npy": npy("(18, 4, 5)", "<U9", 20000), "a/paf.npy": npy("(38, 4, 5)", size=3040)},
    "no header": {"a/heat.npy": b"", "a/paf.npy": b""},
    "another version": {"a/heat.npy": b"\x93NUMPY\x09\x00" + bytes(100), "a/paf.npy": b""},
    "meta of gigabytes": {
        "a/heat.npy": npy("(18, 4, 5)", size=1440), "a/paf.npy": npy("(38, 4, 5)", size=3040),
        "meta.npy": npy("(100000000,)", "|u1", 100_000_000),
    },
    "meta without end": {
        "a/heat.npy": npy("(18, 4, 5)", size=1440), "a/paf.npy": npy("(38, 4, 5)", size=3040),
        "meta.npy": npy("(1000000000000,)", "|u1"),
    },
    "a name a terminal obeys": {"\x1b[2J/heat.npy": b"", "\x1b[2J/paf.npy": b""},
    "a name of two lines": {"a\nb/heat.npy": b"", "a\nb/paf.npy": b""},
    "a name of 5000 letters": {f"{'x' * 5000}/heat.npy": b"", f"{'x' * 5000}/paf.npy": b""},
    "nothing": {},
    "ten thousand others": {f"{n}.txt": b"" for n in range(10_000)},
}  # fmt: skip


@pytest.mark.parametrize("kind", BOMBS)
def test_what_it_unpacks_to(hostile, kind):
    zipped(hostile.folder / "f.npz", BOMBS[kind])
    hostile.judge(hostile.run("group", "input=f.npz", "output=out"), (1, 2), "f.npz")
    assert not (hostile.folder / "sprung").exists()


@pytest.mark.parametrize("name", ["../../up", "/etc/passwd", "..", "a/../../b", "x" * 900])
def test_names_that_lead_elsewhere(hostile, name):
    zipped(
        hostile.folder / "f.npz",
        {f"{name}/heat.npy": npy("(18, 4, 5)", size=1440), f"{name}/paf.npy": npy("(38, 4, 5)", size=3040)},
    )
    hostile.judge(hostile.run("group", "input=f.npz", "output=out"), (0, 1))
    assert {path.name for path in hostile.folder.iterdir()} <= {"f.npz", "out"}


def test_values_and_sizes(hostile):
    fields = {
        f"{h}x{w} of {value}": Fields(
            np.full((17, h, w), value), np.full((len(COCO17.limbs), 2, h, w), value), Grid(8), COCO17
        )
        for h, w in [(0, 0), (0, 5), (1, 1), (1, 5000)]
        for value in [0.0, NAN, INF, -INF, 1e30, 1.0]
    }
    write_fields(hostile.folder / "f.npz", fields)
    hostile.judge(hostile.run("group", "input=f.npz", "output=out"), 0, "24 pictures", "0 failed", inputs=24)


@pytest.mark.parametrize("kind", ["float16", "float64", "big-endian", "fortran"])
def test_odd_but_sound_arrays_are_read(hostile, kind):
    made = {
        "float16": HEAT.astype("f2"), "float64": HEAT.astype("f8"), "big-endian": HEAT.astype(">f4"),
        "fortran": np.asfortranarray(HEAT),
    }[kind]  # fmt: skip
    save(hostile.folder / "f.npz", heat=made)
    assert len(list(read_fields(hostile.folder / "f.npz"))) == 1


def test_a_stored_array_within_an_array(hostile):
    """A zip in a zip, and a pickle by another name."""
    inner = io.BytesIO()
    np.savez(inner, heat=HEAT, paf=PAF)
    zipped(hostile.folder / "f.npz", {"a/heat.npy": inner.getvalue(), "a/paf.npy": inner.getvalue()})
    hostile.judge(hostile.run("group", "input=f.npz", "output=out"), 1, "f.npz")
