"""Inputs of runs over many pictures, and the units of work that are made of them."""

from pathlib import Path

import numpy as np
import pytest

from bupose.errors import DependencyError, InputError, OptionsError
from bupose.predict.scale.inputs import Inputs, find_inputs, keys
from bupose.predict.scale.units import plan, split

pq = pytest.importorskip("pyarrow.parquet")
arrow = pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")


def test_lists_tables_and_patterns_mean_the_same(tmp_path):
    photos = tmp_path / "in"
    photos.mkdir()
    names = [str(photos / f"{n:02d}.png") for n in range(30)]
    for name in names:
        Path(name).touch()
    (tmp_path / "list.txt").write_text("# all\n" + "".join(f"in/{Path(name).name}\n" for name in names))
    pq.write_table(arrow.table({"n": range(30), "url": names}), tmp_path / "list.parquet")
    url = f"file://{photos}"
    for source in (photos, photos / "*.png", tmp_path / "list.txt", tmp_path / "list.parquet", tmp_path / "*.parquet"):
        assert find_inputs(str(source)).pictures == names, source
    for source in (url, f"{url}/*.png"):
        assert find_inputs(source).pictures == [f"file://{name}" for name in names]
    twice = find_inputs([str(tmp_path / "list.txt"), str(photos)])
    assert (twice.pictures, twice.repeated) == (names, 30)


def test_videos_and_tars_are_wholes(tmp_path):
    for name in ("b.jpg", "a.mp4", "c.tar"):
        (tmp_path / name).touch()
    (tmp_path / "list.txt").write_text("b.jpg\na.mp4\nc.tar\ns3://b/x.png\nhttps://h/p.jpg?w=3\nnowhere/\n")
    found = find_inputs(str(tmp_path / "list.txt"))
    assert found.pictures == [str(tmp_path / "b.jpg"), "s3://b/x.png", "https://h/p.jpg?w=3"]
    assert found.wholes == [str(tmp_path / "a.mp4"), str(tmp_path / "c.tar")]
    assert [path for path, _ in found.problems] == [str(tmp_path / "nowhere")]


def test_inputs_that_are_refused(tmp_path):
    (tmp_path / "empty.txt").write_text("\n# nothing\n")
    pq.write_table(arrow.table({"path": arrow.array([], arrow.string())}), tmp_path / "empty.parquet")
    pq.write_table(arrow.table({"a": ["x"], "b": ["y"]}), tmp_path / "two.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    (tmp_path / "folder").mkdir()
    for source, told in [
        (tmp_path / "empty.txt", "holds no path"),
        (tmp_path / "empty.parquet", "holds no path"),
        (tmp_path / "two.parquet", "columns a, b"),
        (tmp_path / "bad.parquet", "cannot read the table"),
        (tmp_path / "folder", "no picture or video"),
        ("memory://no-such-bucket/photos", "no file, folder or bucket"),
        (f"file://{tmp_path}/folder", "no picture or video"),
        ("abc://x/y", "cannot open 'abc://x/y'"),
    ]:
        with pytest.raises(InputError, match=told):
            find_inputs(str(source))
    for source in ("0", "rtsp://camera/1"):
        with pytest.raises(OptionsError, match="never ends"):
            find_inputs(source)


def test_a_store_whose_package_is_missing_is_told(monkeypatch):
    def fail(url):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", fail)
    with pytest.raises(DependencyError, match="Install s3fs"):
        find_inputs("s3://bucket/photos/")


@pytest.mark.parametrize(("count", "most", "workers"), [(1, 9, 2), (1000, 100, 2), (5000, 64, 7), (10, 1000, 64)])
def test_every_picture_is_in_one_unit(count, most, workers):
    inputs = Inputs([f"{n}.jpg" for n in range(count)], ["a.mp4", "b.tar"])
    units = list(plan(inputs, most, workers, start=5))
    assert [path for unit in units for path in unit.paths] == inputs.wholes + inputs.pictures
    assert len({unit.name for unit in units}) == len(units)
    assert [int(unit.name[:6]) for unit in units] == list(range(5, 5 + len(units)))
    sizes = [len(unit.paths) for unit in units[2:]]
    assert max(sizes) <= most
    assert sizes[0] <= 8
    assert sizes[-1] <= 8 or len(sizes) == 1
    parts = split(units, 3, 100)
    assert [path for unit in parts for path in unit.paths] == inputs.wholes + inputs.pictures
    assert max(len(unit.paths) for unit in parts) <= 3


def test_what_is_done_is_left_out():
    inputs = Inputs([f"{n}.jpg" for n in range(100)], ["a.mp4"])
    left = inputs.without(np.sort(keys(["a.mp4", *(f"{n}.jpg" for n in range(0, 100, 2))])))
    assert left.pictures == [f"{n}.jpg" for n in range(1, 100, 2)]
    assert left.wholes == []
