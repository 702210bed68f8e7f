"""What a second look at small people is worth, beside other ways to spend the time: AP and times of a plain pass."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bupose.estimate import Estimator, Pipeline
from bupose.estimate.stream import open_photo
from bupose.evaluate import coco_ap, read_ground_truth
from bupose.people import People

PLAIN = "plain"
WAYS: dict[str, dict[str, Any]] = {
    PLAIN: {},
    "refine=true": {"refine": True},
    "flip=true": {"flip": True},
    "scales=[1,1.5]": {"scales": [1.0, 1.5]},
    "refine=true flip=true": {"refine": True, "flip": True},
}


def beside_other_ways(network: Any, annotations: Path, images: Path, ways: Mapping[str, dict] = WAYS) -> list[dict]:
    """A row for each way: COCO AP over all photos, network pixels and time as multiples of a plain pass's.

    Photos that are in memory go one after the other, in all ways in turn, each until its people are there.
    """
    truth = read_ground_truth(annotations)
    estimators = {name: Estimator(network, **options) for name, options in ways.items()}
    found: dict[str, dict[Any, People]] = {name: {} for name in ways}
    seconds, pixels = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0)
    for n, (image_id, image) in enumerate(truth.images.items()):
        photo = open_photo(images / image["file_name"])
        for name in _turn(list(ways), n):
            pipeline, everybody = estimators[name].pipeline, estimators[name].showing_everybody().pipeline
            with _counted() as passes:
                start = time.perf_counter()
                look = pipeline.look([pipeline.plan(photo)], [photo])[0]
                pipeline.people(look)
                seconds[name] += time.perf_counter() - start if n >= len(ways) else 0  # the first ones warm up
            pixels[name] += sum(passes)
            found[name][image_id] = everybody.people(look)
    rows = []
    for name in ways:
        ap = coco_ap(found[name], truth)
        row = {"way": name, **{key: ap[key] for key in ("AP", "AP_medium", "AP_large", "AP75", "AR")}}
        row |= {"pixels": pixels[name] / pixels[PLAIN], "time": seconds[name] / seconds[PLAIN]}
        rows.append(row)
    return rows


def _turn(names: Sequence[str], n: int) -> list[str]:
    """Another one begins each time."""
    n %= len(names)
    return [*names[n:], *names[:n]]


@contextmanager
def _counted() -> Iterator[list[int]]:
    """Pixels of every batch of views that a pipeline sees meanwhile."""
    passes: list[int] = []
    run = Pipeline.run

    def counting(self: Pipeline, photos: Sequence[Sequence[Any]]) -> list[list[Any]]:
        passes.extend(int(np.prod(view.pixels.shape[:2])) for views in photos for view in views)
        return run(self, photos)

    Pipeline.run = counting  # type: ignore[method-assign]
    try:
        yield passes
    finally:
        Pipeline.run = run  # type: ignore[method-assign]
