"""Many small pictures: the engine for very many beside the plain command, in turns."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bupose import synthetic
from bupose.predict import write_image
from bupose.predict.options import InferOptions, RayOptions
from bupose.predict.predict import infer
from bupose.predict.scale import run
from bupose.predict.scale.worker import Receipt
from bupose.skeletons import COCO17

DRAWN, SIZE = 20, (320, 240)
HEIGHT = 184


def beside_plain(folder: Path, count: int, rounds: int = 3) -> list[dict]:
    """Pictures a second of both, with the network's default threads, and what the workers hold.

    Parameters
    ----------
    folder : path
        Empty; gets the pictures, each a link to one of ``DRAWN``, and the results.
    count : int
    rounds : int
        Both run once in each; the ratio is the median over rounds.

    Notes
    -----
    The rate of the engine is that after its first shard, which comes when a worker has started; MB are those of all
    workers after the first tenth of the shards, and at the end.
    """
    photos = folder / "photos"
    photos.mkdir()
    for n in range(DRAWN):
        scene = synthetic.draw_scene(seed=n, size=SIZE, people=2, skeleton=COCO17)
        write_image(folder / f"{n}.jpg", scene.image)
    for n in range(count):
        (photos / f"{n:06d}.jpg").symlink_to(folder / f"{n % DRAWN}.jpg")
    options: dict[str, Any] = {"input": str(photos), "height": HEIGHT, "overlays": False, "openpose": False}
    options["overwrite"] = True
    rows = []
    for turn in range(rounds):
        plain = infer(InferOptions(**options, output=str(folder / "plain")))
        with _watched() as seen:
            begun = time.perf_counter()
            many = run.infer_many(InferOptions(**options, output=str(folder / "many"), engine="ray", ray=RayOptions()))
        first, last = seen[0], seen[-1]
        held = [held for *_, held in seen]
        local = plain.pictures / plain.seconds
        spread = (many.pictures - first[1]) / (last[0] - first[0])
        rows.append(
            {
                "turn": turn + 1,
                "pictures": count,
                "plain, images/s": local,
                "engine=ray, images/s": spread,
                "ratio": spread / local,
                "first shard, s": first[0] - begun,
                "MB after a tenth": held[len(held) // 10] / 1e6,
                "MB at the end": held[-1] / 1e6,
            }
        )
    return rows


@contextmanager
def _watched() -> Iterator[list[tuple[float, int, int]]]:
    """Each receipt's time, rows, and the bytes that workers hold then."""
    seen: list[tuple[float, int, int]] = []
    before: Callable = run._Run._note

    def note(self, receipt: Receipt, inputs: int) -> None:
        before(self, receipt, inputs)
        seen.append((time.perf_counter(), receipt.rows, _held()))

    run._Run._note = note  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        run._Run._note = before  # type: ignore[method-assign]


def _held() -> int:
    """Bytes of memory that processes of Ray's workers hold."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            if b"ShardWorker" in (folder / "cmdline").read_bytes():
                total += int((folder / "statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return total
