"""Annotations of any known format, checked and completed, as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bupose.annotations.categories import choose_category, counts_from_0, read_limbs
from bupose.annotations.choice import choose_annotations
from bupose.annotations.formats import FORMATS, guess_format
from bupose.annotations.images import read_images
from bupose.annotations.json_file import load_json
from bupose.annotations.outlines import Outline, read_outline
from bupose.annotations.own_skeleton import declare_skeleton, find_known, spelt_as
from bupose.annotations.values import Table, id_key, listed, numbers_of, read_table, records, track_ids
from bupose.errors import InputError, LabelsError
from bupose.paths import expand
from bupose.skeleton import Skeleton


@dataclass(frozen=True)
class Annotations:
    """A set of annotated pictures.

    Parameters
    ----------
    name : str
        Its name in messages.
    kind : name in ``FORMATS``
    joints : K names
        In bupose's spelling, in the order of the keypoints.
    category : dict
        The file's own: ``id``, ``name`` and ``skeleton``, if any.
    images : list of dicts
        As in the file, with ``id`` (the file's own), ``file_name`` ("" if there is none), ``width``, ``height``
        (0 if not known) and ``unlisted_people``.
    row : int array (N,)
        Index of each annotation's image in ``images``.
    table : Table
        The annotations' values.
    outlines : list of N Outline
    region : bool array (N,)
        Regions declared as unannotated; ``table.crowd`` is True for them, too.
    head_box : float array (N, 4), pixels
        x, y, width, height; NaN if there is none.
    notes : sentences
        Notes on oddities and omissions.
    other_ids : frozenset
        Normalised ids of the file's other categories with keypoints.
    track_ids : int32 array (N,), optional
        Who each person is across pictures, −1 if unknown; None if the file does not say.
    every_image : list of dicts
        ``images``, and in their places those that are marked as not labelled.
    damaged : sentences
        On files of a project that were left out, as they cannot be read.
    """

    name: str
    kind: str
    joints: tuple[str, ...]
    category: dict
    images: list[dict]
    row: np.ndarray
    table: Table
    outlines: list[Outline]
    region: np.ndarray
    head_box: np.ndarray
    notes: tuple[str, ...]
    other_ids: frozenset = frozenset()
    track_ids: np.ndarray | None = None
    every_image: Sequence[dict] = ()
    damaged: Sequence[str] = ()

    @property
    def own_middle(self) -> bool:
        """Whether the data set's neck is annotated."""
        return FORMATS[self.kind].own_middle

    def skeleton(self) -> tuple[Skeleton, str]:
        """The skeleton that the file declares, with notes.

        A built-in one with the same joints, else the file's joints and pairs, completed by ``declare_skeleton``; raises
        its errors, and ``LabelsError`` for limbs that are not pairs of joint numbers. Projects' names of joints are its
        ``spelling``.
        """
        names = self.category.get("own_names", self.joints)  # of a laboratory's project
        if known := find_known(self.joints):
            return spelt_as(known, self.joints, names), ""
        pairs = read_limbs(self.category.get("skeleton"), len(self.joints), self.name)
        table = self.table
        present = (table.visibility > 0) & table.person[:, None]
        name = str(self.category.get("name") or "own")
        skeleton, told = declare_skeleton(name, self.joints, pairs, table.xy, present)
        return spelt_as(skeleton, self.joints, names), told


def read(source, kind: str = "auto", category: str | int | None = None) -> Annotations:
    """Read annotations.

    Parameters
    ----------
    source : path of a JSON file, or its content
        For PoseTrack also a folder of JSON files; a project of DeepLabCut's, by its folder or config.yaml; a file of
        SLEAP's.
    kind : name in ``FORMATS``, or "auto"
        The format; by default detected from the content.
    category : name or id, optional
        The category, if several have keypoints; by default ``person``, else the only one.

    Raises
    ------
    InputError
        No such file, not JSON, or another format.
    LabelsError
        It is inconsistent; the message names the place.
    """
    data, name, kind = _load(source, kind)
    kind = guess_format(data) if kind in ("auto", "coco") else kind
    return _normalise(FORMATS[kind].convert(data, name), name, kind, category or FORMATS[kind].category or None)


def nothing(names: Sequence[str], joints: Sequence[str]) -> Annotations:
    """Photos without annotations."""
    images = [{"id": n, "file_name": name, "width": 0, "height": 0} for n, name in enumerate(names)]
    none = np.zeros(0)
    return Annotations(
        "photos", "coco", tuple(joints), {"id": 1, "name": "person"}, images, none.astype(int),
        read_table([], len(joints)), [], none.astype(bool), np.zeros((0, 4)), (),
    )  # fmt: skip


def _load(source, kind: str) -> tuple[object, str, str]:
    """The content, its name, and its format as far as it is known."""
    if not isinstance(source, (str, Path)):
        return *load_json(source), kind
    if not str(source):
        raise InputError("no annotation file is given; set annotations=FILE.json")
    try:
        folder = expand(source)
        if kind in FORMATS and FORMATS[kind].load and not folder.exists():
            raise InputError(f"there is no {str(source)!r}; give the path of labels of the format {kind}")
        for own, form in FORMATS.items():
            if form.load and folder.exists() and (kind == own or (kind in ("auto", "coco") and form.holds(folder))):
                return *form.load(folder), own
        files = sorted(folder.glob("*.json")) if folder.is_dir() else None
    except (OSError, ValueError):
        files = None  # reported by load_json
    if files is None:
        return *load_json(source), kind
    if not files:
        raise InputError(f"there is no .json file in {str(source)!r}; give an annotation file, or a folder of them")
    together: dict = {"images": [], "annotations": []}
    for file in files:
        data, name = load_json(file)
        part = FORMATS["coco"].convert(data, name)
        categories = together.setdefault("categories", part["categories"])
        if part["categories"] != categories:
            raise LabelsError(f"{name} has other categories than {files[0].name}; give files of one set")
        for key in ("images", "annotations"):
            together[key] += records(part[key], key, name)
    return together, folder.name, kind


def _normalise(data: Mapping, name: str, kind: str, wanted) -> Annotations:
    form, notes = FORMATS[kind], []
    category, ids, more = choose_category(data["categories"], wanted, name)
    notes += more
    if counts_from_0(category["of_file"].get("skeleton")):
        notes.append("The category's limbs are counted from 0, not from 1 as COCO's are: read so.")
    images, regions, more = read_images(records(data["images"], "images", name), name)
    notes += more
    labelled = [n for n, image in enumerate(images) if image["is_labeled"]]
    place = {n: k for k, n in enumerate(labelled)}
    rows = {id_key(images[n]["id"]): k for n, k in place.items()}
    listed_ones = records(data["annotations"], "annotations", name)
    mine = choose_annotations(listed_ones, ids, category, rows, images, name, notes)
    both = mine + [(place[n], a) for n, a in regions]
    every, images = images, [images[n] for n in labelled]
    with _named(name):
        table = read_table([a for _, a in both], len(category["joints"]))
        sizes = [(images[r]["width"], images[r]["height"]) for r, _ in both]
        outlines = [read_outline(a, b, s) for (_, a), b, s in zip(both, table.box, sizes, strict=True)]
        heads = [_head_box(a) for _, a in both]
    notes += table.notes
    if form.only_seen:
        table.visibility[table.visibility > 0] = 2
    row = np.array([r for r, _ in both], np.int64)
    empty = ~table.person & np.array([not (o.rings or o.code) for o in outlines], bool)
    if empty.any():
        which = listed(table.ids[n] for n in np.flatnonzero(empty))
        notes.append(
            f"No joints, no outline and no box, so of no effect: {empty.sum()} of {len(empty)} annotations ({which})."
        )
    return Annotations(
        name=name,
        kind=kind,
        joints=tuple(form.aliases.get(j, j) for j in category["joints"]),
        category=category["of_file"],
        images=images,
        row=row,
        table=table,
        outlines=outlines,
        region=np.arange(len(row)) >= len(mine),
        head_box=np.array(heads, np.float64).reshape(-1, 4),
        notes=tuple(notes),
        other_ids=category["others"],
        track_ids=track_ids([a for _, a in both]),
        every_image=every,
        damaged=data.get("damaged", ()) if form.load else (),
    )


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Prefix errors of single annotations with the file's name."""
    try:
        yield
    except LabelsError as problem:
        raise LabelsError(f"{name}: {problem}") from None


def _head_box(annotation: Mapping) -> Sequence[float]:
    values = annotation.get("head_box")
    if not values:
        return [np.nan] * 4
    whose = f"annotation {annotation.get('id', '?')!r:.40}"
    box = numbers_of(values, whose, "head_box").reshape(-1)
    if box.size != 4:
        raise LabelsError(f"{whose} has a head_box of {box.size} numbers; give 4")
    if not (box[2:] > 0).all():  # PCKh divides by it
        raise LabelsError(f"{whose} has a head_box without size; mend or remove it")
    return box.tolist()
