"""Annotations of any known format, checked and completed, as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bupose.annotations.files import load_json
from bupose.annotations.formats import FORMATS, guess_format
from bupose.annotations.names import read_names
from bupose.annotations.outlines import Outline, read_outline
from bupose.annotations.values import FAR, Table, id_key, listed, numbers_of, read_table, records
from bupose.errors import InputError, LabelsError
from bupose.skeleton import Skeleton


@dataclass(frozen=True)
class Annotations:
    """A set of annotated pictures.

    Parameters
    ----------
    name : str
        What messages call it.
    kind : name in ``FORMATS``
    joints : K names
        In bupose's spelling, in the order of the keypoints.
    category : dict
        The file's own: ``id``, ``name`` and, if it has one, ``skeleton``.
    images : list of dicts
        As in the file, with ``id`` (the file's own), ``file_name`` ("" if there is none), ``width``, ``height``
        (0 if not known) and ``unlisted_people``.
    row : int array (N,)
        Each annotation's image, by place in ``images``.
    table : Table
        The annotations' numbers.
    outlines : list of N Outline
    region : bool array (N,)
        Regions that the set itself declares as not annotated, by their outline; ``table.crowd`` holds of them too.
    head_box : float array (N, 4), pixels
        x, y, width, height; NaN where there is none.
    notes : sentences
        What was odd, and what was left out.
    other_ids : frozenset
        Of the file's other categories with keypoints, as ``id_key`` has them.
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

    @property
    def own_middle(self) -> bool:
        """Whether the set's neck is a point of its own."""
        return FORMATS[self.kind].own_middle

    def skeleton(self) -> Skeleton:
        """The skeleton that the file declares: its joints, and its pairs of joint numbers as limbs.

        Raises
        ------
        LabelsError
            Limbs that are no pairs of its joints' numbers.
        SkeletonError
            The limbs do not connect the joints, or a left or right joint has no counterpart.
        """
        limbs = read_limbs(self.category.get("skeleton"), len(self.joints), self.name)
        named = tuple((self.joints[a], self.joints[b]) for a, b in limbs)
        return Skeleton(str(self.category.get("name") or "own"), self.joints, named)


def read(source, kind: str = "auto", category: str | int | None = None) -> Annotations:
    """Read annotations.

    Parameters
    ----------
    source : path of a JSON file, or its content
        Of PoseTrack also the path of a folder of JSON files.
    kind : name in ``FORMATS``, or "auto"
        The format; by default told by the content.
    category : name or id, optional
        Where several categories have keypoints; by default ``person``, else the only one.

    Raises
    ------
    InputError
        No such file, no JSON, or another format.
    LabelsError
        It contradicts itself; the message names the place.
    """
    data, name = _load(source, kind)
    kind = guess_format(data) if kind in ("auto", "coco") else kind
    return _normalise(FORMATS[kind].convert(data, name), name, kind, category)


def nothing(names: Sequence[str], joints: Sequence[str]) -> Annotations:
    """Photos of these file names of which nothing is known."""
    images = [{"id": n, "file_name": name, "width": 0, "height": 0} for n, name in enumerate(names)]
    none = np.zeros(0)
    return Annotations(
        "photos", "coco", tuple(joints), {"id": 1, "name": "person"}, images, none.astype(int),
        read_table([], len(joints)), [], none.astype(bool), np.zeros((0, 4)), (),
    )  # fmt: skip


def _load(source, kind: str) -> tuple[object, str]:
    if not isinstance(source, (str, Path)):
        return load_json(source)
    if not str(source):
        raise InputError("no annotation file is given; set annotations=FILE.json")
    try:
        folder = Path(source).expanduser()
        files = sorted(folder.glob("*.json")) if folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):
        files = None  # told by load_json
    if files is None:
        return load_json(source)
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
    return together, folder.name


def _normalise(data: Mapping, name: str, kind: str, wanted) -> Annotations:
    form, notes = FORMATS[kind], []
    category, ids, more = choose_category(data["categories"], wanted, name)
    notes += more
    if _counts_from_0(category["of_file"].get("skeleton")):
        notes.append("The category's limbs are counted from 0, not from 1 as COCO's are: read so.")
    images, regions, more = _read_images(records(data["images"], "images", name), name)
    notes += more
    labelled = [n for n, image in enumerate(images) if image["is_labeled"]]
    place = {n: k for k, n in enumerate(labelled)}
    rows = {id_key(images[n]["id"]): k for n, k in place.items()}
    mine = _choose_annotations(records(data["annotations"], "annotations", name), ids, rows, images, name, notes)
    both = mine + [(place[n], a) for n, a in regions]
    images = [images[n] for n in labelled]
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
    )


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Puts the file's name before what is wrong with one of its annotations."""
    try:
        yield
    except LabelsError as problem:
        raise LabelsError(f"{name}: {problem}") from None


def choose_category(categories, wanted: str | int | None, name: str) -> tuple[dict, set, list[str]]:
    """The category to read (``joints``, ``of_file``: its dict, ``others``: further ids), its ids, and what to tell.

    Of several with keypoints ``person`` is taken, else one must be chosen. Several of one name are one category if
    their joints are the same.

    Raises
    ------
    LabelsError
        There is none, several and none was chosen, or several of one name with different joints.
    """
    able = [c for c in records(categories, "categories", name) if c.get("keypoints")]
    if not able:
        raise InputError(f"{name} has no category with keypoint names; COCO keypoint files list them in categories")
    if lost := [c for c in able if id_key(c.get("id")) is None]:
        raise LabelsError(f"{name}: category {lost[0].get('name')!r:.40} has no id; give it a number")
    names = list(dict.fromkeys(str(c.get("name") or c["id"]) for c in able))
    chosen, notes = wanted, []
    if wanted in (None, ""):
        chosen = names[0] if len(names) == 1 else "person"
    same = [c for c in able if str(c.get("name") or c["id"]) == str(chosen)]
    same = same or [c for c in able if id_key(c["id"]) == id_key(chosen)]
    if not same:
        got = f"no category {wanted!r:.40} with keypoints" if wanted else "several categories with keypoints"
        raise InputError(f"{name} has {got}; it has {', '.join(names)}; choose one with category=")
    if len(names) > 1 and wanted in (None, ""):
        notes.append(f"Categories with keypoints are {', '.join(names)}; person is read.")
    joints = [read_names(c["keypoints"], f"{name}: category {c.get('name')!r:.40}") for c in same]
    if len(set(joints)) > 1:
        raise LabelsError(
            f"{name}: {len(same)} categories named {chosen!r} have different joints; choose one by its id"
        )
    if len(same) > 1:
        which = listed(c["id"] for c in same)
        notes.append(f"Categories named {chosen!r}, all of them read: {len(same)} (ids {which}).")
    ids = {id_key(c["id"]) for c in same}
    others = frozenset(id_key(c["id"]) for c in able) - ids
    return {"joints": joints[0], "of_file": dict(same[0]), "others": others}, ids, notes


def read_limbs(pairs, joints: int, name: str) -> list[tuple[int, int]]:
    """A category's ``skeleton`` as pairs of joint numbers from 0; files count from 1, as COCO's, or from 0.

    Raises
    ------
    LabelsError
        No list of pairs of the joints' numbers.
    """
    if pairs is None:
        return []
    first, limbs = 0 if _counts_from_0(pairs) else 1, []
    for pair in pairs if isinstance(pairs, (list, tuple)) else [pairs]:
        ends = [id_key(end) for end in pair] if isinstance(pair, (list, tuple)) else []
        if len(ends) != 2 or not all(isinstance(end, int) and first <= end < joints + first for end in ends):
            fits = f"pairs of numbers from {first} to {joints - 1 + first}, one for each of its joints"
            raise LabelsError(f"{name}: the category's skeleton has the limb {pair!r:.40}; write {fits}")
        limbs.append((ends[0] - first, ends[1] - first))
    return limbs


def _counts_from_0(pairs) -> bool:
    """Whether some limb ends at a joint 0."""
    pairs = pairs if isinstance(pairs, (list, tuple)) else ()
    return any(id_key(end) == 0 for pair in pairs if isinstance(pair, (list, tuple)) for end in pair)


def _read_images(images: Sequence[Mapping], name: str) -> tuple[list[dict], list[tuple[int, dict]], list[str]]:
    """Images with every value in place, regions to ignore with their image's number, and what to tell."""
    read_ones: list[dict] = []
    regions, seen, odd, again, unlabelled = [], {}, [], [], 0
    for n, image in enumerate(images):
        key = id_key(image.get("id"))
        if key is None:
            raise LabelsError(f"{name}: image {n} has the id {image.get('id')!r:.40}; give it a number or text")
        file_name = image.get("file_name")
        file_name = "" if file_name is None else file_name
        if not isinstance(file_name, str) or "\0" in file_name:
            raise LabelsError(f"{name}: image {image['id']!r:.40} has the file_name {file_name!r:.40}; write text")
        if key in seen:
            if seen[key] != file_name:
                both = f"{seen[key]!r:.80} and {file_name!r:.80}"
                raise LabelsError(f"{name}: two images have the id {image['id']!r:.40}: {both}; give each its own")
            again.append(image["id"])
            continue
        seen[key] = file_name
        width, height = _side(image.get("width")), _side(image.get("height"))
        if None in (width, height):
            odd.append(image["id"])
            width = height = 0
        labelled = image.get("is_labeled", True) not in (False, 0)
        unlabelled += not labelled
        values = {"file_name": file_name, "width": width, "height": height, "is_labeled": labelled}
        if "unlisted_people" in image:
            values["unlisted_people"] = bool(image["unlisted_people"])
        if "crowdIndex" in image and not _is_share(image["crowdIndex"]):
            values["crowdIndex"] = None
            odd.append(image["id"])
        if labelled:
            regions += [(len(read_ones), r) for r in _ignored(image, name)]
        read_ones.append({**image, **values})
    notes = []
    if odd:
        notes.append(
            f"Width, height or crowdIndex of no use, not used: {len(odd)} of {len(images)} images ({listed(odd)})."
        )
    if again:
        notes.append(f"Listed more than once, taken once: {len(again)} of {len(images)} images ({listed(again)}).")
    if unlabelled:
        notes.append(f"Frames marked as not labelled, left out: {unlabelled} of {len(read_ones)}.")
    return read_ones, regions, notes


def _side(value) -> int | None:
    """A picture's width or height, 0 where it is not given, None where it is nonsense."""
    if value is None or value == 0:
        return 0
    number = id_key(value)
    return number if isinstance(number, int) and 0 < number <= FAR else None


def _is_share(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < np.inf


def _ignored(image: Mapping, name: str) -> list[dict]:
    """PoseTrack's regions to ignore: a list of x and one of y for each, or of a single region."""
    sides = [image.get(f"ignore_regions_{axis}") or [] for axis in "xy"]
    whose = f"{name}: image {image['id']!r:.40}"
    wrong = LabelsError(f"{whose} has ignore_regions_x and _y that do not fit together; give a list of each a region")
    if not all(isinstance(side, list) for side in sides) or len(sides[0]) != len(sides[1]):
        raise wrong
    if sides[0] and not isinstance(sides[0][0], list):
        sides = [[side] for side in sides]
    found = []
    for n, (x, y) in enumerate(zip(*sides, strict=True)):
        x, y = numbers_of(x, whose, "ignore_regions_x"), numbers_of(y, whose, "ignore_regions_y")
        if x.ndim != 1 or x.shape != y.shape or not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise wrong
        if len(x) > 2:
            box = [x.min(), y.min(), np.ptp(x), np.ptp(y)]
            ring = np.stack([x, y], 1).reshape(-1).tolist()
            who = f"region {n} of image {image['id']}"
            found.append({"id": who, "iscrowd": 1, "segmentation": [ring], "bbox": box})
    return found


def _choose_annotations(
    annotations: Sequence[Mapping], categories: set, rows: Mapping, images: Sequence[Mapping], name: str, notes: list
) -> list[tuple[int, Mapping]]:
    """The annotations to read with their image's number."""
    mine, lost, unlabelled = [], [], 0
    hidden = {id_key(image["id"]) for image in images if not image["is_labeled"]}
    for n, a in enumerate(annotations):
        if a.get("category_id") is not None and id_key(a["category_id"]) not in categories:
            continue
        key = id_key(a.get("image_id"))
        if key is None:
            whose = f"annotation {a.get('id', n)!r:.40}"
            raise LabelsError(f"{name}: {whose} has the 'image_id' {a.get('image_id')!r:.40}; give its image's id")
        if key in rows:
            mine.append((rows[key], a))
        elif key in hidden:
            unlabelled += 1
        else:
            lost.append(a["image_id"])
    if lost and not mine:
        which = listed(dict.fromkeys(lost))
        raise LabelsError(f"{name}: its annotations are of image {which}, which is not listed among its images")
    if unlabelled:
        notes.append(f"In frames marked as not labelled, left out: {unlabelled} of {len(annotations)} annotations.")
    if lost:
        which = listed(dict.fromkeys(lost))
        notes.append(
            f"Of images that are not listed, left out: {len(lost)} of {len(annotations)} annotations (image {which})."
        )
    if annotations and not mine and not unlabelled:
        notes.append(f"Of the category that is read: none of {len(annotations)} annotations.")
    return mine


def _head_box(annotation: Mapping) -> Sequence[float]:
    values = annotation.get("head_box")
    if not values:
        return [np.nan] * 4
    box = numbers_of(values, f"annotation {annotation.get('id', '?')!r:.40}", "head_box").reshape(-1)
    if box.size != 4:
        raise LabelsError(f"annotation {annotation.get('id', '?')!r:.40} has a head_box of {box.size} numbers; give 4")
    return box.tolist()
