"""Limbs chosen by data: those that tell best which joints belong to one person.

Every pair of joints is a possible limb. Two shares are measured of each, in labels of crowded pictures: of people whose
own pair has a larger line integral, in the fields that a perfect network would give for all pairs, than any pair with
another's joint; and of people whose own joint is nearer than any other's. Limbs are ranked by the first and a twentieth
of the second, which varies twenty times as much. As in multi-animal DeepLabCut (Lauer et al. 2022), which ranks by the
fields of a network trained on all pairs, a maximum spanning tree is kept, and the best others.

A network trained on all pairs (``limbs=all``) is looked at if it is given, as there: pairs are then ranked by the area
under the ROC curve of line integrals in its fields, own pairs against those with another's joint.

No network is needed, since labels tell much of what it would: over the 19 limbs of the default network, in 60 drawn
crowds, Spearman's correlation of this value with the share that its own fields give is 0.70 (ideal fields alone 0.55,
distance alone 0.61).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeAlias

import numpy as np

from bupose import kernels
from bupose.data.check import spread_rows
from bupose.data.picture import Picture, picture_of
from bupose.errors import InputError, LabelsError
from bupose.maps import Grid
from bupose.methods.paf import FieldCodec, Fields
from bupose.people import Labels
from bupose.skeleton import Skeleton, mirror_name
from bupose.wording import counted

Look: TypeAlias = "Callable[[Picture], tuple[Fields, np.ndarray]]"

NEARNESS = 0.05  # weight of the share by distance
REDUNDANT = 0.5  # limbs beyond the spanning tree, relative to its number
MOST_JOINTS = 40  # of a skeleton; more have over 780 pairs
MOST_PICTURES = 200  # crowded ones, to measure
ENOUGH = 30  # comparisons of a limb with others' joints needed to value it
STRIDE, SAMPLES = 8, 12
SIZE = 512.0  # longer side of a picture in pixels, as networks see it


@dataclass(frozen=True)
class LimbChoice:
    """How well each pair of joints tells people apart, and the limbs chosen.

    Parameters
    ----------
    pairs : list of pairs of names
    fields, distance : float array (pairs,)
        Shares of people whose own pair wins, in [0, 1], or of a network's fields the area under the curve; NaN where
        there were too few comparisons.
    value : float array (pairs,)
        What pairs are ranked by, the same for mirror images; 0 where nothing was measured.
    skeleton : Skeleton
        With the chosen limbs.
    pictures : int
        Crowded pictures that were measured.
    """

    pairs: list[tuple[str, str]]
    fields: np.ndarray
    distance: np.ndarray
    value: np.ndarray
    skeleton: Skeleton
    pictures: int

    def __str__(self) -> str:
        limbs = ", ".join(self.skeleton.limb_names)
        return f"Limbs chosen of {counted(len(self.pairs), 'pair')}, from {counted(self.pictures, 'picture')}: {limbs}."


def choose_limbs(samples, skeleton: Skeleton, look: Look | None = None) -> LimbChoice:
    """Choose limbs by the labels of a data set.

    Parameters
    ----------
    samples : sequence of samples
        Their labels are of this skeleton's joints.
    skeleton : Skeleton
        Its limbs do not matter.
    look : function of a picture, optional
        Fields of a network trained on all pairs, and the matrix (2, 3) from the picture's pixels to the network's.

    Raises
    ------
    LabelsError
        Too many joints, too few pictures with several people to compare any pair, or a network without some pair.
    """
    whole = all_pairs(skeleton)
    wins = np.zeros((2, len(whole.limbs)))
    compared = np.zeros(len(whole.limbs))
    pictures, seen = 0, []
    for i in spread_rows(len(samples), len(samples)):
        if pictures == MOST_PICTURES:
            break
        try:
            picture = picture_of(samples, int(i))
            if len(picture.labels) < 2:
                continue
            seen += [] if look is None else [_see(*look(picture), picture.labels, whole)]
        except InputError:  # reported when it is read in training
            continue
        more = _compare(picture.labels, picture.size, whole)
        wins, compared, pictures = wins + more[:2], compared + more[2], pictures + 1
    if not (compared >= ENOUGH).any():
        raise LabelsError(
            f"limbs are chosen by pictures with several people, of which there are {pictures}, too few to compare "
            "anything; declare limbs in the data or the skeleton, or label more"
        )
    share = np.where(compared >= ENOUGH, wins / np.maximum(compared, 1), np.nan)
    if seen:
        share[0] = [_area(*map(np.concatenate, zip(*(limbs[n] for limbs in seen)))) for n in range(len(whole.limbs))]
    value = np.nan_to_num(share[0] if seen else share[0] + NEARNESS * share[1])
    value = (value + value[whole.mirror_limbs[0]]) / 2
    return LimbChoice(list(whole.limbs), share[0], share[1], value, _pick(whole, value, skeleton), pictures)


def all_pairs(skeleton: Skeleton) -> Skeleton:
    """The skeleton with all pairs of joints as limbs; mirrored ones run alike.

    Raises
    ------
    LabelsError
        It has too many joints.
    """
    if len(skeleton.joints) > MOST_JOINTS:
        got = f"{skeleton.name} has {counted(len(skeleton.joints), 'joint')}"
        raise LabelsError(f"{got}, more than the {MOST_JOINTS} that limbs can be chosen for; declare its limbs")
    limbs: dict[frozenset, tuple[str, str]] = {}
    for a, b in combinations(skeleton.joints, 2):
        if frozenset((a, b)) not in limbs:
            for limb in ((a, b), (mirror_name(a), mirror_name(b))):
                limbs.setdefault(frozenset(limb), limb)
    return replace(skeleton, limbs=tuple(limbs.values()), limb_lengths=())


def _compare(labels: Labels, size: tuple[int, int], whole: Skeleton) -> np.ndarray:
    """float (3, L): people whose own pair wins by fields and by distance, and all that were compared."""
    factor = SIZE / max(size)
    xy = (labels.xy.astype(np.float64) + 0.5) * factor - 0.5
    shown = Labels(xy, labels.visibility, whole)
    grid = Grid(STRIDE)
    width, height = (max(1, round(side * factor)) for side in size)
    paf = FieldCodec(whole, grid).encode(shown, (width, height)).paf
    integrals = _integrals(paf, shown, grid, whole)
    found = np.zeros((3, len(whole.limbs)))
    apart = ~np.eye(len(labels), dtype=bool)
    for n, (a, b) in enumerate(whole.limb_joints):
        both = shown.present[:, None, a] & shown.present[None, :, b]
        distance = np.hypot(*np.moveaxis(xy[:, None, a] - xy[None, :, b], 2, 0))
        rivals = both & apart
        rated = np.diag(both) & (rivals.any(0) | rivals.any(1))
        for k, score in enumerate((integrals[n], -distance)):
            others = np.where(rivals, score, -np.inf)
            best = np.maximum(others.max(0), others.max(1))
            own = np.diag(score)
            found[k, n] = (own > best)[rated].sum() + 0.5 * (own == best)[rated].sum()
        found[2, n] = rated.sum()
    return found


def _see(fields: Fields, matrix: np.ndarray, labels: Labels, whole: Skeleton) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each limb the line integrals of own pairs, and of pairs with another's joint, in a network's fields."""
    where, sign = whole.limb_mapping(fields.skeleton)
    if (where < 0).any():
        lacking = whole.limb_names[int(np.argmin(where))]
        raise LabelsError(f"the network has no field of {lacking}; limbs are chosen by one trained with limbs=all")
    shown = labels.transform(matrix)
    integrals = _integrals(fields.paf[where] * sign[:, None, None, None], shown, fields.grid, whole)
    apart = ~np.eye(len(labels), dtype=bool)
    found = []
    for n, (a, b) in enumerate(whole.limb_joints):
        both = shown.present[:, None, a] & shown.present[None, :, b]
        found.append((integrals[n][both & ~apart], integrals[n][both & apart]))
    return found


def _area(own: np.ndarray, others: np.ndarray) -> float:
    """Under the ROC curve: how often an own value is larger, ties counting half (Mann and Whitney 1947)."""
    if min(len(own), len(others)) < ENOUGH:
        return np.nan
    others = np.sort(others)
    below, upto = (np.searchsorted(others, own, side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * len(others)))


def _integrals(paf: np.ndarray, labels: Labels, grid: Grid, whole: Skeleton) -> np.ndarray:
    """float32 (L, P, P): each limb's line integral from a person's first to a person's second joint, at least 0."""
    joint, person = np.nonzero(labels.present.T)
    start = np.searchsorted(joint, np.arange(len(whole.joints) + 1)).astype(np.int32)
    cells = np.ascontiguousarray(grid.to_cells(labels.xy[person, joint]), np.float32)
    line, limits, everybody = (SAMPLES, 1.0, 0.0), (0.0, 0.0), (np.iinfo(np.int32).max, 1, 0.0)
    ids, values = kernels.load().score_limbs(
        paf, whole.limb_joints, start, cells, np.ones(len(cells), np.float32), line, limits, everybody
    )
    found = np.zeros((len(whole.limbs), len(labels), len(labels)), np.float32)
    found[ids[:, 0], person[ids[:, 1]], person[ids[:, 2]]] = values[:, 0]
    return found


def _pick(whole: Skeleton, value: np.ndarray, skeleton: Skeleton) -> Skeleton:
    """The maximum spanning tree (Kruskal 1956), mirror images together, and then the best others."""
    declared = [whole.limbs.index(limb if limb in whole.limbs else limb[::-1]) for limb in skeleton.limbs]
    order = np.lexsort(
        [~np.isin(np.arange(len(value)), declared), -value]
    )  # of equals, as unmeasured ones, declared ones
    groups = list(dict.fromkeys(tuple(sorted({int(n), int(whole.mirror_limbs[0][n])})) for n in order))
    parts = {joint: {joint} for joint in skeleton.joints}
    tree: list[tuple[int, ...]] = []
    others: list[tuple[int, ...]] = []
    for group in groups:
        joins = False
        for a, b in (whole.limbs[n] for n in group):
            if parts[a] is not parts[b]:
                joins = True
                together = parts[a] | parts[b]
                parts |= dict.fromkeys(together, together)
        (tree if joins else others).append(group)
    chosen = [whole.limbs[n] for group in tree for n in group]
    most = round((1 + REDUNDANT) * (len(skeleton.joints) - 1))
    for group in others:
        if len(chosen) + len(group) <= most:
            chosen += [whole.limbs[n] for n in group]
    return replace(skeleton, name=f"{skeleton.name}_auto"[:100], limbs=tuple(chosen), limb_lengths=())
