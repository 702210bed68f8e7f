"""Shards of Parquet: as other readers see them, and to COCO's results and back."""

import json
import logging

import numpy as np
import pytest
from recordings import assert_same, make_people, make_photos, make_video

from bupose import People, cli
from bupose.errors import InputError
from bupose.exchange import read_recordings, write_recordings
from bupose.exchange.rows import Row, from_table, schema, to_table, writing_rows
from bupose.skeletons import COCO17, CROWDPOSE14

pq = pytest.importorskip("pyarrow.parquet")


def test_rows_are_plain_lists_for_any_reader(tmp_path):
    people = make_people(np.random.default_rng(0), [3, 1])
    rows = [
        Row("a.jpg", people, (640, 480)),
        Row("b.jpg", People.nobody(COCO17), (32, 16)),
        Row("c.jpg", error="damaged"),
        Row("w.mp4", people, (640, 480), frame=7, time=0.28),
    ]
    with writing_rows(str(tmp_path / "x.parquet"), schema(COCO17)) as add:
        for row in rows:
            add(row)
    table = pq.read_table(tmp_path / "x.parquet").to_pydict()
    assert table["path"] == ["a.jpg", "b.jpg", "c.jpg", "w.mp4"]
    assert table["frame"] == [None, None, None, 7]
    assert table["error"] == ["", "", "damaged", ""]
    assert [n if n is None else len(n) for n in table["scores"]] == [2, 0, None, 2]
    assert table["ids"][3] == [3, 1]
    triples = [r["keypoints"] for r in people.to_coco(1)]
    np.testing.assert_allclose(table["keypoints"][0], triples, atol=1e-4)
    np.testing.assert_allclose(pq.read_table(tmp_path / "x.parquet").to_pandas()["scores"][0], people.person_score)


def test_rows_come_back():
    rng = np.random.default_rng(1)
    rows = [Row("v", make_people(rng, ids), (9, 8), frame=n, time=n / 25) for n, ids in enumerate([[1, 2], [], [5]])]
    for one, other in zip(rows, from_table(to_table(rows, schema(COCO17)), COCO17), strict=True):
        np.testing.assert_allclose(one.people.xy, other.people.xy, atol=1e-4)
        np.testing.assert_array_equal(one.people.present, other.people.present)
        assert (one.path, one.size, one.frame, one.time) == (other.path, other.size, other.frame, other.time)


def test_to_coco_and_back(tmp_path, capsys, monkeypatch):
    """Through the command: what comes back is what was there, with the size of each picture."""
    monkeypatch.chdir(tmp_path)
    photos = make_photos()
    object.__setattr__(photos, "sizes", [(640, 480), (32, 16), (100, 50)])
    write_recordings([make_video(), photos], "shards", tmp_path / "many")
    assert cli.main(["convert", "many", "to=coco", "output=results"]) == 0
    images = json.loads((tmp_path / "results/images.json").read_text(encoding="utf-8"))
    assert {i["file_name"]: i["width"] for i in images if i["file_name"] in photos.files} == {
        "7.jpg": 640, "b/x.png": 32, "c.jpg": 100
    }  # fmt: skip
    assert cli.main(["convert", "results", "to=shards", "output=again"]) == 0
    before, after = read_recordings(tmp_path / "many"), read_recordings(tmp_path / "again")
    assert [r.name for r in after] == ["films/walk", "pictures"]
    for one, other in zip(before, after, strict=True):
        assert_same(one, other)
        assert one.files == other.files
        assert [one.size_of(n) for n in range(len(one))] == [other.size_of(n) for n in range(len(other))]


def test_names_are_below_what_all_have_in_common(tmp_path):
    people = make_people(np.random.default_rng(0), [-1])
    with writing_rows(str(tmp_path / "x.parquet"), schema(COCO17)) as add:
        for path in ("s3://b/in/2/x.jpg", "s3://b/in/1/y.jpg", "s3://b/in/t.tar#k/1.jpg"):
            add(Row(path, people, (9, 9)))
    (found,) = read_recordings(tmp_path / "x.parquet")
    assert found.files == ["1/y.jpg", "2/x.jpg", "t.tar#k/1.jpg"]


def test_rows_without_a_picture_are_counted(tmp_path, caplog):
    with writing_rows(str(tmp_path / "x.parquet"), schema(COCO17)) as add:
        add(Row("a.jpg", People.nobody(COCO17), (9, 9)))
        add(Row("b.jpg", error="damaged"))
    with caplog.at_level(logging.WARNING):
        (found,) = read_recordings(tmp_path)
    assert len(found) == 1
    assert "1 row without a picture" in caplog.text


def test_refused(tmp_path):
    for name, skeleton in (("a", COCO17), ("b", CROWDPOSE14)):
        with writing_rows(str(tmp_path / f"{name}.parquet"), schema(skeleton)) as add:
            add(Row("a.jpg", People.nobody(skeleton), (9, 9)))
    with pytest.raises(InputError, match="convert them apart"):
        read_recordings(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    pq.write_table(pq.read_table(tmp_path / "a.parquet").replace_schema_metadata({}), other / "x.parquet")
    with pytest.raises(InputError, match="no shard"):
        read_recordings(other / "x.parquet", "shards")
    (other / "x.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="cannot read"):
        read_recordings(other / "x.parquet", "shards")
