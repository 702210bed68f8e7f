"""Ends that nobody announces: kill -9 at any moment, signals, disks without room, two runs in one folder."""

import json
import os
import random
import signal
import time

import cv2
import numpy as np
import pytest
from films import write_film

from bupose.folder import OutputFolder
from bupose.wording import counted

PICTURES = 40
COMMON = ("input=in", "output=out", "batch=8", "device=cpu")


@pytest.fixture
def photos(hostile):
    """Small pictures of several sizes, so that few batches fill."""
    rng = np.random.default_rng(5)
    for n in range(PICTURES):
        height, width = [(60, 80), (80, 60), (64, 150), (50, 50)][n % 4]
        pixels = np.ascontiguousarray(rng.integers(0, 256, (height, width, 3), np.uint8))
        path = hostile.folder / "in" / f"{'abc'[n % 3]}" / f"{n:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return hostile.folder / "in"


def listed(folder):
    """The whole lines of the unfinished list, without its settings."""
    path = folder / "unfinished.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines[1:]]


def wait_for(condition, seconds=60.0):
    """Until something is so, which it soon must be."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def results(folder):
    return {
        name: json.loads((folder / name).read_text(encoding="utf-8")) for name in ("images.json", "coco_results.json")
    }


def assert_same(folder, whole):
    """Up to what batches of other sizes round."""
    found, expected = results(folder), results(whole)
    assert found["images.json"] == expected["images.json"]
    assert len(found["coco_results.json"]) == len(expected["coco_results.json"])
    for a, b in zip(found["coco_results.json"], expected["coco_results.json"]):
        assert a["image_id"] == b["image_id"]
        np.testing.assert_allclose(a["keypoints"], b["keypoints"], atol=0.01)
    names = [sorted(p.relative_to(f).as_posix() for p in f.rglob("*")) for f in (folder, whole)]
    assert names[0] == names[1]


def test_a_killed_video_goes_on_with_the_same_ids(hostile):
    rng, common = (
        np.random.default_rng(2),
        ("input=walk.mp4", hostile.weights, "batch=1", "device=cpu", "tracking=live"),
    )
    background = cv2.resize(rng.integers(0, 255, (6, 8, 3)).astype(np.uint8), (96, 64))
    write_film(hostile.folder / "walk.mp4", rate=10, images=[np.roll(background, n, 1) for n in range(PICTURES)])
    out, whole = hostile.folder / "out", hostile.folder / "whole"
    job = hostile.start("infer", *common, "output=out")
    wait_for(lambda: len(listed(out)) > 5 or (out / "run.json").exists())
    job.kill()
    job.wait()
    assert 5 < len(listed(out)) < PICTURES
    ended = hostile.run("infer", *common, "output=out", "resume=true")
    hostile.judge(ended, 0, "done before", kind="kills")
    hostile.judge(hostile.run("infer", *common, "output=whole"), 0)
    assert_same(out, whole)
    people = [json.loads((folder / "coco_results.json").read_text(encoding="utf-8")) for folder in (out, whole)]
    ids = [[person.get("track_id") for person in results] for results in people]
    assert ids[0] == ids[1]
    assert {0} <= {*ids[0]}


def test_killed_again_and_again_a_run_comes_to_its_end(hostile, photos):
    """What was listed once stays, each life adds something, and in the end all is as if nothing had been."""
    rng, out, before, kills = random.Random(3), hostile.folder / "out", [], 0
    while kills < 3:
        job, count = hostile.start("infer", *COMMON, hostile.weights, "resume=true"), len(before)
        wait_for(lambda count=count: len(listed(out)) > count or (out / "run.json").exists())
        time.sleep(rng.random() * 0.02)
        job.kill()
        job.wait()
        if (out / "run.json").exists():
            break
        now = listed(out)
        assert now[:count] == before
        assert len(now) > count
        before, kills = now, kills + 1
    assert kills > 1
    ended = hostile.run("infer", *COMMON, hostile.weights, "resume=true")
    hostile.judge(ended, 0, inputs=kills + 1)
    whole = hostile.run("infer", "input=in", "output=whole", "batch=8", hostile.weights)
    assert whole.status == 0
    assert_same(out, hostile.folder / "whole")


def test_a_signal_is_told_and_the_run_goes_on(hostile, photos):
    out = hostile.folder / "out"
    job = hostile.start("infer", *COMMON, hostile.weights)
    wait_for(lambda: listed(out))
    os.kill(job.pid, signal.SIGTERM)
    ended = job.wait()
    hostile.judge(ended, 143, "interrupted after", "resume=true")
    done = len(listed(out))
    ended = hostile.run("infer", *COMMON, hostile.weights, "resume=true")
    hostile.judge(ended, 0, counted(PICTURES - done, "picture"), f"{done} done before")


def test_a_disk_without_room(hostile, photos):
    """No file may have more than some bytes, which ends the run at its growing list."""
    ended = hostile.run("infer", *COMMON, hostile.weights, "overlays=false", limits={"FSIZE": 20_000})
    hostile.judge(ended, 2, "cannot write", "what is finished is kept")
    done = len(listed(hostile.folder / "out"))
    assert done
    ended = hostile.run("infer", *COMMON, hostile.weights, "overlays=false", "resume=true")
    hostile.judge(ended, 0, counted(PICTURES - done, "picture"))
    assert len(results(hostile.folder / "out")["images.json"]) == PICTURES


@pytest.mark.parametrize("second", [(), ("overwrite=true",), ("resume=true",)])
def test_a_folder_that_another_process_writes_to(hostile, photos, second):
    with OutputFolder(hostile.folder / "out"):
        ended = hostile.run("infer", *COMMON, hostile.weights, *second)
    assert ended.status == 2, str(ended)
    assert f"another bupose (process {os.getpid()} on" in ended.err


def test_nobody_listens_and_nothing_can_be_spelt(hostile, photos):
    """Closed streams, an encoding without letters: the results are the same."""
    (photos / "a" / "Straße 日本.png").write_bytes((photos / "a" / "00.png").read_bytes())
    spelling = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    spelling["TORCHINDUCTOR_CACHE_DIR"] = str(hostile.folder)  # torch makes one when it is imported
    arguments = ("infer", *COMMON, hostile.weights, "csv=true")
    hostile.judge(hostile.spawn(*arguments, environment=spelling, shell='"$@" >&- 2>&-'), 0)
    assert len(results(hostile.folder / "out")["images.json"]) == PICTURES + 1
