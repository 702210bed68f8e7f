"""Skeletons: joints by name, limbs between them, and the index arrays that follow from the names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from bupose.colors import shade
from bupose.declared import MOST_JOINTS, MOST_LIMBS, read_list, read_name, read_names
from bupose.errors import SkeletonError
from bupose.options import shown
from bupose.proportions import usual_length

DEFAULT_SIGMA = 0.079  # COCO's shoulder, a medium value
MOST_PARTS = 8


def mirror_name(name: str) -> str:
    """The name of a joint's mirror image: ``left_knee`` <-> ``right_knee``, any other name is its own."""
    if name.startswith("left_"):
        return "right_" + name[5:]
    if name.startswith("right_"):
        return "left_" + name[6:]
    return name


@dataclass(frozen=True)
class Skeleton:
    """Joints and limbs of a body, declared by name.

    Parameters
    ----------
    name : str
        Its name in files and messages.
    joints : sequence of K names
        Joint names; ``left_``/``right_`` prefixes declare mirror pairs.
    limbs : sequence of L pairs of names
        Each has a part affinity field, pointing from the first to the second joint. In declared order, limbs that reach
        a new joint form a spanning tree; those that close a cycle are redundant.
    sigmas : sequence of K floats, optional
        Per-joint standard deviations of the object keypoint similarity (COCO keypoint evaluation).
    derived : mapping of name to names, optional
        Joints that annotations lack, each the mean of others (``neck`` of the two shoulders).
    limb_lengths : sequence of L floats, optional
        Usual relative limb lengths, in any unit, 0 if unknown: the grouping rejects limbs that are much longer. By
        default those of a human body, by joint names; training replaces the default by the lengths in its labels.
        Ignored when skeletons are compared.
    parts : mapping of name to names, optional
        Parts (body, hands, face) that are scored, evaluated and drawn separately; every joint is in exactly one. Parts
        and their joints are in the order of ``joints``; the first part is the one that everybody has. By default all
        joints form one part, ``body``.
    spelling : mapping of name to name, optional
        Joints that the project they come from calls otherwise (``left_ear``: ``leftear``), for the files of its
        programs. Ignored when skeletons are compared.

    Raises
    ------
    SkeletonError
        A value is of the wrong kind, names repeat, a limb's end is unknown, limbs leave a joint unconnected, the
        mirror image of a joint or limb is not in the skeleton, or a joint is in no part or in two.
    """

    name: str
    joints: tuple[str, ...]
    limbs: tuple[tuple[str, str], ...]
    sigmas: tuple[float, ...] = ()
    derived: tuple[tuple[str, tuple[str, ...]], ...] = ()
    limb_lengths: tuple[float, ...] = field(default=(), compare=False)
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    spelling: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__  # frozen: normalise YAML and hand-written declarations
        put(self, "name", read_name(self.name))
        put(self, "joints", read_names(self.joints, "joints"))
        put(self, "limbs", tuple(read_names(limb, "a limb", 8) for limb in read_list(self.limbs, "limbs", MOST_LIMBS)))
        usual = [usual_length(limb) for limb in self.limbs]
        for key, default in (("sigmas", [DEFAULT_SIGMA] * len(self.joints)), ("limb_lengths", usual)):
            try:
                values = read_list(getattr(self, key), key, MOST_LIMBS) or default
                put(self, key, tuple(float(v) for v in values))
            except (TypeError, ValueError, OverflowError) as problem:
                self._refuse(f"{key} must be numbers: {shown(str(problem))}")
        put(self, "derived", tuple(sorted(self._groups("derived", "neck: [left_shoulder, right_shoulder]"))))
        put(self, "parts", self._groups("parts", "feet: [left_heel, right_heel]", MOST_PARTS) or self._one_part())
        put(
            self,
            "spelling",
            tuple(
                (read_name(a), read_name(b))
                for a, b in self._pairs("spelling", "joints other names; write left_ear: leftear")
            ),
        )
        self._check()
        ordered = [(part, tuple(sorted(joints, key=self.joints.index))) for part, joints in self.parts]
        put(self, "parts", tuple(sorted(ordered, key=lambda part: self.joints.index(part[1][0]))))

    def _groups(self, key: str, example: str, most: int = MOST_JOINTS) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """A mapping of name to names, or its pairs, as a tuple of pairs."""
        pairs = self._pairs(key, f"each name its joints; write {example}", most)
        return tuple((read_name(name), read_names(joints, key)) for name, joints in pairs)

    def _pairs(self, key: str, what: str, most: int = MOST_JOINTS) -> list[list[Any]]:
        values = getattr(self, key)
        entries = read_list(list(values.items()) if isinstance(values, Mapping) else values, key, most)
        pairs = [read_list(entry, key) for entry in entries]
        if any(len(pair) != 2 for pair in pairs):
            self._refuse(f"{key} must give {what}")
        return pairs

    def _one_part(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return (("body", self.joints),)

    def _check(self) -> None:
        known = set(self.joints)
        if not self.joints:
            self._refuse("it has no joints; list at least one")
        if len(known) < len(self.joints):
            twice = sorted({j for j in self.joints if self.joints.count(j) > 1})
            self._refuse(f"joint names repeat: {', '.join(twice)}; give every joint a name of its own")
        if len(self.sigmas) != len(self.joints):
            self._refuse(f"{len(self.sigmas)} sigmas for {len(self.joints)} joints; give one above 0 for each, or none")
        if odd := [s for s in self.sigmas if not 1e-4 <= s <= 100]:
            self._refuse(f"sigmas must be above 0, from 0.0001 to 100 (COCO's are from 0.025 to 0.107); got {odd[0]:g}")
        if len(self.limb_lengths) != len(self.limbs):
            got = f"{len(self.limb_lengths)} limb_lengths for {len(self.limbs)} limbs"
            self._refuse(f"{got}; give one for each, 0 where it is not known, or none")
        if odd := [v for v in self.limb_lengths if not 0 <= v <= 1e6]:
            self._refuse(f"limb_lengths must be from 0 (not known) to a million; got {odd[0]:g}")
        for limb in self.limbs:
            if len(limb) != 2 or limb[0] == limb[1]:
                self._refuse(f"limb {'-'.join(limb)} does not join two joints; write [from, to]")
            for j in limb:
                if j not in known:
                    self._refuse(f"limb {'-'.join(limb)} ends at the unknown joint {j!r}; add it to the joints")
        if len({frozenset(limb) for limb in self.limbs}) < len(self.limbs):
            self._refuse("a limb is listed twice (its direction does not matter); remove one")
        for j, parts in self.derived:
            if j not in known or not parts or not set(parts) <= known - {j}:
                self._refuse(f"derived joint {j!r} of {parts}: it and its parts must be joints, and differ")
        for j in self.joints:
            if mirror_name(j) not in known:
                self._refuse(f"joint {j!r} has no mirror image; add {mirror_name(j)!r} or rename it")
        grouped = [j for _, joints in self.parts for j in joints]
        if len(dict(self.parts)) < len(self.parts) or not all(joints for _, joints in self.parts):
            self._refuse("a part is named twice or has no joints; give each a name of its own, and joints")
        for j in {*grouped, *self.joints}:
            if j not in known or grouped.count(j) != 1:
                many = f"is in {grouped.count(j)} parts" if j in known else "of a part is unknown"
                self._refuse(f"joint {j!r} {many}; put every joint into exactly one")
        if not set(dict(self.spelling)) <= known or len(set(self.file_names)) < len(known):
            self._refuse("spelling must give joints other names, each its own; write left_ear: leftear")
        declared = {frozenset(limb) for limb in self.limbs}
        for a, b in self.limbs:
            if frozenset((mirror_name(a), mirror_name(b))) not in declared:
                self._refuse(f"limb {a}-{b} has no mirror image; add [{mirror_name(a)}, {mirror_name(b)}]")
        if len(self.spanning_limbs) < len(self.joints) - 1:
            self._refuse(f"its limbs do not connect all joints (cut off: {', '.join(self._cut_off())}); add limbs")

    def _refuse(self, why: str) -> None:
        raise SkeletonError(f"skeleton {self.name!r}: {why}")

    def _cut_off(self) -> list[str]:
        reached = {self.joints[0]}
        for _ in self.joints:
            reached |= {j for limb in self.limbs if reached & set(limb) for j in limb}
        return [j for j in self.joints if j not in reached]

    # --- index arrays, all derived from the names ---

    @cached_property
    def index(self) -> dict[str, int]:
        """Joint name -> number."""
        return {j: i for i, j in enumerate(self.joints)}

    @cached_property
    def limb_joints(self) -> np.ndarray:
        """int32 (L, 2): numbers of each limb's first and second joint."""
        return np.array([[self.index[a], self.index[b]] for a, b in self.limbs], np.int32).reshape(-1, 2)

    @cached_property
    def joint_sigmas(self) -> np.ndarray:
        """float64 (K,): ``sigmas``."""
        return np.array(self.sigmas)

    @cached_property
    def usual(self) -> np.ndarray:
        """float32 (L,): ``limb_lengths``, 0 where unknown."""
        return np.array(self.limb_lengths, np.float32)

    @cached_property
    def usual_limb(self) -> float:
        """The median of the known ``limb_lengths``, 0 if none is."""
        known = self.usual[self.usual > 0]
        return float(np.median(known)) if len(known) else 0.0

    @cached_property
    def limb_names(self) -> tuple[str, ...]:
        """``first-second`` for each limb."""
        return tuple(f"{a}-{b}" for a, b in self.limbs)

    @cached_property
    def mirror_joints(self) -> np.ndarray:
        """int32 (K,): ``array[mirror_joints]`` swaps left and right joints."""
        return np.array([self.index[mirror_name(j)] for j in self.joints], np.int32)

    @cached_property
    def mirror_limbs(self) -> tuple[np.ndarray, np.ndarray]:
        """int32 (L,) permutation, and float32 (L,) sign: −1 where the mirrored limb runs the opposite way."""
        forward = {limb: i for i, limb in enumerate(self.limbs)}
        order, sign = [], []
        for a, b in self.limbs:
            image = (mirror_name(a), mirror_name(b))
            order.append(forward.get(image, forward.get(image[::-1])))
            sign.append(1.0 if image in forward else -1.0)
        return np.array(order, np.int32), np.array(sign, np.float32)

    @cached_property
    def spanning_limbs(self) -> np.ndarray:
        """int32: limbs, in declared order, that reach a new joint: a spanning tree."""
        root = list(range(len(self.joints)))
        spanning = []
        for n, (a, b) in enumerate(self.limb_joints):
            ra, rb = root[a], root[b]
            if ra != rb:
                root = [ra if r == rb else r for r in root]
                spanning.append(n)
        return np.array(spanning, np.int32)

    @cached_property
    def redundant_limbs(self) -> np.ndarray:
        """int32: the limbs that close a cycle."""
        return np.setdiff1d(np.arange(len(self.limbs)), self.spanning_limbs).astype(np.int32)

    @cached_property
    def limb_colors(self) -> np.ndarray:
        """uint8 (L, 3) RGB: warm on the left, cool on the right, pale on the midline; neighbours differ."""
        return shade(self.limbs)

    @cached_property
    def joint_colors(self) -> np.ndarray:
        """uint8 (K, 3) RGB, by the same rule as the limbs."""
        limbs = self.limbs
        near = [tuple(sorted({j, *(x for limb in limbs if j in limb for x in limb)} - {j})) for j in self.joints]
        return shade([(j,) for j in self.joints], near)

    @cached_property
    def part_joints(self) -> dict[str, np.ndarray]:
        """Part -> int32: numbers of its joints, in its order."""
        return {part: np.array([self.index[j] for j in joints], np.int32) for part, joints in self.parts}

    @cached_property
    def joint_parts(self) -> np.ndarray:
        """int32 (K,): number of each joint's part."""
        number = {j: n for n, (_, joints) in enumerate(self.parts) for j in joints}
        return np.array([number[j] for j in self.joints], np.int32)

    @cached_property
    def limb_parts(self) -> np.ndarray:
        """int32 (L,): number of each limb's part; one between two parts belongs to the later: the ankle has a foot."""
        parts: np.ndarray = self.joint_parts[self.limb_joints].max(1, initial=0).astype(np.int32)
        return parts

    # --- exchange ---

    @cached_property
    def file_names(self) -> tuple[str, ...]:
        """The joints as their project calls them, by ``spelling``."""
        return tuple(dict(self.spelling).get(j, j) for j in self.joints)

    def mapping(self, other: Skeleton | Sequence[str]) -> np.ndarray:
        """int32 (K,): for each joint the index of the same joint in ``other``, −1 if missing."""
        names = other.joints if isinstance(other, Skeleton) else other
        where = {j: i for i, j in enumerate(names)}
        return np.array([where.get(j, -1) for j in self.joints], np.int32)

    def limb_mapping(self, other: Skeleton) -> tuple[np.ndarray, np.ndarray]:
        """int32 (L,): index in ``other`` of each limb, −1 if missing; float32 (L,): −1 where it is reversed there."""
        forward = {limb: n for n, limb in enumerate(other.limbs)}
        turned = [limb not in forward and limb[::-1] in forward for limb in self.limbs]
        where = [forward.get(limb[::-1] if turn else limb, -1) for limb, turn in zip(self.limbs, turned, strict=True)]
        return np.array(where, np.int32), np.where(turned, np.float32(-1), np.float32(1))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, ready for JSON or YAML; ``parts`` only if several, ``spelling`` only if any."""
        more: dict[str, Any] = {"spelling": dict(self.spelling)} if self.spelling else {}
        if self.parts != self._one_part():
            more["parts"] = {p: list(joints) for p, joints in self.parts}
        return {
            "name": self.name,
            "joints": list(self.joints),
            "limbs": [list(limb) for limb in self.limbs],
            "sigmas": list(self.sigmas),
            "derived": {j: list(parts) for j, parts in self.derived},
            "limb_lengths": list(self.limb_lengths),
            **more,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Skeleton:
        """The inverse of :meth:`to_dict`; all but ``name``, ``joints`` and ``limbs`` may be missing.

        Raises
        ------
        SkeletonError
            A key is missing, unknown, or of the wrong kind.
        """
        optional = "sigmas", "derived", "limb_lengths", "parts", "spelling"
        known = {"name", "joints", "limbs", *optional}
        if not isinstance(values, Mapping) or not {"name", "joints", "limbs"} <= set(values) <= known:
            got = shown(list(values) if isinstance(values, Mapping) else values)
            raise SkeletonError(f"a skeleton needs name, joints, limbs and may have {', '.join(optional)}; got {got}")
        return cls(**{k: v for k, v in values.items() if v is not None or k not in optional})
