"""A photo of 96 megapixels made of many: who is found in it, of those found in each alone, and in how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bupose.estimate import Estimator
from bupose.estimate.stream import open_photo
from bupose.evaluate.oks import oks_matrix
from bupose.people import People
from bupose.predict.output import write_image

SIZE, CELL = (12_000, 8_000), 640  # pixels
GREY = 114
SAME = 0.5  # OKS
SURE = 0.5  # person score
AREA = 0.53  # of a person in the box around the joints, about that of COCO's people


def in_one_photo(network: Path, files: Sequence[Path], folder: Path) -> list[dict]:
    """One row: people of the photos one by one, the share of them found again in all photos as one, and what that took.

    Faint people come and go with every change of the picture: beside it stands the share found again in each photo
    alone at full resolution, as tiles see it, and both shares for people from a score of ``SURE`` on. The large photo
    is looked at in a process of its own, with ``tiles=auto``, whose largest memory is told.

    Parameters
    ----------
    network : path
    files : sequence of path
        Photos of at most 640x640 pixels; the first 216 have room.
    folder : path
        For the large photo.
    """
    corners = paste(files, folder / "mosaic.jpg")
    code = "import sys; from bupose.benchmark.mosaic import look; look(*sys.argv[1:])"
    command = [sys.executable, "-c", code, str(network), str(folder / "mosaic.jpg")]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    large, estimator = np.array(told["xy"], np.float32), Estimator(network)
    sure, again, closer = [], [], []
    for file, corner in corners.items():
        people = estimator(file)
        sure.append(people.person_score >= SURE)
        again.append(found_again(people, large - np.array(corner)))
        alone = Estimator(estimator.network, height=open_photo(file).size[1])(file)
        closer.append(found_again(people, alone.xy))
    row = {"photos": len(corners), "megapixels": SIZE[0] * SIZE[1] / 1e6, "people one by one": sum(map(len, sure))}
    kept = np.concatenate(sure)
    for name, found in (("in all", again), ("alone at full resolution", closer)):
        joined = np.concatenate(found)
        row |= {f"found again {name} %": 100 * joined.mean(), f"of the sure {name} %": 100 * joined[kept].mean()}
    row |= {"people in all": len(large)}
    return [row | {"seconds": told["seconds"], "memory MB": told["memory"]}]


def paste(files: Sequence[Path], path: Path) -> dict[Path, tuple[int, int]]:
    """Write a photo in which others lie in rows and columns; where the left upper corner of each is."""
    canvas = np.full((SIZE[1], SIZE[0], 3), GREY, np.uint8)
    columns, rows = SIZE[0] // CELL, SIZE[1] // CELL
    corners = {}
    for n, file in enumerate(files[: columns * rows]):
        image = open_photo(file).image[:CELL, :CELL]
        x, y = n % columns * CELL, n // columns * CELL
        canvas[y : y + image.shape[0], x : x + image.shape[1]] = image
        corners[file] = (x, y)
    write_image(path, canvas)
    return corners


def look(network: str, photo: str) -> None:
    """Print people of a large photo, seconds, and the largest memory of this process in MB, as JSON."""
    import resource

    estimator = Estimator(Path(network), tiles="auto")
    start = time.perf_counter()
    people = estimator(photo)
    seconds = time.perf_counter() - start
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kB elsewhere
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps({"xy": people.xy.tolist(), "seconds": seconds, "memory": memory}))


def found_again(people: People, xy: np.ndarray) -> np.ndarray:
    """Which people, bool (P,), have one among others, float (Q, K, 2), with whom their joints agree to an OKS of 0.5.

    The area is taken from the box of the joints; a joint that the other lacks counts 0.
    """
    low, high = np.nanmin(people.xy, 1), np.nanmax(people.xy, 1)
    box, area = np.hstack([low, high - low]), AREA * (high - low).prod(1)
    present = np.isfinite(people.xy).all(-1)
    alike = oks_matrix(xy, people.xy, present, area, box, np.asarray(people.skeleton.sigmas))
    return np.asarray((alike > SAME).any(0))
