"""WebDataset's tar files as a data set."""

import io
import json
import tarfile

import numpy as np
import pytest

from bupose.annotations.reader import read
from bupose.data.datasets import DataOptions
from bupose.errors import InputError, LabelsError
from bupose.images import read_image, read_size
from bupose.predict import write_image
from bupose.skeletons import COCO17


def picture(tmp_path, number):
    """A PNG of one colour, 40 x 30 px; lossless, so that pixels can be compared."""
    path = tmp_path / "one.png"
    write_image(path, np.full((30, 40, 3), (10 * number, 7, 3), np.uint8))
    return path.read_bytes()


def person(number):
    xy = np.arange(34).reshape(17, 2) / 2 + number
    return {
        "keypoints": np.column_stack([xy, np.full(17, 2)]).reshape(-1).tolist(),
        "bbox": [1, 1, 20, 20],
        "area": 200,
    }


def write_tar(path, files, compression=""):
    with tarfile.open(path, f"w:{compression}") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


@pytest.fixture
def sets(tmp_path):
    """Two files of three pictures: with one person, two, and nobody."""
    folder = tmp_path / "sets"
    folder.mkdir()
    for shard in range(2):
        files = {}
        for n in range(3):
            number = 3 * shard + n
            told = [person(number + k) for k in range(n)]
            content = told if n == 1 else {"annotations": told, "width": 40, "height": 30}
            files[f"k/{number:03d}.json"] = json.dumps(content).encode()
            files[f"k/{number:03d}.png"] = picture(tmp_path, number)
            files[f"k/{number:03d}.cls"] = b"7"
        write_tar(folder / f"{shard}.tar", files)
    return folder


def test_pictures_and_people(sets):
    samples = DataOptions(annotations=str(sets), with_people=False).open()
    assert samples.skeleton == COCO17
    assert [samples.name(i) for i in range(6)] == [f"{i // 3}.tar#k/{i:03d}.png" for i in range(6)]
    for i in range(6):
        sample = samples[i]
        assert sample.image.shape == (30, 40, 3)
        assert (sample.image == (10 * i, 7, 3)).all()
        assert len(sample.labels) == i % 3
        for k, xy in enumerate(sample.labels.xy):
            np.testing.assert_allclose(xy, np.arange(34).reshape(17, 2) / 2 + i + k)
    one = DataOptions(kind="webdataset", annotations=str(sets / "1.tar")).open()
    assert [one.name(i) for i in range(len(one))] == ["1.tar#k/004.png", "1.tar#k/005.png"]


def test_members_are_read_by_everything_that_reads_pictures(sets):
    path = f"{sets}/0.tar#k/002.png"
    assert read_size(path) == (40, 30)
    assert (read_image(path) == (20, 7, 3)).all()
    for bad in ("k/9.png", "k"):
        with pytest.raises(InputError, match="there is no"):
            read_image(f"{sets}/0.tar#{bad}")
    with pytest.raises(InputError, match="No such file"):
        read_image(f"{sets}/9.tar#k/002.png")


def test_joints_of_their_own(tmp_path):
    category = {"id": 4, "name": "crab", "keypoints": ["left_claw", "right_claw"], "skeleton": [[1, 2]]}
    told = {"annotations": [{"keypoints": [3, 4, 2, 9, 8, 2], "category_id": 4}], "categories": [category]}
    write_tar(tmp_path / "x.tar", {"1.json": json.dumps(told).encode(), "1.png": picture(tmp_path, 1)})
    found = read(tmp_path / "x.tar")
    assert found.joints == ("left_claw", "right_claw")
    assert found.table.xy[0].tolist() == [[3, 4], [9, 8]]


def test_refused(tmp_path):
    data = picture(tmp_path, 1)
    for name, files, error, told in [
        ("json", {"1.json": b"{", "1.png": data}, LabelsError, r"json.tar#1.json is no JSON"),
        ("text", {"1.json": b'"x"', "1.png": data}, LabelsError, "holds no annotations"),
        ("empty", {"1.json": b"[]"}, LabelsError, "holds no picture"),
    ]:
        write_tar(tmp_path / f"{name}.tar", files)
        with pytest.raises(error, match=told):
            read(tmp_path / f"{name}.tar")
    write_tar(tmp_path / "packed.tar", {"1.png": data}, "gz")
    with pytest.raises(InputError, match="uncompressed"):
        read(tmp_path / "packed.tar")
