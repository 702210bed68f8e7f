"""Runs over many pictures: shards, and what happens when something goes wrong; without a cluster."""

import errno
import io
import socket
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from films import write_film

from bupose import atomic, cli
from bupose.errors import DependencyError, DiskError, InputError, OptionsError
from bupose.exchange import read_recordings
from bupose.predict.options import InferOptions, RayOptions
from bupose.predict.scale import run
from bupose.predict.scale.place import Place
from bupose.predict.scale.ray_engine import check_answers
from bupose.predict.scale.worker import ShardWorker

pq = pytest.importorskip("pyarrow.parquet")
arrow = pytest.importorskip("pyarrow")
fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def photos(tmp_path, face, lab):
    folder = tmp_path / "in"
    for n in range(30):
        lab.save(folder / f"{n:02d}.png", face[0])
    return folder


@pytest.fixture
def here(net, monkeypatch):
    """The engine is one worker in this process; units with a path in ``killers`` end it, and come to nothing; the first
    one with a path in ``mute`` is written, but nobody is told."""
    killers: set[str] = set()
    mute: set[str] = set()
    done: list[tuple] = []

    def work(units, options, workers, construct):
        worker = ShardWorker(**construct)
        for unit in units:
            done.append(unit.paths)
            names = {Path(path).name for path in unit.paths}
            if mute & names:
                mute.difference_update(names)
                worker.do(unit)
            elif unit.problem or not killers & names:
                yield worker.do(unit)

    def connected(options):
        return io.BytesIO()  # any context

    monkeypatch.setattr(run, "work", work)
    monkeypatch.setattr(run, "connected", connected)
    monkeypatch.setattr(run, "count_workers", lambda options: 2)
    work.killers, work.mute, work.done = killers, mute, done
    return work


def go(source, out, **values):
    options = {"height": 160, "engine": "ray", **values}
    return run.infer_many(InferOptions(input=str(source), output=str(out), **options))


def rows(out):
    return pq.read_table(Path(out) / "shards").sort_by("path").to_pydict()


def test_a_run(here, photos, face, tmp_path, capsys):
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    summary = go(photos, tmp_path / "out")
    assert (summary.pictures, summary.people, summary.failed) == (30, 30, 1)
    table = rows(tmp_path / "out")
    assert [Path(path).name for path in table["path"]] == [*(f"{n:02d}.png" for n in range(30)), "broken.jpg"]
    for keypoints in table["keypoints"][:30]:
        np.testing.assert_allclose(np.reshape(keypoints, (3, 3))[:, :2], face[1], atol=0.2)
    assert table["width"] == [200] * 30 + [None]
    assert "damaged" in table["error"][30]
    assert "broken.jpg" in capsys.readouterr().err
    assert not list((tmp_path / "out").rglob("*.part*"))
    assert not (tmp_path / "out/unfinished.jsonl").exists()
    (pictures,) = read_recordings(tmp_path / "out")
    assert pictures.files == [f"{n:02d}.png" for n in range(30)]


def test_the_command_counts_failures(here, photos, tmp_path, capsys):
    (photos / "broken.jpg").write_bytes(b"")
    arguments = ["infer", str(photos), "engine=ray", "height=160", f"output={tmp_path / 'out'}"]
    assert cli.main(arguments) == 1
    assert "30 pictures, 30 people, 1 failed" in capsys.readouterr().out
    assert cli.main(arguments) == 2
    assert "resume=true adds what is new" in capsys.readouterr().err


def test_a_finished_run_is_added_to_or_replaced(here, photos, tmp_path):
    go(photos, tmp_path / "out")
    summary = go(photos, tmp_path / "out", resume=True)
    assert (summary.pictures, summary.skipped, summary.failed) == (0, 30, 0)
    with pytest.raises(InputError, match="flip"):
        go(photos, tmp_path / "out", resume=True, flip=True)
    go(photos, tmp_path / "out", overwrite=True, flip=True)
    assert len(rows(tmp_path / "out")["path"]) == 30


def test_resuming_does_what_is_missing_and_what_failed(here, photos, tmp_path, face, lab):
    """What a killed run leaves: some of its shards, and its list."""
    (photos / "broken.png").write_bytes(b"")
    go(photos, tmp_path / "out", ray=RayOptions(rows=4))
    shards = sorted((tmp_path / "out/shards").iterdir())
    (tmp_path / "out/unfinished.jsonl").write_text("{}\n{}\n")
    for shard in shards[:2]:
        shard.unlink()
    before = {shard.name: shard.stat().st_mtime_ns for shard in shards[2:]}
    lost = 31 - sum(pq.read_metadata(shard).num_rows for shard in shards[2:])
    lab.save(photos / "broken.png", face[0])
    here.done.clear()
    with pytest.raises(InputError, match="made with"):
        go(photos, tmp_path / "out", resume=True, ray=RayOptions(rows=4))
    (tmp_path / "out/unfinished.jsonl").unlink()
    summary = go(photos, tmp_path / "out", resume=True, ray=RayOptions(rows=4))
    assert summary.skipped == 30 - lost
    assert summary.pictures == lost + 1
    table = rows(tmp_path / "out")
    assert len(table["path"]) == len(set(table["path"])) == 31
    assert table["error"] == [""] * 31
    same = [name for name, time in before.items() if (tmp_path / "out/shards" / name).stat().st_mtime_ns == time]
    assert len(same) == len(before) - 1  # that with the failed row is written anew


def test_a_picture_that_ends_its_worker_costs_its_own_row(here, photos, tmp_path):
    here.killers.add("07.png")
    summary = go(photos, tmp_path / "out")
    assert (summary.pictures, summary.failed) == (29, 1)
    table = rows(tmp_path / "out")
    assert [Path(p).name for p, e in zip(table["path"], table["error"], strict=True) if e] == ["07.png"]
    assert "the process that read it ended" in table["error"][7]
    assert len(set(table["path"])) == len(table["path"]) == 30


def test_what_a_lost_worker_wrote_is_not_there_twice(here, photos, tmp_path):
    here.mute.add("07.png")
    summary = go(photos, tmp_path / "out", ray=RayOptions(rows=4))
    assert (summary.pictures, summary.failed) == (30, 0)
    assert [Path(path).name for path in rows(tmp_path / "out")["path"]] == [f"{n:02d}.png" for n in range(30)]


def test_an_unexpected_error_is_told_in_the_row(here, photos, tmp_path, monkeypatch):
    from bupose.predict import mapper

    def fail(one):
        if "11.png" in str(one[1]):
            raise RuntimeError("a bug")
        return before(one)

    before = mapper._fetch
    monkeypatch.setattr(mapper, "_fetch", fail)
    summary = go(photos, tmp_path / "out")
    assert (summary.pictures, summary.failed) == (29, 1)
    assert rows(tmp_path / "out")["error"][11] == "RuntimeError: a bug"


def test_workers_that_never_finish_anything_end_the_run(here, photos, tmp_path):
    here.killers.update(f"{n:02d}.png" for n in range(30))
    with pytest.raises(InputError, match="every worker ended"):
        go(photos, tmp_path / "out")


def test_a_full_disk_keeps_what_is_finished(here, photos, tmp_path, monkeypatch):
    from bupose.predict.scale import worker

    written = []

    def add(path, kind):
        written.append(path)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return before(path, kind)

    before = worker.writing_rows
    monkeypatch.setattr(worker, "writing_rows", add)
    with pytest.raises(DiskError, match=r"No space left.*make room, and go on with resume=true"):
        go(photos, tmp_path / "out")
    monkeypatch.undo()
    assert len(list((tmp_path / "out/shards").iterdir())) == 2


def test_a_network_that_is_no_network_is_told(here, photos, tmp_path, monkeypatch):
    from bupose.errors import WeightsError
    from bupose.predict import mapper

    def fail(*_, **__):
        raise WeightsError("no network")

    monkeypatch.setattr(mapper, "load", fail)
    with pytest.raises(InputError, match="no network"):
        go(photos, tmp_path / "out")


@pytest.mark.parametrize("name", ["csv", "fields", "show", "json", "overlays", "tables", "openpose"])
def test_what_shards_do_not_hold_is_refused(name, photos, tmp_path):
    with pytest.raises(OptionsError, match=f"{name} has no effect: engine=ray writes"):
        go(photos, tmp_path / "out", **{name: True})


def test_tars_and_videos(here, photos, tmp_path, lab, face):
    with tarfile.open(photos / "set.tar", "w") as tar:
        for n in range(3):
            tar.add(photos / f"{n:02d}.png", f"k/{n}.png")
            tar.add(photos / f"{n:02d}.png", f"k/{n}.json")
        tar.addfile(tarfile.TarInfo("k/bad.jpg"))
    whole = (photos / "set.tar").read_bytes()
    (photos / "cut.tar").write_bytes(whole[: len(whole) // 2])
    (photos / "gone.tar").touch()
    images = [lab.draw_face(208, 160, face[1][0] + n, face[1][1:] + n, 5) for n in range(4)]
    write_film(photos / "walk.mp4", rate=25, images=images, crf=10)
    (photos / "list.txt").write_text("set.tar\ncut.tar\nwalk.mp4\ngone.tar\nmissing.mp4")
    summary = go(photos / "list.txt", tmp_path / "out")
    table = rows(tmp_path / "out")
    good = [path for path, error in zip(table["path"], table["error"], strict=True) if not error]
    assert [Path(path).name for path in good if "set.tar#" in path] == ["0.png", "1.png", "2.png"]
    assert f"{photos}/set.tar#k/0.png" in good
    assert good.count(f"{photos}/walk.mp4") == 4
    assert any("cut.tar#" in path for path in good)
    bad = dict(zip(table["path"], table["error"], strict=True))
    assert "to its end" in bad[f"{photos}/cut.tar"]
    assert bad[f"{photos}/set.tar#k/bad.jpg"]
    assert bad[f"{photos}/gone.tar"]
    assert bad[f"{photos}/missing.mp4"]
    assert summary.failed == sum(map(bool, table["error"]))
    here.done.clear()
    go(photos / "list.txt", tmp_path / "out", resume=True)
    assert {Path(paths[0]).name for paths in here.done} == {"gone.tar", "missing.mp4"}


def test_shards_in_a_store(here, photos, monkeypatch, tmp_path):
    """Written and resumed at a URL; a file system in memory stands for a bucket."""
    out = f"memory://bucket/{tmp_path.name}"
    go(photos, out, ray=RayOptions(rows=8))
    store = fsspec.filesystem("memory")
    names = Place(f"{out}/shards").names()
    tables = [Place(f"{out}/shards").open(name).read() for name in names]
    assert sum(table.num_rows for table in tables) == 30
    with pytest.raises(InputError, match="resume=true adds"):
        go(photos, out, ray=RayOptions(rows=8))
    store.rm(f"/bucket/{tmp_path.name}/shards/{names[0]}.parquet")
    summary = go(photos, out, resume=True, ray=RayOptions(rows=8))
    assert summary.skipped == 30 - tables[0].num_rows


def test_killed_writers_leave_no_shard(tmp_path):
    place = Place(str(tmp_path / "shards"))
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / f"{atomic.temporary_name('.parquet')}").write_bytes(b"half")
    assert place.names() == []


def test_ray_that_is_missing_is_told_and_costs_nothing(photos, net, tmp_path, monkeypatch):
    shard = tmp_path / "out/shards/000000-0.parquet"
    shard.parent.mkdir(parents=True)
    shard.write_bytes(b"of an earlier run")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyError, match="engine=ray needs ray"):
        go(photos, tmp_path / "out", overwrite=True)
    assert shard.exists()


def test_a_cluster_that_does_not_answer():
    """Told at once, by what Ray itself takes minutes for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        for address in (place, f"ray://{place}", "auto", "local", ""):
            check_answers(address)
    for address in (place, f"ray://{place}", "127.0.0.1:99999"):
        with pytest.raises(InputError, match=f"no Ray cluster answers at '{address}'"):
            check_answers(address)
