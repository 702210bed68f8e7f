"""Nothing finished is lost: interruptions, full disks, damaged lists, and what is in the output folder before."""

import errno
import json
import os
import time

import numpy as np
import pytest

from bupose.errors import BuposeError, DiskError, InputError
from bupose.folder import UNFINISHED
from bupose.predict import records
from bupose.predict.options import InferOptions
from bupose.predict.predict import infer

NAMES = ("000000000042.png", "b.png", "c/d.png", "e.png", "x.png")


@pytest.fixture
def photos(tmp_path, face, lab):
    for name in NAMES:
        lab.save(tmp_path / "in" / name, face[0])
    return tmp_path / "in"


def run(photos, out, **values):
    return infer(InferOptions(input=str(photos), output=str(out), height=160, **{"batch": 1, **values}))


def interrupt(monkeypatch, net, after):
    """The network raises a KeyboardInterrupt once, after some batches."""
    call, calls = type(net).__call__, []

    def interrupted(self, images):
        calls.append(len(images))
        if len(calls) == after + 1:
            raise KeyboardInterrupt
        return call(self, images)

    monkeypatch.setattr(type(net), "__call__", interrupted)


def interrupted_run(photos, out, monkeypatch, net, after=3):
    """How many pictures it found."""
    interrupt(monkeypatch, net, after)
    with pytest.raises(KeyboardInterrupt, match="resume=true"):
        run(photos, out)
    assert not (out / "coco_results.json").exists()
    return sum('"people"' in line for line in (out / UNFINISHED).read_text(encoding="utf-8").splitlines())


def results(folder):
    return {
        name: json.loads((folder / name).read_text(encoding="utf-8")) for name in ("images.json", "coco_results.json")
    }


@pytest.mark.parametrize(
    "tail", ["", '{"id": 1, "file_na', "\0\0\0\0", "\0\0\n", "[]\n", '{"id": "1"}\n', "[" * 99999 + "\n"]
)
def test_an_interrupted_run_goes_on(net, photos, tmp_path, monkeypatch, tail):
    out = tmp_path / "out"
    run(photos, tmp_path / "whole")
    done = interrupted_run(photos, out, monkeypatch, net)
    assert 0 < done < len(NAMES)
    with (out / UNFINISHED).open("a") as file:
        file.write(tail)
    with pytest.raises(InputError, match="flip=False, this one has True"):
        run(photos, out, flip=True, resume=True)
    with pytest.raises(InputError, match="resume=true goes on"):
        run(photos, out)
    summary = run(photos, out, resume=True)
    assert (summary.skipped, summary.pictures) == (done, len(NAMES) - done)
    assert results(out) == results(tmp_path / "whole")
    assert not (out / UNFINISHED).exists()


def test_the_list_is_only_appended_to(net, photos, tmp_path, monkeypatch):
    out = tmp_path / "out"
    interrupted_run(photos, out, monkeypatch, net, after=2)
    before = (out / UNFINISHED).read_bytes()
    interrupt(monkeypatch, net, after=1)
    with pytest.raises(KeyboardInterrupt):
        run(photos, out, resume=True)
    after = (out / UNFINISHED).read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)


def test_people_in_a_damaged_list_are_looked_for_again(net, photos, tmp_path, monkeypatch):
    out = tmp_path / "out"
    run(photos, tmp_path / "whole")
    done = interrupted_run(photos, out, monkeypatch, net)
    settings, *lines = (out / UNFINISHED).read_text(encoding="utf-8").splitlines()
    damaged = json.loads(lines[0])
    for key, value in (("xy", [[1.0]]), ("score", "high"), ("present", None), ("person_score", {})):
        spoilt = {**damaged, "people": {**damaged["people"], key: value}}
        (out / UNFINISHED).write_text("\n".join([settings, json.dumps(spoilt), *lines[1:], ""]))
        with monkeypatch.context() as patch:
            interrupt(patch, net, after=0)
            with pytest.raises(KeyboardInterrupt):
                run(photos, out, resume=True)
    assert run(photos, out, resume=True).skipped == done - 1
    assert results(out) == results(tmp_path / "whole")


def test_a_list_without_settings(net, photos, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / UNFINISHED).write_text("nonsense\n{}\n")
    with pytest.raises(InputError, match="damaged; overwrite=true"):
        run(photos, out, resume=True)
    assert run(photos, out, resume=True, overwrite=True).pictures == len(NAMES)


def test_pictures_that_come_and_go_leave_the_others_their_numbers(net, photos, tmp_path, monkeypatch, lab, face):
    out = tmp_path / "out"
    done = interrupted_run(photos, out, monkeypatch, net)
    entries = [json.loads(line) for line in (out / UNFINISHED).read_text(encoding="utf-8").splitlines()[1:]]
    before = {entry["file_name"]: entry["id"] for entry in entries}
    gone = entries[1]["file_name"]
    (photos / gone).unlink()
    for name in ("a.png", "b.jpg", "b.PNG", "2.png", "000000000007.png"):
        lab.save(photos / name, face[0])
    summary = run(photos, out, resume=True)
    assert summary.skipped == done - 1
    images = results(out)["images.json"]
    assert [i["id"] for i in images if i["file_name"] in before].sort() == list(before.values()).sort()
    for image in images:
        assert image["id"] == before.get(image["file_name"], image["id"])
    assert len({i["id"] for i in images}) == len({i["name"].casefold() for i in images}) == len(images) == 10
    assert images[-1]["file_name"] == gone
    assert {i["file_name"]: i["id"] for i in images}["000000000007.png"] == 7
    assert len(list((out / "openpose").rglob("*.json"))) == 10


def test_results_are_recorded_as_soon_as_they_are_there(net, tmp_path, monkeypatch, lab):
    """Each picture has a size of its own, so that no batch ever fills."""
    for n in range(20):
        lab.save(tmp_path / "in" / f"{n:02d}.png", np.zeros((48 + 16 * n, 64, 3), np.uint8))
    seen = []
    add, look = records.Records.add, type(net).__call__
    monkeypatch.setattr(type(net), "__call__", lambda self, images: time.sleep(0.05) or look(self, images))
    monkeypatch.setattr(records.Records, "add", lambda self, *a: seen.append(len(net.batches)) or add(self, *a))
    run(tmp_path / "in", tmp_path / "out", batch=8)
    assert seen[0] < 10  # of twenty batches
    assert [i["name"] for i in results(tmp_path / "out")["images.json"]] == [f"{n:02d}" for n in range(20)]


@pytest.mark.parametrize("after", range(6))
def test_a_run_that_is_stopped_again_and_again_comes_to_its_end(net, photos, tmp_path, monkeypatch, after):
    runs = 0
    while True:
        with monkeypatch.context() as patch:
            interrupt(patch, net, after=max(1, after))
            try:
                summary = run(photos, tmp_path / "out", batch=8, resume=True)
                break
            except KeyboardInterrupt:
                runs += 1
                assert runs <= len(NAMES)
    assert summary.failed == 0
    assert len(results(tmp_path / "out")["coco_results.json"]) == len(NAMES)


# --- a full disk ---


def test_a_full_disk_ends_the_run_and_loses_nothing(net, photos, tmp_path, monkeypatch):
    """At every write in turn, of every kind of file."""
    out, n, failures = tmp_path / "out", 0, []
    kinds = {"csv": True, "fields": True, "fields_pictures": True}
    run(photos, tmp_path / "whole", **kinds)
    while True:
        with monkeypatch.context() as patch:
            writes = fill_up(patch, after=n)
            try:
                summary = run(photos, out, resume=True, **kinds)
                break
            except DiskError as problem:
                failures.append(str(problem))
        listed = (out / UNFINISHED).read_text(encoding="utf-8").splitlines() if (out / UNFINISHED).exists() else []
        assert all(json.loads(line) for line in listed)
        n += 1
        assert n < 200, writes
    assert len(failures) > 3
    assert all("No space left" in told and "go on with resume=true" in told and "\n" not in told for told in failures)
    assert summary.pictures + summary.skipped == len(NAMES)
    assert results(out) == results(tmp_path / "whole")
    left = [sorted(p.relative_to(f).as_posix() for p in f.rglob("*")) for f in (out, tmp_path / "whole")]
    assert left[0] == left[1]


def fill_up(patch, after):
    """The disk is full after so many writes to it; gives them."""
    writes, replace, write = [], os.replace, os.write

    def check(name):
        writes.append(name)
        if len(writes) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(os, "replace", lambda a, b: check(b) or replace(a, b))
    patch.setattr(records.os, "write", lambda file, data: check(data) or write(file, data))
    return writes


def test_a_line_that_does_not_fit_is_cut_off(net, photos, tmp_path, monkeypatch):
    write = os.write
    with monkeypatch.context() as patch:
        sent = []

        def half(file, data):
            sent.append(data)
            if len(sent) == 4:
                return write(file, data[:10])
            if len(sent) == 5:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(file, data)

        patch.setattr(records.os, "write", half)
        with pytest.raises(DiskError, match="make room, and go on with resume=true"):
            run(photos, tmp_path / "out")
    lines = (tmp_path / "out" / UNFINISHED).read_bytes().splitlines(keepends=True)
    assert len(lines) > 1
    assert all(line.endswith(b"}\n") for line in lines)


@pytest.mark.parametrize("kind", ["openpose", "fields", "overlay"])
def test_files_of_a_picture_that_cannot_be_written_do_not_cost_its_people(net, photos, tmp_path, monkeypatch, kind):
    out = tmp_path / "out"

    def refuse(path, *_, **__):
        raise InputError(f"cannot write {path.name}")

    writers = {"openpose": "output.write_openpose", "fields": "write_fields", "overlay": "output.write_image"}
    monkeypatch.setattr(f"bupose.predict.picture_files.{writers[kind]}", refuse)
    summary = run(photos, out, fields=True)
    assert (summary.pictures, summary.people, summary.failed) == (0, len(NAMES), len(NAMES))
    assert len(results(out)["coco_results.json"]) == len(NAMES)
    assert all("cannot write" in image["problem"] for image in results(out)["images.json"])


# --- what is there before ---


def test_where_nothing_can_be_read_earlier_results_stay(net, photos, tmp_path, lab):
    run(photos, tmp_path / "out")
    before = results(tmp_path / "out")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_bytes(b"no picture")
    for source in ("https://example.invalid/a.jpg", tmp_path / "bad"):
        with pytest.raises(InputError, match="holds results of another run"):
            run(source, tmp_path / "out")
        assert run(source, tmp_path / "out", overwrite=True).kept
        assert results(tmp_path / "out") == before
        assert not (tmp_path / "out" / UNFINISHED).exists()
    summary = run(tmp_path / "bad", tmp_path / "other")
    assert (summary.kept, summary.failed) == (False, 1)
    assert len(results(tmp_path / "other")["images.json"]) == 1


def test_an_interruption_keeps_earlier_results(net, photos, tmp_path, monkeypatch):
    run(photos, tmp_path / "out")
    before = results(tmp_path / "out")
    interrupt(monkeypatch, net, after=2)
    with pytest.raises(KeyboardInterrupt):
        run(photos, tmp_path / "out")
    assert results(tmp_path / "out") == before


def test_the_pictures_themselves_are_not_written_over(net, photos, tmp_path):
    out = tmp_path / "out"
    run(photos, out)
    for overwrite in (False, True):
        with pytest.raises(InputError, match=r"another run|would be overwritten"):
            run(out / "overlays", out, overwrite=overwrite)


def test_no_folder_given(net, photos, tmp_path, monkeypatch):
    """Results found before are no pictures of the next run."""
    monkeypatch.chdir(photos)
    folders = [infer(InferOptions(input=".", height=160, flip=flip)) for flip in (False, True, False)]
    assert [str(summary.folder) for summary in folders] == ["out", "out-2", "out"]
    assert [summary.pictures for summary in folders] == [len(NAMES)] * 3


def test_the_folder_of_the_pictures_as_output(net, photos, tmp_path):
    for out in (photos, photos, tmp_path / "out"):
        assert run(photos, out).pictures == len(NAMES)


def test_a_stream_cannot_be_resumed(net, tmp_path):
    with pytest.raises(BuposeError, match="cannot be resumed"):
        run("rtsp://example.invalid/x", tmp_path / "out", resume=True)
