"""Pictures side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.patheffects import withStroke

from bupose.errors import InputError
from bupose.people import People
from bupose.viz.plot import Plot
from bupose.viz.rgb import as_rgb
from bupose.wording import counted

_RIM = [withStroke(linewidth=3, foreground="#101218")]


def panels(*pictures: np.ndarray, titles: Sequence[str] = (), columns: int | None = None, width: float = 11.0) -> Plot:
    """Pictures in rows, each with its title.

    Parameters
    ----------
    *pictures : arrays
        Any that :func:`as_rgb` takes; the first one's aspect ratio sets the rows' height.
    titles : sequence of strings, optional
        One for each picture.
    columns : int, optional
        Pictures in a row; by default all.
    width : float, inches

    Raises
    ------
    InputError
        No pictures, a wrong number of titles, or an array that is not a picture.
    """
    if not pictures or len(titles) not in (0, len(pictures)):
        got = f"{counted(len(pictures), 'picture')} and {counted(len(titles), 'title')}"
        raise InputError(f"panels got {got}; give a title for each, or none")
    columns = min(columns or len(pictures), len(pictures))
    rows = -(-len(pictures) // columns)
    drawn = [as_rgb(picture) for picture in pictures]
    tall, wide = drawn[0].shape[:2]
    height = rows * (width / columns * tall / wide + (0.3 if titles else 0.05))
    figure = Plot(figsize=(width, height), layout="constrained")
    for n, axes in enumerate(figure.subplots(rows, columns, squeeze=False).ravel()):
        axes.set_axis_off()
        if n < len(drawn):
            axes.imshow(drawn[n], interpolation="antialiased")
            axes.set_title(titles[n] if titles else "", fontsize=10, loc="left")
    return figure


def name_joints(image: np.ndarray, people: People, person: int = 0, width: float = 6.0) -> Plot:
    """One person's joints with their names.

    Parameters
    ----------
    image : array
        Any picture :func:`as_rgb` takes; people are in its pixels.
    width : float, inches

    Raises
    ------
    InputError
        No such person, or the array is not a picture.
    """
    if not 0 <= person < len(people):
        raise InputError(f"no person {person}; there are {len(people)}, counted from 0")
    picture = as_rgb(image)
    figure = Plot(figsize=(width, width * picture.shape[0] / picture.shape[1]), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(picture)
    axes.set_axis_off()
    middle = np.nanmean(people.xy[person], 0) if people.present[person].any() else np.zeros(2)
    for k in np.flatnonzero(people.present[person]):
        x, y = people.xy[person, k]
        away = 9 if x >= middle[0] else -9
        look = {"color": people.skeleton.joint_colors[k] / 255, "fontsize": 10, "fontweight": "bold", "va": "center"}
        axes.plot(x, y, "o", markersize=6, color=look["color"], markeredgecolor="#101218")
        name = people.skeleton.joints[k].replace("_", " ")
        text = axes.annotate(name, (x, y), (away, 0), textcoords="offset points", **look)
        text.set(ha="left" if away > 0 else "right", path_effects=_RIM, in_layout=False)
    return figure
