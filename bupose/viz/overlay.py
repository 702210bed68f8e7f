"""Overlay options, shared by all commands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bupose.options import check, option
from bupose.people import People
from bupose.viz.hues import colors_of, distinct_colors
from bupose.viz.people import draw_people
from bupose.viz.rgb import as_rgb
from bupose.viz.trails import Trail, draw_trails

COLORS = ("limb", "person")
LABELS = ("number", "score")


@dataclass
class OverlayOptions:
    """Overlay options. They do not affect the results.

    Parameters
    ----------
    colors : limb or person
        A colour for each limb, warm on the person's left and cool on their right; or one for each person.
    labels : list of number and score
        Text above a person: rank (0 is the best) and score.
    boxes : bool
        Draw the box around a person's joints.
    min_score : float
        Joints below it are not drawn.
    min_person_score : float
        People below it are not drawn.
    width : float
        Factor on every line and joint.
    opacity : float
        Opacity of a joint of score 1.
    ids : bool
        People who are followed through a video have a colour and a number each, instead.
    trail : float
        Seconds of the way that they have come; 0 draws none.
    """

    colors: str = option("limb", among=COLORS)
    labels: tuple[str, ...] = option((), among=LABELS)
    boxes: bool = option(False)
    min_score: float = option(0.0, 0, 1)
    min_person_score: float = option(0.0, 0, 1)
    width: float = option(1.0, 0.1, 10)
    opacity: float = option(0.9, 0, 1)
    ids: bool = option(True)
    trail: float = option(1.0, 0, 3600)

    def __post_init__(self) -> None:
        check(self, "overlay")


def draw_overlay(
    image: np.ndarray, people: People, options: OverlayOptions | None = None, only: Iterable[int] | None = None,
    trails: Iterable[Trail] = (),
) -> np.ndarray:  # fmt: skip
    """People over a photo, as :func:`draw_people` draws them.

    Parameters
    ----------
    image : array
        Any picture that :func:`draw_people` takes; not modified.
    people : People
    options : OverlayOptions, optional
    only : iterable of int, optional
        A subset of the people, with the numbers and colours that they have among all.
    trails : iterable of Trail, optional
        Drawn below them.

    Returns
    -------
    uint8 array (H, W, 3), RGB

    Raises
    ------
    InputError
        The image is not a picture.
    """
    options = options or OverlayOptions()
    rows = [n for n in (range(len(people)) if only is None else only)
            if people.person_score[n] >= options.min_person_score]  # fmt: skip
    known = people.ids if options.ids else None
    written = {"number": [str(n) for n in rows], "score": [f"{people.person_score[n]:.2f}" for n in rows]}
    parts = [written[name] for name in options.labels if known is None or name != "number"]
    colors = distinct_colors(len(people))[rows] if options.colors == "person" else None
    if known is not None:
        parts.insert(0, [str(i) if i >= 0 else "" for i in known[rows].tolist()])
        colors = colors_of(known[rows])
        image = as_rgb(image)
        draw_trails(image, trails, options.width)
    labels = [": ".join(filter(None, texts)) for texts in zip(*parts, strict=True)]
    return draw_people(
        image,
        people[rows],
        width=options.width,
        opacity=options.opacity,
        min_score=options.min_score,
        labels=labels if parts else None,
        person_colors=colors,
        boxes=options.boxes,
    )
