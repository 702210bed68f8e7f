"""Self-test: whether the steps from a picture to people work, and their times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from bupose import weights
from bupose.errors import BuposeError
from bupose.estimate.estimator import Estimator
from bupose.estimate.stream import open_photo
from bupose.methods.paf import FieldCodec
from bupose.people import Labels, People
from bupose.samples import draw_crowd, find_portrait
from bupose.skeletons import COCO18
from bupose.synthetic.draw import draw_scene

DRAWN, NEAR = 5, 4.0  # number of people; maximum mean error of a found person, px
NOSE, FACE = (276, 232), 150  # of the portrait: position and width, px
REPEATS = 3


def group_drawn_people() -> Iterator[tuple[str, ...]]:
    """Draw people, encode their fields, and group them: everybody must be found where drawn."""
    drawn = []
    drawing = measure(lambda: drawn.append(draw_scene(3, (640, 368), DRAWN, COCO18)), repeats=1)
    codec, labels = FieldCodec(COCO18), drawn[0].labels
    start = time.perf_counter()
    found = codec.decode(codec.encode(labels, (640, 368)))
    first = 1000 * (time.perf_counter() - start)
    fields = codec.encode(labels, (640, 368))
    painting = measure(lambda: codec.encode(labels, (640, 368)))
    grouping = measure(lambda: codec.decode(fields))
    right = count_found(found, labels)
    wrong = (
        f"grouping finds {right} of {len(labels)} drawn people, and {len(found) - right} others; "
        "delete the cache of kernels, and report it if that does not help"
    )
    yield "drawn people", f"{right} of {len(labels)} found", "" if right == len(labels) == len(found) else wrong
    yield "kernels ready", f"{first:.0f} ms, once a process"
    yield "grouping", f"draw {drawing:.0f} ms, paint {painting:.1f} ms, group {grouping:.1f} ms"


def count_found(found: People, truth: Labels) -> int:
    """Number of people found with all their joints near the true ones."""
    error = np.linalg.norm(found.xy[:, None] - truth.xy, axis=-1)  # found person, true person, joint
    error = np.where(truth.visibility > 0, np.nan_to_num(error, nan=np.inf), np.nan)
    return int((np.nanmean(error, -1).min(0, initial=np.inf) < NEAR).sum())


def run_network() -> Iterator[tuple[str, ...]]:
    """Run the default network on a portrait (or on a drawing, if there is none)."""
    try:
        estimator = Estimator(weights.resolve(), precision="auto")
    except BuposeError:
        yield "network", "not run, see above"
        return
    portrait = find_portrait()
    photo = draw_crowd().image if portrait is None else portrait
    people = estimator(photo)
    if portrait is None:
        yield "network", f"{len(people)} found in a drawing"
    else:
        found = is_at_nose(people)
        wrong = "the network does not find the person of a portrait; get its file again, and report it if that fails"
        yield "network", f"a portrait's person is {'' if found else 'not '}found", "" if found else wrong
    opened = open_photo(photo, estimator.pipeline.least)
    views = estimator.pipeline.plan(opened)
    fields = estimator.pipeline.run([views])[0]
    steps = {
        "read": lambda: open_photo(photo, estimator.pipeline.least),
        "preprocess": lambda: estimator.pipeline.plan(opened),
        "network": lambda: estimator.pipeline.run([views]),
        "grouping": lambda: estimator.pipeline.combine(fields, views),
    }
    yield "a photo", ", ".join(f"{name} {measure(step):.1f} ms" for name, step in steps.items())


def is_at_nose(people: People) -> bool:
    """Whether the best person's nose is at that of the portrait."""
    if not len(people):
        return False
    nose = people.xy[0, people.skeleton.joints.index("nose")]
    return bool(np.linalg.norm(nose - NOSE) < FACE / 4)  # not where there is no nose


def measure(work: Callable, repeats: int = REPEATS) -> float:
    """The minimum time of some calls, ms."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)
