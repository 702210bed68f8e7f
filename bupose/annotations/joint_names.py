"""Matching of joint names in files to a skeleton's joints."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bupose import skeletons
from bupose.errors import LabelsError
from bupose.skeleton import Skeleton, mirror_name

# Synonyms of joints in files, used only without an exact match.
SYNONYMS = {"head": "top_head", "head_top": "top_head", "upper_neck": "neck", "head_bottom": "neck"}
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_OTHER = {"left": "right", "right": "left"}
_JOINTS = {j for s in skeletons.SKELETONS.values() for j in s.joints}
# Parts written in one word: bigtoe -> big_toe.
_PARTS = {p.replace("_", ""): p for p in (j.removeprefix("left_").removeprefix("right_") for j in _JOINTS)}
_HUMP = re.compile(r"(?<=[^\W\dA-Z_])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # leftEye, LEye


def spell(names: Sequence[str]) -> list[str]:
    """Names in bupose's spelling: ``Left Eye``, ``left-eye``, ``leftEye``, ``LEye``, ``eye_l``, ``leye``: ``left_eye``.

    An abbreviated or trailing side is accepted only if the other side exists, too: ``part_l`` among ``part_k`` and
    ``part_m`` is not a left part.
    """
    words = [_words(name) for name in names]
    readings = [_side_of(w) for w in words]
    known = {r for r in readings if r}
    spelt = []
    for word, reading in zip(words, readings, strict=True):
        if reading and (word[0] == reading[0] or (_OTHER[reading[0]], reading[1]) in known):
            spelt.append("_".join(reading))
        else:
            spelt.append(_PARTS.get("".join(word), "_".join(word)))
    return spelt


def _words(name: str) -> list[str]:
    text = _HUMP.sub(" ", unicodedata.normalize("NFKC", name)).casefold()
    return [word for word in re.split(r"[\W_]+", text) if word] or [name]


def _side_of(words: list[str]) -> tuple[str, str] | None:
    """The possible side in a name, and the rest of it."""
    if len(words) > 1:
        if words[0] in _SIDES:
            rest = words[1:]
            return _SIDES[words[0]], _PARTS.get("".join(rest), "_".join(rest))
        if words[-1] in _SIDES:
            rest = words[:-1]
            return _SIDES[words[-1]], _PARTS.get("".join(rest), "_".join(rest))
        return None
    for prefix in ("left", "right", "l", "r"):
        if words[0].startswith(prefix) and words[0].removeprefix(prefix) in _PARTS:
            return _SIDES[prefix], _PARTS[words[0].removeprefix(prefix)]
    return None


def read_names(values, whose: str) -> tuple[str, ...]:
    """The joints that a category names, in bupose's spelling.

    Raises
    ------
    LabelsError
        Not a list of distinct, printable names.
    """
    if not isinstance(values, (list, tuple)):
        raise LabelsError(f"{whose} names its keypoints as {type(values).__name__}; write a list of names")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
            raise LabelsError(f"{whose} has {value!r:.40} where a joint's name belongs; write text")
        if not str(value).isprintable():
            raise LabelsError(f"{whose} has the joint name {value!r:.40}, which cannot be printed; write plain text")
    names = spell([str(v) for v in values])
    if len(set(names)) < len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise LabelsError(f"{whose} names joints twice: {', '.join(twice)}; give every joint a name of its own")
    return tuple(names)


def read_joints(names: Sequence[str], whose: str) -> list[str]:
    """Joints of a file in bupose's spelling; a side without its counterpart, as of animals seen from one side, is
    written behind: ``paw_left``.

    Raises
    ------
    LabelsError
        Names that repeat or cannot be printed.
    """
    spelt = read_names(list(names), whose)
    alone = [name for name in spelt if mirror_name(name) not in spelt]
    return ["_".join([*name.split("_")[1:], name.split("_")[0]]) if name in alone else name for name in spelt]


def match_names(wanted: Sequence[str], names: Sequence[str]) -> list[int]:
    """For each wanted joint the index of the matching name, −1 if there is none.

    Exact matches come first, then other spellings (:func:`spell`), then ``SYNONYMS``.
    """
    found = [-1] * len(wanted)
    spelt, spelt_names = spell(wanted), spell(names)
    words, other_words = ([SYNONYMS.get(n, n) for n in side] for side in (spelt, spelt_names))
    for ours, theirs in ((wanted, names), (spelt, spelt_names), (words, other_words)):
        free = {n: i for i, n in reversed(list(enumerate(theirs))) if i not in found}
        for k, name in enumerate(ours):
            if found[k] < 0 and name in free:
                found[k] = free.pop(name)
    return found


def fit_names(names: Sequence[str], skeleton: Skeleton, whose: str, compute: bool = False) -> tuple[list[str], str]:
    """Rename joints to the skeleton's names, with a note on how many match.

    Parameters
    ----------
    names : names
        The file's joints.
    skeleton : Skeleton
    whose : str
        Name of the file in messages.
    compute : bool
        Drop the file's own joint where the skeleton derives it from others that are present.

    Returns
    -------
    names, sentence
        The file's joints by the skeleton's names; others keep their own.

    Raises
    ------
    LabelsError
        None fits.
    """
    where = match_names(skeleton.joints, names)
    index = skeleton.index
    derived = [j for j, parts in skeleton.derived if all(where[index[p]] >= 0 for p in parts)]
    derived = [j for j in derived if compute or where[index[j]] < 0]
    for j in derived:
        where[index[j]] = -1
    if max(where) < 0:
        raise LabelsError(f"{whose} has none of the joints of {skeleton.name!r}; it has {', '.join(names)}")
    fitted = [f"{n} of the file" if n in index else n for n in names]
    for joint, place in zip(skeleton.joints, where, strict=True):
        if place >= 0:
            fitted[place] = joint
    absent = [j for j, place in zip(skeleton.joints, where, strict=True) if place < 0 and j not in derived]
    unused = [n for place, n in enumerate(names) if place not in where]
    sentence = f"Joints matched: {sum(w >= 0 for w in where)} of {len(where)} of {skeleton.name}"
    sentence += f"; computed from others: {', '.join(derived)}" if derived else ""
    sentence += f"; not in the file, so never labelled: {', '.join(absent)}" if absent else ""
    sentence += f"; in the file, but not used: {', '.join(unused)}" if unused else ""
    return fitted, sentence + "."
