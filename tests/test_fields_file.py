"""Saved fields: what goes in comes out, foreign layouts are understood, and no broken file gets past."""

import json
import os
import zipfile

import numpy as np
import pytest

from bupose.errors import FieldsError, InputError, SkeletonError
from bupose.fields_file import FieldsFile, read_fields, write_fields
from bupose.maps import Grid
from bupose.methods.paf.fields import Fields
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17, COCO18, SKELETONS

FOX = Skeleton("fox", ["nose", "left_ear", "right_ear"], [["nose", "left_ear"], ["nose", "right_ear"]], [0.1, 0.2, 0.2])
ONE_SENTENCE = r"^[^\n]+$"


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


# --- round trip ---


def test_what_goes_in_comes_out(tmp_path):
    path = tmp_path / "fields.npz"
    fields = {name: some_fields(s, stride=2 + n, seed=n) for n, (name, s) in enumerate(SKELETONS.items())}
    fields["crowd/001"] = some_fields(FOX)
    fields["Straße 日本 'x'.jpg"] = some_fields(h=0, w=0)
    fields["dot."] = some_fields(COCO18, 1, 1)
    fields["dot."].heat[0], fields["dot."].paf[0] = np.nan, np.inf
    write_fields(path, fields)
    with FieldsFile(path) as file:
        assert len(file) == len(fields)
        assert file.names == tuple(fields)
        for (name, read, info), (wanted, written) in zip(file, fields.items(), strict=True):
            assert name == wanted
            assert name in file
            assert_equal(read, written)
            assert_equal(file[name][0], written)
            np.testing.assert_array_equal(info.pop("matrix"), [[1, 0, 0], [0, 1, 0]])
            assert info == {}
        assert "nobody" not in file
        with pytest.raises(FieldsError, match="no picture 'nobody'"):
            file["nobody"]
    assert [name for name, _, _ in read_fields(path)] == list(fields)


def test_info_is_kept(tmp_path):
    path = tmp_path / "fields.npz"
    matrix = np.array([[0.5, 0.1, 3], [-0.1, 0.5, 4]])
    info = {
        "file_name": "1.jpg",
        "image_width": np.int64(640),
        "image_height": 480,
        "matrix": matrix,
        "own": [None, "é"],
    }
    write_fields(path, {"a": some_fields(), "b": some_fields()}, info={"a": info})
    (_, _, first), (_, _, second) = read_fields(path)
    np.testing.assert_array_equal(first.pop("matrix"), matrix)
    assert first == {"file_name": "1.jpg", "image_width": 640, "image_height": 480, "own": [None, "é"]}
    assert list(second) == ["matrix"]
    write_fields(tmp_path / "again.npz", {"a": some_fields(), "b": some_fields()}, info={"a": info, "b": second})
    assert len(list(read_fields(tmp_path / "again.npz"))) == 2


def test_the_documented_layout(tmp_path):
    path = tmp_path / "fields.npz"
    write_fields(
        path, {"a/b": some_fields(COCO18), "c": some_fields(FOX, stride=4)}, info={"c": {"file_name": "c.png"}}
    )
    with np.load(path) as stored:
        assert set(stored) == {"a/b/heat", "a/b/paf", "c/heat", "c/paf", "meta"}
        assert stored["a/b/paf"].shape == (19, 2, 3, 4)
        assert stored["c/heat"].dtype == np.float32
        meta = json.loads(stored["meta"].tobytes())
    assert meta["a/b"] == {"skeleton": "coco18", "stride": 8, "method": "paf"}
    assert meta["c"] == {"skeleton": FOX.to_dict(), "stride": 4, "method": "paf", "file_name": "c.png"}


def test_a_skeleton_that_only_borrows_a_name_is_declared_in_full(tmp_path):
    impostor = Skeleton("coco18", FOX.joints, FOX.limbs)
    write_fields(tmp_path / "f.npz", {"a": some_fields(impostor)})
    ((_, fields, _),) = read_fields(tmp_path / "f.npz")
    assert fields.skeleton == impostor


def test_scaled_is_smaller_and_close(tmp_path):
    fields = some_fields(h=46, w=60)
    fields.heat[0, 0, :4] = [-0.5, 1.5, np.nan, np.inf]
    fields.paf[0, 0, 0, :4] = [-2, 2, np.nan, -np.inf]
    write_fields(tmp_path / "float.npz", {"a": fields})
    write_fields(tmp_path / "scaled.npz", {"a": fields}, scaled=True)
    assert os.path.getsize(tmp_path / "scaled.npz") < os.path.getsize(tmp_path / "float.npz") / 3
    with np.load(tmp_path / "scaled.npz") as stored:
        assert stored["a/heat"].dtype == np.uint8
        assert stored["a/paf"].dtype == np.int8
    ((_, read, _),) = read_fields(tmp_path / "scaled.npz")
    np.testing.assert_allclose(read.heat[0, 0, :4], [0, 1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(read.paf[0, 0, 0, :4], [-1.28, 1.27, 0, 0], atol=1e-6)
    np.testing.assert_allclose(read.heat[1:], fields.heat[1:], atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(read.paf[1:], fields.paf[1:], atol=0.5 / 100 + 1e-6)


def test_the_same_fields_give_the_same_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_fields(tmp_path / name, {"x": some_fields()})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_no_pictures(tmp_path):
    write_fields(tmp_path / "none.npz", {})
    with pytest.raises(FieldsError, match="no heat"):
        FieldsFile(tmp_path / "none.npz")


# --- foreign layouts ---


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_a_plain_file_in_openposes_order(tmp_path, dtype):
    rng = np.random.default_rng(0)
    heat, paf = rng.random((19, 3, 4)).astype(dtype), rng.normal(size=(38, 3, 4)).astype(dtype)
    np.savez(tmp_path / "photo.npz", heat=heat, paf=paf, notes=np.array("anything"))
    ((name, fields, info),) = read_fields(tmp_path / "photo.npz")
    assert name == "photo"
    assert_equal(fields, Fields.from_openpose(heat, paf))
    np.testing.assert_array_equal(info["matrix"], [[1, 0, 0], [0, 1, 0]])


def test_plain_files_by_argument(tmp_path):
    heat, paf = np.ones((25, 3, 4)), np.ones((52, 3, 4))
    np.savez_compressed(tmp_path / "b25.npz", heat=heat, paf=paf)
    ((_, fields, _),) = read_fields(tmp_path / "b25.npz", skeleton="body25", stride=4)
    assert_equal(fields, Fields.from_openpose(heat, paf, stride=4, skeleton="body25"))
    own = some_fields(FOX)
    np.savez(tmp_path / "own.npz", heat=own.heat, paf=own.paf)
    ((_, fields, _),) = read_fields(tmp_path / "own.npz", layout="bupose", skeleton=FOX)
    assert_equal(fields, own)
    with pytest.raises(FieldsError, match="OpenPose has no 'fox'"):
        list(read_fields(tmp_path / "own.npz", skeleton=FOX))
    with pytest.raises(FieldsError, match="layout"):
        FieldsFile(tmp_path / "own.npz", layout="caffe")
    with pytest.raises(SkeletonError):
        FieldsFile(tmp_path / "own.npz", skeleton="nope")


def test_arguments_do_not_override_what_the_file_says(tmp_path):
    fields = some_fields(COCO18, stride=4)
    write_fields(tmp_path / "f.npz", {"a": fields})
    ((_, read, _),) = read_fields(tmp_path / "f.npz", layout="openpose", skeleton="body25", stride=16)
    assert_equal(read, fields)


def test_scaled_integers_with_meta_and_scale(tmp_path):
    rng = np.random.default_rng(0)
    heat = rng.integers(0, 256, (18, 5, 6), np.uint8)
    paf = rng.integers(-128, 128, (38, 5, 6), np.int8)
    meta = {"785": {"scale": 0.8, "network_width": 48, "file_name": "785.jpg"}}
    np.savez_compressed(tmp_path / "f.npz", **{"785/heat": heat, "785/paf": paf, "meta": json_bytes(meta)})
    ((name, fields, info),) = read_fields(tmp_path / "f.npz")
    assert name == "785"
    np.testing.assert_allclose(fields.heat * 255, heat, atol=1e-4)
    neck_to_right_hip = COCO18.limb_names.index("neck-right_hip")  # OpenPose's channels 0 and 1
    np.testing.assert_allclose(fields.paf[neck_to_right_hip] * 100, paf[:2], atol=1e-4)
    x, y = np.array([10.0, 20.0]), np.array([3.0, 7.0])
    moved = info["matrix"] @ [x, y, np.ones(2)]
    np.testing.assert_allclose(moved, [(x + 0.5) * 0.8 - 0.5, (y + 0.5) * 0.8 - 0.5])
    assert info["network_width"] == 48


def test_many_pictures_without_meta(tmp_path):
    f = some_fields(COCO17)
    np.savez(tmp_path / "f.npz", **{"a/heat": f.heat, "a/paf": f.paf, "b/paf": f.paf, "b/heat": f.heat})
    read = list(read_fields(tmp_path / "f.npz", layout="bupose", skeleton="coco17"))
    assert [name for name, _, _ in read] == ["a", "b"]
    assert_equal(read[1][1], f)


def test_the_shared_networks_fields(shared):
    path = shared / "data" / "coco" / "fields_val.npz"
    with FieldsFile(path) as file, np.load(path) as stored:
        assert len(file) == 250
        meta = json.loads(stored["meta"].tobytes())
        for name in file.names[::25]:
            fields, info = file[name]
            np.testing.assert_array_equal(np.round(fields.heat * 255), stored[f"{name}/heat"])
            channels = fields.paf[
                [COCO18.limb_names.index("neck-nose"), COCO18.limb_names.index("left_shoulder-left_ear")]
            ]
            np.testing.assert_array_equal(
                np.round(channels * 100).reshape(4, *fields.heat.shape[1:]), stored[f"{name}/paf"][[28, 29, 26, 27]]
            )
            about = meta[name]
            corner = np.array([about["image_width"] - 0.5, about["image_height"] - 0.5, 1])
            np.testing.assert_allclose(
                info["matrix"] @ corner, [about["network_width"] - 0.5, about["network_height"] - 0.5], atol=0.6
            )
            width, height = fields.size
            assert 0 <= width - about["network_width"] < 32
            assert 0 <= height - about["network_height"] < 32


# --- lazily and whole ---


def test_pictures_are_read_only_when_asked_for(tmp_path):
    path = tmp_path / "f.npz"
    write_fields(path, {"good": some_fields(h=20, w=20), "bad": some_fields(h=20, w=20, seed=1)})
    with zipfile.ZipFile(path) as file:
        start = file.getinfo("bad/heat.npy").header_offset
    damaged = bytearray(path.read_bytes())
    damaged[start + 200 : start + 300] = bytes(100)
    path.write_bytes(damaged)
    with FieldsFile(path) as file:
        file["good"]
        with pytest.raises(InputError, match=r"'bad/heat\.npy' is damaged"):
            file["bad"]


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "f.npz"
    write_fields(path, {"a": some_fields()})
    before = path.read_bytes()

    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full_disk)
    with pytest.raises(InputError, match="No space left"):
        write_fields(path, {"b": some_fields()})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["f.npz"]


def test_replacing_a_file_leaves_its_readers_alone(tmp_path):
    path, old = tmp_path / "f.npz", some_fields()
    write_fields(path, {"a": old})
    with FieldsFile(path) as file:
        write_fields(path, {"a": some_fields(COCO18, 50, 50)})
        assert_equal(file["a"][0], old)


def test_a_written_file_has_ordinary_permissions(tmp_path):
    (tmp_path / "plain").touch()
    write_fields(tmp_path / "f.npz", {"a": some_fields()})
    assert (tmp_path / "f.npz").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_writing_nowhere(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=ONE_SENTENCE):
        write_fields(tmp_path / "folder", {"a": some_fields()})
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize("name", ["", "a\0b", "a\nb", "a\\b", "\ud800", "x" * 2000, 5, None])
def test_names_no_zip_file_can_hold(tmp_path, name):
    with pytest.raises(FieldsError, match=ONE_SENTENCE):
        write_fields(tmp_path / "f.npz", {name: some_fields()})


@pytest.mark.parametrize(
    "info",
    [
        {"b": {}},
        {"a": {"x": float("nan")}},
        {"a": {"x": object()}},
        {"a": {"x": {1, 2}}},
        {"a": {"matrix": np.eye(3)}},
        {"a": {"matrix": np.zeros((2, 3))}},
        {"a": {"matrix": np.full((2, 3), np.nan)}},
        {"a": {"matrix": "eye"}},
    ],
)
def test_info_that_cannot_be_kept_is_refused(tmp_path, info):
    with pytest.raises(FieldsError, match=ONE_SENTENCE):
        write_fields(tmp_path / "f.npz", {"a": some_fields()}, info=info)
    assert os.listdir(tmp_path) == []
