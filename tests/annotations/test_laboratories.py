"""Labels of DeepLabCut and SLEAP, as their files are laid out."""

import json

import cv2
import h5py
import numpy as np
import pandas as pd
import pytest
import yaml

from bupose import cli
from bupose.annotations import read
from bupose.data import open_samples
from bupose.errors import InputError, LabelsError

PARTS = ["snout", "leftear", "rightear", "tailbase"]


def write_project(folder, several=True, index="three", suffix="csv", **config):
    """A project of two videos; in the first, the second animal is out of the picture in the second frame."""
    rng = np.random.default_rng(0)
    labels = {}
    for video in ("a", "b"):
        names = [f"img{n:03d}.png" for n in (3, 8)]
        animals = ["m1", "m2"] if several else [""]
        columns = [("me", one, part, c) for one in animals for part in PARTS for c in "xy"]
        columns += [("me", "single", "corner", c) for c in "xy"] if several else []
        values = rng.uniform(5, 90, (2, len(columns))).round(2)
        values[1, 8:16] = np.nan
        values[0, 2:4] = np.nan
        levels = ["scorer", "individuals", "bodyparts", "coords"]
        where = pd.MultiIndex.from_tuples(columns, names=levels)
        where = where if several else where.droplevel("individuals")
        rows = [("labeled-data", video, name) for name in names]
        rows = pd.MultiIndex.from_tuples(rows) if index == "three" else ["\\".join(row) for row in rows]
        table = pd.DataFrame(values, index=rows, columns=where)
        home = folder / "labeled-data" / video
        home.mkdir(parents=True)
        path = home / f"CollectedData_me.{suffix}"
        table.to_csv(path) if suffix == "csv" else table.to_hdf(path, key="df_with_missing", mode="w")
        for name, row in zip(names, values, strict=True):
            cv2.imwrite(str(home / name), np.full((100, 120, 3), 90, np.uint8))
            labels[f"labeled-data/{video}/{name}"] = row
    told = {"scorer": "me", "multianimalproject": several, "identity": None, "project_path": "/gone"}
    told |= {"bodyparts": "MULTI!" if several else PARTS, "multianimalbodyparts": PARTS}
    told |= {"uniquebodyparts": ["corner"] if several else [], "individuals": ["m1", "m2"]}
    told |= {"skeleton": [["snout", "leftear"], ["snout", "tailbase"], ["nothing", "snout"]]} | config
    (folder / "config.yaml").write_text(yaml.safe_dump(told))
    return labels


@pytest.mark.parametrize("given", ["", "config.yaml", "labeled-data/a/CollectedData_me.csv"])
def test_a_project_by_folder_config_or_table(tmp_path, given):
    labels = write_project(tmp_path)
    found = read(tmp_path / given)
    assert found.kind == "dlc"
    assert found.joints == ("snout", "left_ear", "right_ear", "tailbase")
    skeleton, _ = found.skeleton()
    assert set(skeleton.limbs) == {("snout", "left_ear"), ("snout", "right_ear"), ("snout", "tailbase")}
    assert skeleton.file_names == tuple(PARTS)
    assert [i["file_name"] for i in found.images] == list(labels)[: len(found.images)]
    assert len(found.images) == (2 if given.endswith("csv") else 4)
    assert found.row.tolist() == [0, 0, 1, 2, 2, 3][: 3 if given.endswith("csv") else 6]
    row = labels["labeled-data/a/img003.png"]
    np.testing.assert_allclose(found.table.xy[0][[0, 2, 3]], row[:8].reshape(4, 2)[[0, 2, 3]])
    assert found.table.visibility[0].tolist() == [2, 0, 2, 2]
    np.testing.assert_allclose(found.table.xy[1], row[8:16].reshape(4, 2))
    assert found.track_ids is None
    assert (found.table.area > 0).all()


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("suffix", ["csv", "h5"])
def test_all_forms_of_a_project(tmp_path, several, suffix):
    labels = write_project(tmp_path, several, "one" if several else "three", suffix, identity=True)
    samples = open_samples("dlc", {"annotations": str(tmp_path)})
    assert len(samples) == 4
    for n, row in enumerate(labels.values()):
        sample = samples[n]
        assert sample.image.shape == (100, 120, 3)
        mine = row[: 8 * (1 + several)].reshape(-1, 4, 2)
        mine = mine[~np.isnan(mine).all((1, 2))]
        np.testing.assert_allclose(
            np.where(sample.labels.present[..., None], sample.labels.xy, np.nan), mine, rtol=1e-6
        )
    assert read(tmp_path).track_ids.tolist() == ([0, 1, 0, 0, 1, 0] if several else [0, 0, 0, 0])


def test_bodyparts_that_exist_once_are_a_category(tmp_path):
    write_project(tmp_path)
    found = read(tmp_path, category="single")
    assert found.joints == ("corner",)
    assert len(found.row) == 4


def test_projects_without_use(tmp_path):
    (tmp_path / "config.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"config.yaml. is not a YAML file"):
        read(tmp_path / "config.yaml")
    (tmp_path / "config.yaml").write_text("bodyparts: [a, b]")
    with pytest.raises(InputError, match="no labels"):
        read(tmp_path / "config.yaml")
    (tmp_path / "again").mkdir()
    write_project(tmp_path / "again", multianimalbodyparts=["x", "y"], uniquebodyparts=[])
    with pytest.raises(LabelsError, match="none of the bodyparts"):
        read(tmp_path / "again")


@pytest.mark.parametrize("damage", ["", "scorer,me\nbodyparts,snout\ncoords,x\nlabeled-data/a/img003.png,oops\n"])
def test_a_damaged_table_costs_no_other(tmp_path, capsys, damage):
    write_project(tmp_path)
    (tmp_path / "labeled-data" / "a" / "CollectedData_me.csv").write_text(damage)
    found = read(tmp_path)
    assert [image["file_name"] for image in found.images] == [f"labeled-data/b/img{n:03d}.png" for n in (3, 8)]
    arguments = ["data=dlc", f"data.annotations={tmp_path}", f"output={tmp_path / 'check'}"]
    assert cli.main(["check-data", *arguments]) == 1
    assert "2 pictures" in (told := "".join(capsys.readouterr()))
    assert "labeled-data/a/CollectedData_me.csv" in told
    assert "labeled-data/a/CollectedData_me.csv" in (tmp_path / "check" / "defects.txt").read_text(encoding="utf-8")
    (tmp_path / "labeled-data" / "b" / "CollectedData_me.csv").write_text(damage)
    with pytest.raises(InputError, match=r"labeled-data/a/CollectedData_me\.csv"):
        read(tmp_path)


# --- SLEAP ---


def write_slp(path, *, version=1.2, video="clip.mp4", embedded=None, channels="RGB"):
    """Two labelled frames, one with a prediction beside its label, and one with predictions alone."""
    nodes = ["head", "thorax", "wing A", "wing B"]
    body = {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [1]}]}
    pair = {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [2]}]}
    links = [
        {"source": 0, "target": 2, "type": body},
        {"source": 2, "target": 1, "type": {"py/id": 1}},
        {"source": 2, "target": 3, "type": {"py/id": 1}},
        {"source": 2, "target": 3, "type": pair},
    ]
    order = [0, 2, 1, 3]  # the skeleton's nodes among all: head, wing A, thorax, wing B
    metadata = {
        "nodes": [{"name": name} for name in nodes],
        "skeletons": [{"nodes": [{"id": n} for n in order], "links": links}],
    }
    instance = [
        ("instance_id", "i8"), ("instance_type", "u1"), ("frame_id", "u8"), ("skeleton", "u4"), ("track", "i4"),
        ("from_predicted", "i8"), ("score", "f4"), ("point_id_start", "u8"), ("point_id_end", "u8"),
        ("tracking_score", "f4"),
    ]  # fmt: skip
    frame = [
        ("frame_id", "u8"),
        ("video", "u4"),
        ("frame_idx", "u8"),
        ("instance_id_start", "u8"),
        ("instance_id_end", "u8"),
    ]
    rng = np.random.default_rng(0)
    xy = rng.uniform(10, 60, (5, 4, 2))
    kinds, frames = [0, 0, 1, 0, 1], [0, 0, 0, 1, 2]
    points = np.zeros(12, [("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?")])
    predicted = np.zeros(8, [*points.dtype.descr, ("score", "f8")])
    rows, start = [], [0, 0]
    for n, (kind, of) in enumerate(zip(kinds, frames, strict=True)):
        table, first = (points, predicted)[kind], start[kind]
        table["x"][first : first + 4], table["y"][first : first + 4] = xy[n].T
        table["visible"][first : first + 4] = True
        rows.append((n, kind, of, 0, n % 2, -1, 0.5, first, first + 4, 0))
        start[kind] += 4
    predicted["score"] = 0.75
    points["x"][1] = np.nan
    points["visible"][6] = False
    with h5py.File(path, "w") as file:
        group = file.create_group("metadata")
        group.attrs["format_id"], group.attrs["json"] = version, np.bytes_(json.dumps(metadata))
        file["instances"], file["points"], file["pred_points"] = np.array(rows, instance), points, predicted
        file["frames"] = np.array([(0, 0, 2, 0, 3), (1, 0, 5, 3, 4), (2, 0, 7, 4, 5)], frame)
        backend = {"filename": "." if embedded is not None else f"/gone/{video}", "dataset": "video0/video"}
        told = {"backend": backend if embedded is not None else {"filename": f"/gone/{video}"}}
        file["videos_json"] = [np.bytes_(json.dumps(told))]
        file["tracks_json"] = [np.bytes_(json.dumps([0, name])) for name in ("one", "two")]
        if embedded is not None:
            kind = h5py.special_dtype(vlen=np.dtype("int8"))
            pictures = file.create_dataset("video0/video", (2,), dtype=kind)
            for n, image in enumerate(embedded):
                pictures[n] = np.frombuffer(cv2.imencode(".png", image[..., ::-1])[1].tobytes(), np.int8)
            pictures.attrs["format"] = "png"
            if channels:
                pictures.attrs["channel_order"] = channels
            file["video0/frame_numbers"] = [2, 5]
    return xy


@pytest.mark.parametrize("version", [1.0, 1.2])
def test_labels_of_sleap(tmp_path, version):
    xy = write_slp(tmp_path / "a.slp", version=version) - 0.5 * (version < 1.1)
    found = read(tmp_path / "a.slp")
    assert found.joints == ("head", "left_wing_a", "thorax", "right_wing_a")
    assert len(found.images) == 2
    assert found.row.tolist() == [0, 0, 1]
    assert found.track_ids.tolist() == [0, 1, 1]
    assert found.table.visibility.tolist() == [[2, 0, 2, 2], [2, 2, 0, 2], [2, 2, 2, 2]]
    for n, mine in enumerate(xy[[0, 1, 3]]):
        seen = found.table.visibility[n] > 0
        np.testing.assert_allclose(found.table.xy[n][seen], mine[seen])


@pytest.mark.parametrize(("channels", "version"), [("RGB", 1.4), ("BGR", 1.4), (None, 1.2), (None, 1.4)])
def test_pictures_inside_the_file(tmp_path, monkeypatch, channels, version):
    """Before format 1.4 pictures were encoded as if blue were red, which sleap-io undoes, too."""
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path / "cache"))
    images = np.random.default_rng(1).integers(0, 255, (2, 64, 72, 3), np.uint8)
    swapped = channels == "BGR" or version < 1.4
    encoded = images[..., ::-1] if swapped else images
    write_slp(tmp_path / "a.pkg.slp", embedded=encoded, channels=channels, version=version)
    samples = open_samples("sleap", {"annotations": str(tmp_path / "a.pkg.slp")})
    for n in range(2):
        np.testing.assert_array_equal(samples[n].image, images[n])
    assert [len(samples.labels(n)) for n in range(2)] == [2, 1]


def test_frames_of_a_video(tmp_path, monkeypatch):
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path / "cache"))
    write_slp(tmp_path / "a.slp")
    with pytest.raises(InputError, match=r"no video .*clip\.mp4"):
        open_samples("sleap", {"annotations": str(tmp_path / "a.slp")})
    out = cv2.VideoWriter(str(tmp_path / "clip.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10, (72, 64))
    for n in range(8):
        out.write(np.full((64, 72, 3), 20 * n, np.uint8))
    out.release()
    samples = open_samples("sleap", {"annotations": str(tmp_path / "a.slp"), "images": str(tmp_path / "frames")})
    assert [round(float(samples[n].image.mean()) / 20) for n in range(2)] == [2, 5]
    assert len(list((tmp_path / "frames").iterdir())) == 2


def test_no_file_of_sleap(tmp_path):
    (tmp_path / "a.slp").write_text("x")
    with pytest.raises(InputError, match=r"cannot read .*a\.slp"):
        read(tmp_path / "a.slp")
    with h5py.File(tmp_path / "b.slp", "w") as file:
        file["x"] = 1
    with pytest.raises(InputError, match=r"cannot read .*b\.slp.*lacks metadata"):
        read(tmp_path / "b.slp")
    with pytest.raises(InputError, match=r"there is no .*format sleap"):
        read(tmp_path / "none.slp", "sleap")
    write_slp(tmp_path / "c.slp")
    with h5py.File(tmp_path / "c.slp", "a") as file:
        file["metadata"].attrs["json"] = np.bytes_('{"skeletons": []}')
    with pytest.raises(InputError, match="has no skeleton"):
        read(tmp_path / "c.slp")


def test_limbs_of_no_bodyparts_are_told(tmp_path, caplog):
    write_project(tmp_path)
    read(tmp_path)
    assert "names nothing, no bodyparts" in caplog.text
