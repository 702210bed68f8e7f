"""The round trips' steps with Ray, Daft, Spark and an S3 server beside bupose: their rows are those of a plain loop."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from compared import Compared

from bupose.predict import PoseMapper, write_image
from bupose.skeletons import COCO18
from bupose.synthetic import draw_scene

HEIGHT, SERVER, BUCKET = 184, "http://127.0.0.1:5055", "s3://photos"
ROUNDING = 1e-3  # px and scores: batches of other sizes are summed in another order
# The three examples of docs/scale.md, and how their rows are taken.
EXAMPLES: dict[str, Callable[[Any], list[dict]]] = {
    "Ray Data": lambda found: found.take_all(),
    "Daft": lambda found: found.to_pylist(),
    "Spark": lambda found: [row.asDict() for row in found.collect()],
}


def draw(folder: Path) -> list[str]:
    """Pictures of nobody to three people, and a broken file."""
    for n in range(6):
        scene = draw_scene(seed=n, size=(320 - 16 * n, 240), people=n % 4, skeleton=COCO18)
        write_image(folder / "photos" / f"{n}.png", scene.image)
    (folder / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    return sorted(str(path) for path in (folder / "photos").iterdir())


def plain(paths: list[str]) -> list[dict]:
    """Rows of the plain loop."""
    found = PoseMapper(height=HEIGHT, threads=1)({"path": paths})
    return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]


def same(what: str, rows: list[dict], expected: list[dict], compared: Compared) -> None:
    """Each file is one row, with the same people, or told to be broken."""
    rows = sorted(rows, key=lambda row: row["path"])
    compared.names(f"{what}: files", [Path(row["path"]).name for row in rows],
                   [Path(row["path"]).name for row in expected])  # fmt: skip
    compared.names(f"{what}: which is broken", [str(bool(row["error"])) for row in rows],
                   [str(bool(row["error"])) for row in expected])  # fmt: skip
    for name in ("scores", "keypoints"):
        got, wanted = ([numbers(one[name]) for one in some] for some in (rows, expected))
        compared.arrays(f"{what}: numbers of {name}", list(map(len, got)), list(map(len, wanted)), 0, "")
        compared.arrays(f"{what}: {name}", np.concatenate(got), np.concatenate(wanted), ROUNDING, "")


def numbers(values: Any) -> np.ndarray:
    """Of one row, flat; shards have null where there is no picture."""
    return np.ravel(np.asarray([] if values is None else values, float))


def engines(folder: Path, compared: Compared) -> None:
    """The examples of the page, as they stand there."""
    paths = draw(folder)
    pq.write_table(pa.table({"path": paths}), folder / "photos.parquet")
    expected = plain(paths)
    page = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
    blocks = page.partition("## In other engines")[2].partition("\n## ")[0].split("```text\n")[1:]
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "DAFT_RUNNER": "native"}  # not the Ray of the step before
    for (name, rows_of), block in zip(EXAMPLES.items(), blocks, strict=True):
        example = folder / f"{name.split()[0].lower()}_example.py"
        example.write_text(block.partition("```")[0])
        same(name, rows_of(runpy.run_path(str(example), run_name="__main__")["found"]), expected, compared)


def s3(folder: Path, compared: Compared) -> None:
    """The command on a bucket: a folder and a list in it, a bucket that is not there, and no key."""
    paths = sorted(str(path) for path in (folder / "photos").iterdir())
    expected, names = plain(paths), [Path(path).name for path in paths]
    with served(folder):
        import s3fs

        store = s3fs.S3FileSystem()
        store.mkdir(BUCKET)
        store.put(paths, [f"{BUCKET}/day/{name}" for name in names])
        pq.write_table(pa.table({"url": [f"{BUCKET}/day/{name}" for name in names]}), folder / "urls.parquet")
        store.put_file(str(folder / "urls.parquet"), f"{BUCKET}/urls.parquet")

        listed, found = f"{BUCKET}/people", folder / "people"
        for what, given, output in (
            ("folder", f"{BUCKET}/day/", str(found)),
            ("list", f"{BUCKET}/urls.parquet", listed),
        ):
            compared.arrays(f"infer of an S3 {what}: status", [infer(given, output)[0]], [1], 0, "")
        store.get(f"{listed}/shards", str(folder / "listed" / "shards"), recursive=True)
        same("PoseMapper of S3 URLs", plain([f"{BUCKET}/day/{name}" for name in names]), expected, compared)
        same("infer of an S3 folder", pq.read_table(found / "shards").to_pylist(), expected, compared)
        same("infer of an S3 list, to S3", pq.read_table(folder / "listed" / "shards").to_pylist(), expected, compared)

        refused = [infer("s3://nowhere/day/", str(folder / "refused")), infer(paths[0], "s3://nowhere/people")]
        del os.environ["AWS_SECRET_ACCESS_KEY"], os.environ["AWS_ACCESS_KEY_ID"]
        refused.append(infer(f"{BUCKET}/day/", str(folder / "refused")))
        compared.arrays("refused: status", [status for status, _ in refused], [2, 2, 2], 0, "")
        told = [[line for line in text.splitlines() if line.startswith("error: ")] for _, text in refused]
        compared.arrays("refused: sentences", list(map(len, told)), [1, 1, 1], 0, "")
        compared.arrays("refused: tracebacks", [text.count("Traceback") for _, text in refused], [0, 0, 0], 0, "")


def infer(source: str, output: str) -> tuple[int, str]:
    """Status and messages of the command."""
    command = [sys.executable, "-m", "bupose", "infer", source, "engine=ray", f"height={HEIGHT}", f"output={output}"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stderr


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """An S3 server of this machine."""
    os.environ |= {"AWS_ENDPOINT_URL": SERVER, "AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "none",
                   "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}  # fmt: skip
    command = [sys.executable, "-m", "moto.server", "-p", SERVER.rpartition(":")[2]]
    with (folder / "server.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            for _ in range(120):
                with suppress(OSError), urlopen(f"{SERVER}/moto-api/"):
                    break
                time.sleep(0.5)
            yield
        finally:
            server.terminate()


STEPS = {"map": engines, "s3": s3}

if __name__ == "__main__":
    step, place = sys.argv[1], Path(sys.argv[2])
    compared = Compared(place, f"engines_{step}")
    STEPS[step](place, compared)
    compared.save()
