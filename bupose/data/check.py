"""Checks of annotations: counts, crowding, and defects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bupose.annotations.crowding import EASY, HARD, crowd_index
from bupose.data.datasets import DataOptions
from bupose.data.picture import picture_of
from bupose.errors import InputError
from bupose.options import Needs, check, check_needs, option
from bupose.people import Labels
from bupose.wording import counted

_FACING = ("shoulder", "hip", "eye", "ear")  # pairs across a body, not along a limb


@dataclass
class CheckOptions:
    """Options of scripts/check_data.py.

    Parameters
    ----------
    data : DataOptions
        The data set.
    skeleton : name of a built-in skeleton, or path of a .yaml file
        Skeleton of the joints; "auto" as in training: for a file in COCO's format the one it declares.
    limbs : declared or auto
        "auto" also writes how well each pair of joints tells people apart, limbs.csv, and the skeleton with the limbs
        chosen, skeleton.yaml.
    weights : path
        A network trained with limbs=all, by whose fields limbs=auto then chooses; null is by the labels alone.
    output : str
        A folder for ``labels.jpg``, ``suspicious.jpg``, ``defects.txt`` and ``empty.txt``.
    pictures : int
        Number of pictures to draw.
    decode : bool
        Read every picture, to find missing and damaged ones.
    """

    data: DataOptions = field(default_factory=DataOptions)
    skeleton: str = option("auto", path=True)
    limbs: str = option("declared", among=("declared", "auto"))
    weights: str | None = option(None, path=True)
    output: str = option("check", path=True)
    pictures: int = option(24, 0, 1000)
    decode: bool = option(True)

    def __post_init__(self) -> None:
        check(self)
        check_needs(self, {"weights": Needs(lambda o: o.limbs == "auto", "no limbs are chosen; add limbs=auto")})


@dataclass(frozen=True)
class Defect:
    """A defect, or possible defect, of a picture; ``row`` is its index, −1 for a file of labels."""

    kind: str
    picture: str
    what: str
    row: int

    def __str__(self) -> str:
        return f"{self.picture}: {self.what}"


@dataclass(frozen=True)
class DatasetStats:
    """Statistics of a data set.

    Parameters
    ----------
    joints : dict of name -> (seen, hidden)
    crowd : float array (pictures with people,)
        Crowd index of each.
    heights : float array (people,), px
        Heights of boxes.
    notes : sentences
        How the annotations were read: joints matched, oddities, omissions.
    """

    pictures: int
    people: int
    joints: dict[str, tuple[int, int]]
    crowd: np.ndarray
    heights: np.ndarray
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        easy, hard = (self.crowd < EASY).sum(), (self.crowd >= HARD).sum()
        lines = [f"{counted(self.pictures, 'picture')}, {counted(self.people, 'person')} with joints"]
        if self.people:
            low, middle, high = np.percentile(self.heights, (5, 50, 95))
            lines.append(f"heights of boxes: 5 % below {low:.0f} px, half below {middle:.0f}, 5 % above {high:.0f}")
            split = f"{easy} easy, {len(self.crowd) - easy - hard} medium, {hard} hard"
            lines.append(f"crowd index {self.crowd.mean():.2f} on average: {split} pictures")
        width = max(len(name) for name in self.joints)
        lines += [f"  {name:{width}}  {seen:7} seen  {hidden:7} hidden" for name, (seen, hidden) in self.joints.items()]
        return "\n".join([*lines, *self.notes])


def survey(samples) -> DatasetStats:
    """Statistics of a data set, without decoding its pictures."""
    names, crowd, heights = samples.skeleton.joints, [], []
    counts = np.zeros((len(names), 3), np.int64)
    for i in range(len(samples)):
        try:
            labels = picture_of(samples, i).labels
        except InputError:  # find_defects tells
            continue
        if len(labels):
            counts += (labels.visibility[..., None] == (0, 1, 2)).sum(0)
            crowd.append(crowd_index(labels.xy, labels.present, labels.box))
            heights.append(labels.box[:, 3])
    joints = {name: (int(seen), int(hidden)) for name, (_, hidden, seen) in zip(names, counts, strict=True)}
    tall = np.concatenate(heights) if heights else np.zeros(0)
    return DatasetStats(len(samples), len(tall), joints, np.array(crowd), tall, getattr(samples, "notes", ()))


def spread_rows(count: int, wanted: int) -> list[int]:
    """Up to ``wanted`` indices spread evenly over ``count``."""
    wanted = min(count, wanted)
    return [round(n * (count - 1) / max(wanted - 1, 1)) for n in range(wanted)]


def find_defects(samples, decode: bool = True) -> Iterator[Defect]:
    """Find what is wrong or suspicious in a data set.

    Parameters
    ----------
    samples : sequence of samples
    decode : bool
        Also read every picture, to find those that are missing, damaged or of another size.
    """
    for told in getattr(samples, "damaged", ()):
        yield Defect("unreadable", "labels", told, -1)
    names: dict[int | str, int] = {}
    ids: dict[int | str, int] = {}
    for i in range(len(samples)):
        try:
            picture = picture_of(samples, i)
        except InputError as problem:
            yield Defect("unreadable", str(i), str(problem), i)
            continue
        for kind, seen, key in (("same file", names, picture.name), ("same id", ids, picture.image_id)):
            if key in seen:
                yield Defect("duplicate", picture.name, f"{kind} {key!r} as picture {seen[key]}", i)
            seen.setdefault(key, i)
        for kind, what in people_defects(picture.labels, picture.size):
            yield Defect(kind, picture.name, what, i)
        if decode:
            try:
                picture.decode(1)
            except InputError as problem:
                yield Defect("unreadable", picture.name, str(problem), i)


def people_defects(labels: Labels, size: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """Kind and description of the defects of people in one picture of ``size`` = (width, height)."""
    here, xy, names = labels.present, labels.xy, labels.skeleton.joints
    outside = here & ~((xy >= -1) & (xy <= np.array(size) + 1)).all(2)
    for p, k in np.argwhere(outside):
        at = f"({xy[p, k, 0]:.0f}, {xy[p, k, 1]:.0f})"
        yield "outside picture", f"person {p}: {names[k]} at {at} lies outside {size[0]}x{size[1]}"
    x, y, w, h = labels.box.T
    over = np.array(size) * 0.1 + 3
    beyond = ((labels.box[:, :2] < -over) | (labels.box[:, :2] + labels.box[:, 2:] > np.array(size) + over)).any(1)
    for p in np.flatnonzero(beyond & (w > 0) & (h > 0)):
        at = ", ".join(f"{side:.0f}" for side in labels.box[p])
        yield "outside picture", f"person {p}: the box [{at}] leaves {size[0]}x{size[1]}: is it x, y, width, height?"
    margin = 0.15 * np.maximum(w, h)[:, None] + 3
    low, high = (
        np.stack([x, y], 1)[:, None] - margin[..., None],
        np.stack([x + w, y + h], 1)[:, None] + margin[..., None],
    )
    strays = (labels.visibility == 2) & ~((xy >= low) & (xy <= high)).all(2)  # hidden ones may well be
    for p in range(len(labels)):
        if w[p] <= 0 or h[p] <= 0:
            yield "empty box", f"person {p}: the box is {w[p]:.0f}x{h[p]:.0f} px"
        elif strays[p].any():
            which = ", ".join(names[k] for k in np.flatnonzero(strays[p]))
            yield "outside box", f"person {p}: {which} seen far outside the box"
        rows = {tuple(at) for at in xy[p][here[p]].round(1).tolist()}
        if here[p].sum() > 2 and len(rows) <= here[p].sum() // 2:
            yield "joints in one place", f"person {p}: {here[p].sum()} joints in {len(rows)} places"
        if _is_swapped(labels, p):
            yield "left and right", f"person {p}: left and right of some pairs look swapped"
    for p in range(len(labels)):
        for q in _doubles(labels, p):
            yield "duplicate", f"people {p} and {q} have the same joints"


def _doubles(labels: Labels, p: int) -> np.ndarray:
    """Later people of whom half the joints shared with ``p`` coincide, to 2 % of their size."""
    here = labels.present
    near = np.hypot(*np.moveaxis(labels.xy[p] - labels.xy[p + 1 :], -1, 0))
    near = near < 0.02 * max(float(labels.box[p, 2:].max()), 1.0)
    both = here[p] & here[p + 1 :]
    count = both.sum(1)
    same = (2 * (near & both).sum(1) > count) & (count >= 3) & (count >= 0.5 * here[p].sum())
    return p + 1 + np.flatnonzero(same)


def _is_swapped(labels: Labels, p: int) -> bool:
    """Whether shoulders, hips, eyes and ears disagree about left and right by more than a twisted body allows."""
    index, across = labels.skeleton.index, []
    for part in _FACING:
        left, right = index.get(f"left_{part}"), index.get(f"right_{part}")
        if left is not None and right is not None and labels.present[p, [left, right]].all():
            across.append((part, labels.xy[p, left] - labels.xy[p, right]))
    body = max(float(labels.box[p, 2:].max()), 1.0)
    for n, (first, a) in enumerate(across):
        for second, b in across[n + 1 :]:
            same_part = {first, second} in ({"shoulder", "hip"}, {"eye", "ear"})
            least = 0.08 * body if same_part and "hip" in (first, second) else 0.03 * body
            lengths = np.hypot(*a), np.hypot(*b)
            if same_part and min(lengths) > least and a @ b < -0.5 * lengths[0] * lengths[1]:
                return True
    return False
