"""Categories: which one of a file is read, its limbs, and what a network stores of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bupose.annotations.joint_names import read_names
from bupose.annotations.values import id_key, listed, records
from bupose.errors import InputError, LabelsError
from bupose.options import check, option


@dataclass
class CategoryOptions:
    """The category that a network finds, as in its training annotations; for COCO results.

    Parameters
    ----------
    id : int or str
    name : str
    keypoints : list of str
        The file's joints in order, by the skeleton's names; empty is the usual order.
    """

    id: int | str = option(1, -(2**63), 2**63)
    name: str = option("person")
    keypoints: list[str] = option(list)

    def __post_init__(self) -> None:
        check(self, "category")


def choose_category(categories, wanted: str | int | None, name: str) -> tuple[dict, set, list[str]]:
    """The category to read (``joints``, ``of_file``: its dict, ``others``: further ids), its ids, and notes.

    ``without`` are the ids of listed categories without keypoints, whose annotations may be boxes only.

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
    by_id: dict = {}
    for c in able:
        other = by_id.setdefault(id_key(c["id"]), c)
        if _name(c) != _name(other) and c["keypoints"] != other["keypoints"]:
            both = f"{other.get('name')!r:.40} and {c.get('name')!r:.40}"
            raise LabelsError(f"{name}: two categories have the id {c['id']!r:.40}: {both}; give each its own")
    names = list({_name(c): str(c.get("name") or c["id"]) for c in reversed(able)}.values())[::-1]
    chosen, notes = wanted, []
    if wanted in (None, ""):
        chosen = names[0] if len(names) == 1 else "person"
    same = [c for c in able if _name(c) == _spelt(chosen)]
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
    without = frozenset(id_key(c.get("id")) for c in categories) - ids - others
    return {"joints": joints[0], "of_file": dict(same[0]), "others": others, "without": without}, ids, notes


def _name(category: Mapping) -> str:
    return _spelt(category.get("name") or category["id"])


def _spelt(name) -> str:
    """A category's name without case and blanks: ``Person `` is ``person``."""
    return "".join(str(name).split()).casefold()


def read_limbs(pairs, joints: int, name: str) -> list[tuple[int, int]]:
    """A category's ``skeleton`` as pairs of joint numbers from 0; files count from 1, as COCO's, or from 0.

    Raises
    ------
    LabelsError
        No list of pairs of the joints' numbers.
    """
    if pairs is None:
        return []
    first, limbs = 0 if counts_from_0(pairs) else 1, []
    for pair in pairs if isinstance(pairs, (list, tuple)) else [pairs]:
        keys = [id_key(end) for end in pair] if isinstance(pair, (list, tuple)) else []
        ends = [end for end in keys if isinstance(end, int) and first <= end < joints + first]
        if len(keys) != 2 or len(ends) != 2:
            fits = f"pairs of numbers from {first} to {joints - 1 + first}, one for each of its joints"
            raise LabelsError(f"{name}: the category's skeleton has the limb {pair!r:.40}; write {fits}")
        limbs.append((ends[0] - first, ends[1] - first))
    return limbs


def counts_from_0(pairs) -> bool:
    """Whether some limb ends at a joint 0."""
    pairs = pairs if isinstance(pairs, (list, tuple)) else ()
    return any(id_key(end) == 0 for pair in pairs if isinstance(pair, (list, tuple)) for end in pair)
