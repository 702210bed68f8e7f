"""Videos through a whole run: who is who in every file of results, and nothing lost, whatever interrupts it."""

import csv
import json
import math

import av
import cv2
import numpy as np
import pytest
from films import write_film

from bupose import People
from bupose.errors import OptionsError
from bupose.exchange import read_recordings
from bupose.folder import UNFINISHED
from bupose.images import Video
from bupose.predict.options import InferOptions
from bupose.predict.predict import infer

COUNT, RATE = 24, 12
HIDDEN = (9, 10)  # frames in which nobody is seen


@pytest.fixture
def film(tmp_path, face):
    """A face walks to the right by 2 px a frame."""
    images = [np.roll(face[0], 2 * n, 1) * (n not in HIDDEN) for n in range(COUNT)]
    return write_film(tmp_path / "walk.mp4", rate=RATE, images=images)


def run(source, out, **values):
    values = {"height": 160, "openpose": True, "csv": True, "refine": False, **values}
    return infer(InferOptions(input=str(source), output=str(out), **values))


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files_of(folder):
    """Every result but overlays and the run's own record: exactly what was written."""
    paths = [p for p in folder.rglob("*") if p.is_file() and p.suffix in (".json", ".csv") and p.name != "run.json"]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def test_ids_in_every_file(net, film, face, tmp_path):
    out = tmp_path / "out"
    summary = run(film, out, also=("dlc",))
    assert (summary.pictures, summary.people, summary.ids, summary.failed) == (COUNT, COUNT, 1, 0)
    results = json.loads((out / "coco_results.json").read_text(encoding="utf-8"))
    assert [(r["image_id"], r["track_id"]) for r in results] == [(n + 1, 0) for n in range(COUNT)]
    for n in range(COUNT):
        shown = json.loads((out / "openpose" / f"walk_{n:06d}_keypoints.json").read_text(encoding="utf-8"))
        assert [person["person_id"] for person in shown["people"]] == [[0]]
    for (one,) in (read_recordings(out), read_recordings(out / "dlc" / "walkDLC_bupose.csv")):
        assert (one.name, len(one), one.followed) == ("walk", COUNT, True)
        for result, people in zip(results, one.people, strict=True):
            mine = People.from_coco([result], net.skeleton).to(one.skeleton)
            np.testing.assert_allclose(people.xy, mine.xy, atol=1e-3)
            np.testing.assert_allclose(people.score, mine.score, atol=1e-3)
    images = json.loads((out / "images.json").read_text(encoding="utf-8"))
    assert [(i["id"], i["time"]) for i in images] == [(n + 1, pytest.approx(n / RATE, abs=1e-6)) for n in range(COUNT)]
    rows = rows_of(out / "tables" / "walk.csv")
    assert len(rows) == 3 * COUNT
    for n, row in enumerate(rows):
        frame, (x, y) = n // 3, face[1][n % 3]
        assert (int(row["frame"]), row["id"], row["joint"]) == (frame, "0", ("nose", "left_ear", "right_ear")[n % 3])
        assert float(row["time"]) == pytest.approx(frame / RATE, abs=1e-6)
        assert (float(row["x"]), float(row["y"])) == pytest.approx((x + 2 * frame, y), abs=1.5)
        assert row["interpolated"] == str(int(frame in HIDDEN))
        assert (row["raw_x"] == "") == (frame in HIDDEN)
        assert row["hidden"] == ""  # this network does not tell
    overlay = list(Video(out / "overlays" / "walk.mp4").frames())
    assert [frame.time for frame in overlay] == pytest.approx([n / RATE for n in range(COUNT)], abs=1e-4)
    plain = Video(film).frame(20).image.astype(int)
    assert (np.abs(overlay[20].image[:150] - plain).max(2) > 60).sum() > 300  # somebody is drawn


def test_the_parquet_file_is_the_table(net, film, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run(film, tmp_path / "out")
    table = parquet.read_table(tmp_path / "out" / "tables" / "walk.parquet")
    rows = rows_of(tmp_path / "out" / "tables" / "walk.csv")
    assert table.column_names == list(rows[0])
    for row, same in zip(rows, table.to_pylist(), strict=True):
        assert (row["joint"], bool(int(row["interpolated"]))) == (same.pop("joint"), same.pop("interpolated"))
        for name, value in same.items():
            assert (row[name] == "") == (value is None)
            assert value is None or float(row[name]) == pytest.approx(value, rel=1e-6)


def test_without_tracking(net, film, tmp_path):
    out = tmp_path / "out"
    assert run(film, out, tracking="off").ids == 0
    assert all(
        "track_id" not in result for result in json.loads((out / "coco_results.json").read_text(encoding="utf-8"))
    )
    shown = json.loads((out / "openpose" / "walk_000004_keypoints.json").read_text(encoding="utf-8"))
    assert shown["people"][0]["person_id"] == [-1]
    assert {row["id"] for row in rows_of(out / "tables" / "walk.csv")} == {"-1"}
    assert len(list(Video(out / "overlays" / "walk.mp4").frames())) == COUNT


def test_live_knows_nothing_of_what_comes(net, film, tmp_path):
    """Nobody has an id at once, and gaps stay."""
    run(film, tmp_path / "out", tracking="live")
    rows = rows_of(tmp_path / "out" / "tables" / "walk.csv")
    ids = {int(row["frame"]): int(row["id"]) for row in rows}
    assert ids[0] == -1
    assert ids[COUNT - 1] == 0
    assert sorted(ids) == sorted({*range(COUNT)} - {*HIDDEN})


def interrupt(monkeypatch, net, after):
    call, calls = type(net).__call__, []

    def interrupted(self, images):
        calls.append(len(images))
        if len(calls) == after + 1:
            raise KeyboardInterrupt
        return call(self, images)

    monkeypatch.setattr(type(net), "__call__", interrupted)


def test_an_interrupted_video_is_there_and_goes_on(net, film, tmp_path, monkeypatch):
    """Ctrl-C: results so far; in the end all is as if nothing had been."""
    whole, out = tmp_path / "whole", tmp_path / "out"
    run(film, whole, batch=1)
    interrupt(monkeypatch, net, after=13)
    with pytest.raises(KeyboardInterrupt, match="results are written; resume=true"):
        run(film, out, batch=1)
    found = len(json.loads((out / "images.json").read_text(encoding="utf-8")))
    assert 9 <= found <= 13
    assert len(rows_of(out / "tables" / "walk.csv")) >= 3 * (found - len(HIDDEN))
    assert len(list(Video(out / "overlays" / "walk.mp4").frames())) == found
    summary = run(film, out, batch=1, resume=True)
    assert (summary.skipped, summary.pictures) == (found, COUNT - found)
    assert files_of(out) == files_of(whole)
    assert len(list(Video(out / "overlays" / "walk.mp4").frames())) == COUNT
    assert not (out / UNFINISHED).exists()


@pytest.mark.parametrize("part", [0.3, 0.71])
def test_killed_in_the_middle(net, film, tmp_path, part, monkeypatch):
    """kill -9 leaves a list that ends anywhere."""
    whole, out = tmp_path / "whole", tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("bupose.predict.predict.Records.remove", lambda self: self.close())
        run(film, whole)
    out.mkdir()
    listed = (whole / UNFINISHED).read_bytes()
    (out / UNFINISHED).write_bytes(listed[: int(part * len(listed))])
    before = (out / UNFINISHED).read_bytes().count(b"\n") - 1
    assert run(film, out, resume=True).skipped == before
    assert files_of(out) == files_of(whole)


class Camera:
    """Number 0: the face walks; it ends."""

    images = ()

    def __init__(self, number):
        self.left = list(self.images)

    def read(self):
        return (True, self.left.pop(0)[..., ::-1].copy()) if self.left else (False, None)

    def get(self, key):
        return 30.0

    def release(self):
        pass


def test_a_camera_has_ids_at_once(net, face, tmp_path, monkeypatch):
    """The files written on the way agree with those written in the end."""
    Camera.images = [np.roll(face[0], n, 1) for n in range(30)]
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    clock = iter(n / 10 for n in range(1000))
    monkeypatch.setattr("bupose.images.camera.time.monotonic", lambda: next(clock))
    out = tmp_path / "out"
    run(0, out)
    later = {
        r["image_id"]: r.get("track_id", -1)
        for r in json.loads((out / "coco_results.json").read_text(encoding="utf-8"))
    }
    at_once = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((out / "openpose").glob("*.json"))]
    assert [shown["people"][0]["person_id"][0] for shown in at_once] == [later[n + 1] for n in range(30)]
    assert later[30] == 0
    assert {row["id"] for row in rows_of(out / "tables" / "camera0.csv")} == {"-1", "0"}
    assert len(list(Video(out / "overlays" / "camera0.mp4").frames())) == 30


def test_a_video_cut_off_in_the_middle(net, film, tmp_path, monkeypatch):
    """Results up to the damage."""
    with (
        av.open(str(film)) as source,
        av.open(str(tmp_path / "front.mp4"), "w", options={"movflags": "faststart"}) as to,
    ):
        stream = to.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                to.mux(packet)
    data = (tmp_path / "front.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 2 // 3])
    summary = run(tmp_path / "cut.mp4", tmp_path / "out")
    rows = rows_of(tmp_path / "out" / "tables" / "cut.csv")
    assert summary.failed == 1
    assert 8 < summary.pictures < COUNT
    assert {int(row["frame"]) for row in rows} == {*range(summary.pictures)} - {*HIDDEN}
    assert all(math.isclose(float(row["time"]), int(row["frame"]) / RATE, abs_tol=1e-6) for row in rows)


def test_the_network_looks_at_each_third_frame(net, film, face, tmp_path, monkeypatch):
    """The others are filled in, between two that it looks at, or carried in the end; interrupted, it goes on."""
    out = tmp_path / "out"
    summary = run(film, out, look_every=3, batch=1)
    assert len(net.batches) == COUNT // 3
    assert (summary.pictures, len(json.loads((out / "images.json").read_text(encoding="utf-8")))) == (COUNT, COUNT)
    rows = rows_of(out / "tables" / "walk.csv")
    assert {int(row["frame"]) for row in rows} == {*range(COUNT)}
    for n, row in enumerate(rows):
        frame, (x, y) = n // 3, face[1][n % 3]
        assert (float(row["x"]), float(row["y"])) == pytest.approx((x + 2 * frame, y), abs=1.5)
        assert row["interpolated"] == str(int((frame % 3 > 0 or frame in HIDDEN) and frame < COUNT - 2))
    whole, out = out, tmp_path / "again"
    interrupt(monkeypatch, net, after=4)
    with pytest.raises(KeyboardInterrupt):
        run(film, out, look_every=3, batch=1)
    run(film, out, look_every=3, batch=1, resume=True)
    assert files_of(out) == files_of(whole)
    with pytest.raises(OptionsError, match="tracking=auto"):
        run(film, tmp_path / "live", look_every=2, tracking="live")
