"""Many pictures on a cluster of two nodes, past the death of the command, of an actor and of a node."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import bupose
from bupose import synthetic
from bupose.errors import InputError
from bupose.predict.options import InferOptions, RayOptions
from bupose.predict.scale import run

pytest.importorskip("ray")
pq = pytest.importorskip("pyarrow.parquet")

PICTURES, HEIGHT, ROWS = 120, 96, 4
PATIENCE = 120  # seconds, on a busy machine


@pytest.fixture
def cluster(monkeypatch):
    """Two nodes with a processor each."""
    import ray
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    store = {"num_cpus": 1, "object_store_memory": 80_000_000}
    made = Cluster(initialize_head=True, head_node_args={**store, "include_dashboard": False})
    made.add_node(**store)
    yield made
    ray.shutdown()
    made.shutdown()


def actors(cluster) -> list[int]:
    """Processes of the cluster that hold a network."""
    raylets = {node.all_processes["raylet"][0].process.pid for node in cluster.list_all_nodes()}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            if parent in raylets and b"ShardWorker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def kill_one(cluster) -> None:
    os.kill(actors(cluster)[0], signal.SIGKILL)


def remove_node(cluster) -> None:
    cluster.remove_node(next(node for node in cluster.list_all_nodes() if not node.head), allow_graceful=False)


def start_and_kill(address: str, photos: Path, out: Path) -> None:
    """The command in a process of its own, killed as soon as there are shards."""
    arguments = [str(photos), "engine=ray", f"ray.address={address}", f"ray.rows={ROWS}", f"height={HEIGHT}"]
    command = [sys.executable, "-m", "bupose", "infer", *arguments, f"output={out}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        begun = time.monotonic()
        while len(list(out.glob("shards/[0-9]*.parquet"))) < 2:
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < begun + PATIENCE
            time.sleep(0.02)
        process.kill()


def check_whole(out: Path, people: bupose.People) -> None:
    """Every picture is there once, with the people of the estimator."""
    table = pq.read_table(out / "shards").to_pydict()
    assert sorted(Path(path).name for path in table["path"]) == [f"{n:04d}.png" for n in range(PICTURES)]
    assert table["error"] == [""] * PICTURES
    for scores, keypoints in zip(table["scores"], table["keypoints"], strict=True):
        np.testing.assert_allclose(scores, people.person_score, atol=1e-3)
        np.testing.assert_allclose(np.reshape(keypoints, people.triples().shape), people.triples(), atol=0.05)
    assert (out / "run.json").exists()
    assert not (out / "unfinished.jsonl").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_run_goes_on_past_every_death(cluster, tmp_path, monkeypatch):
    scene = synthetic.draw_scene(seed=3, size=(320, 240), people=2, skeleton=bupose.skeletons.COCO18)
    photos = tmp_path / "photos"
    photos.mkdir()
    bupose.predict.write_image(tmp_path / "one.png", scene.image)
    for n in range(PICTURES):
        (photos / f"{n:04d}.png").symlink_to(tmp_path / "one.png")
    people = bupose.load(height=HEIGHT, threads=1)(tmp_path / "one.png")
    assert len(people)
    strikes, receipts = {4: kill_one, 12: remove_node}, []

    def note(self, receipt, inputs):
        receipts.append(receipt)
        before(self, receipt, inputs)
        if strike := strikes.pop(len(receipts), None):
            strike(cluster)

    before = run._Run._note
    monkeypatch.setattr(run._Run, "_note", note)
    out = tmp_path / "out"
    options = {"input": str(photos), "output": str(out), "height": HEIGHT, "engine": "ray"}
    options["ray"] = RayOptions(address=cluster.address, rows=ROWS)

    start_and_kill(cluster.address, photos, out)
    with pytest.raises(InputError, match="interrupted run"):
        run.infer_many(InferOptions(**options))
    summary = run.infer_many(InferOptions(**options, resume=True))
    assert not strikes
    assert summary.skipped >= 2
    assert (summary.pictures, summary.failed) == (PICTURES - summary.skipped, 0)
    check_whole(out, people)
