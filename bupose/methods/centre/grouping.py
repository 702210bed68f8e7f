"""Grouping: each joint predicted from a centre is assigned a peak of its type, or the best cell of its heatmap."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bupose import kernels
from bupose.maps import Maps
from bupose.methods.centre.centres import Centres
from bupose.methods.centre.options import CentreDecodeOptions
from bupose.methods.peaks import Peaks, find_peaks
from bupose.methods.scoring import COMPLETED, expected_similarity, list_people, score_people, sum_by_part
from bupose.methods.trace import Links
from bupose.people import People

CUT = 3.0  # standard deviations: peaks farther from the prediction are out of reach
LEAST_SPREAD = 0.5  # cells: minimum error of offsets
CELLS_VARIANCE = 0.15  # cells, of the shorter side of the maps: MoveNet's exp(-d² / 0.3 side)
CELLS_CORNER = 0.5  # cells: MoveNet measures from a cell's corner, not its centre
CELLS_SURE = 0.127  # joints above count for MoveNet's person score


def locate_peaks(arrays: Mapping[str, np.ndarray], options: CentreDecodeOptions) -> Peaks:
    """Joint candidates, those of each joint in ascending order of y."""
    peaks = find_peaks(arrays["heat"], options.peak_threshold)
    xy = peaks.xy
    if options.refine == "local" and "local" in arrays:
        xy = _add_local(arrays["local"], peaks.joint, peaks.cell)
    order = np.lexsort((xy[:, 1], peaks.joint))
    return Peaks(peaks.joint, xy[order], peaks.score[order], peaks.start, peaks.cell[order])


def add_centres(peaks: Peaks, centres: Centres) -> Peaks:
    """Joint candidates followed by the centres, as joint K and outside the ranges of ``start``."""
    joint = np.full(len(centres), len(peaks.start) - 1, np.int32)
    cell = np.concatenate([peaks.cell, centres.cell])
    xy = np.concatenate([peaks.xy, centres.cell[:, ::-1].astype(np.float32)])
    joint, score = np.concatenate([peaks.joint, joint]), np.concatenate([peaks.score, centres.score])
    return Peaks(joint, xy, score, peaks.start, cell)


def assign_peaks(centres: Centres, peaks: Peaks, options: CentreDecodeOptions) -> Links:
    """For each joint type the one-to-one assignment of people and peaks with maximum total weight.

    A link leads from a centre, numbered as in :func:`add_centres`, to a peak; its score is the peak's times exp(−d² /
    2σ²), its weight the score times the centre's.
    """
    k, joints = kernels.load("centre"), centres.places.shape[1]
    spread = np.maximum(options.reach * centres.size, LEAST_SPREAD).astype(np.float32)
    spread = np.ascontiguousarray(np.repeat(spread[:, None], joints, 1))
    ids, score = k.pair_with_peaks(centres.places, spread, peaks.start, peaks.xy, peaks.score, CUT)
    weight = score * centres.score[ids[:, 1]]
    used = k.match_hungarian(ids, weight, max(len(centres), len(peaks)))
    joint, person, peak = np.ascontiguousarray(ids.T)
    return Links(person + np.int32(len(peaks)), peak, joint, score, weight, used)


def search_cells(
    centres: Centres, arrays: Mapping[str, np.ndarray], options: CentreDecodeOptions
) -> tuple[Peaks, Links]:
    """For each person and joint the cell inside the person's box where heat · exp(−d² / 2σ²) is highest.

    Notes
    -----
    Google, MoveNet MultiPose Lightning. Its graph scores a joint by its weight for the person predicted nearest; here
    by its weight for the person itself.
    """
    heat = np.clip(arrays["heat"], 0, 1)
    joints, h, w = heat.shape
    variance = CELLS_VARIANCE * min(h, w)
    places, box = (a + np.float32(CELLS_CORNER) for a in (centres.places, centres.box))
    box = np.clip(box, 0, np.array([w, h, w, h], np.float32))
    cells, score = kernels.load("centre").search_heat(heat, places, box, variance)
    person, joint = np.nonzero(score > 0)
    score = score[person, joint]
    where = np.concatenate([joint[:, None], cells[person, joint]], 1).astype(np.int32)
    where, peak = np.unique(where, axis=0, return_inverse=True)
    xy, height = kernels.load().refine_peaks(heat, np.ascontiguousarray(where))
    if options.refine == "local" and "local" in arrays:
        xy = _add_local(arrays["local"], where[:, 0], where[:, 1:])
    start = np.searchsorted(where[:, 0], np.arange(joints + 1)).astype(np.int32)
    peaks = Peaks(np.ascontiguousarray(where[:, 0]), xy, height, start, where[:, 1:])
    first, second, kind = (a.astype(np.int32) for a in (person + len(peaks), peak.reshape(-1), joint))
    weight, used = score * centres.score[person], np.ones(len(score), bool)
    return peaks, Links(first, second, kind, score, weight, used)


def make_people(
    maps: Maps, centres: Centres, peaks: Peaks, links: Links, options: CentreDecodeOptions
) -> tuple[People, np.ndarray, np.ndarray]:
    """Scoring, completion and filtering of people.

    Returns
    -------
    people : People
        Best first, in pixels of the grid.
    members : int32 array (P, K)
        Index of the peak of each person's joint, -1 for none.
    rows : int array (P,)
        Rows of ``centres`` of the returned people.

    Notes
    -----
    A joint's score is the geometric mean of its heat and its link's score, a person's is
    :func:`bupose.methods.scoring.score_people` of its joints and centre. With ``snap="cells"`` scores are MoveNet's:
    the link's for a joint, and for a person the centre's times the mean of joint scores above 0.127.
    """
    heat, skeleton = maps.arrays["heat"], maps.skeleton
    members, score = np.full(centres.places.shape[:2], -1, np.int32), np.zeros(centres.places.shape[:2], np.float32)
    person, joint = links.first[links.used] - len(peaks), links.kind[links.used]
    members[person, joint], score[person, joint] = links.second[links.used], links.score[links.used]
    rows = np.flatnonzero((members >= 0).sum(1) >= options.min_joints)
    members, score, centre, xy = members[rows], score[rows], centres.score[rows], centres.places[rows]
    if not len(rows):
        return People.nobody(skeleton), members, rows
    here = members >= 0
    completed = ~here & _inside(xy, heat.shape[1:]) & (options.completion and options.snap == "peaks")
    xy = np.where(here[..., None], peaks.xy[members], xy)
    xy[~(here | completed)] = np.nan
    similar = expected_similarity(xy, skeleton.sigmas, float(options.localization_sigma))
    if options.snap == "cells":
        sure = score > CELLS_SURE
        person = centre * (score * sure).sum(1) / np.maximum(sure.sum(1), 1)
        similar = np.ones(similar.shape)
    else:
        score = np.where(here, np.sqrt(score * peaks.score[members]), 0)
        total, count = (sum_by_part(a, skeleton) for a in (score.astype(np.float64) ** 2, here))
        everything = np.bincount(skeleton.joint_parts, minlength=len(skeleton.parts))
        for values, more in ((total.T, centre**2), (count.T, 1), (everything, 1)):
            values[0] += more
        person = score_people(total, count, everything, similar, score, skeleton)
    cell = np.clip(np.rint(np.where(completed[..., None], xy, 0)).astype(int), 0, np.array(heat.shape[:0:-1]) - 1)
    column, row = np.moveaxis(cell, 2, 0)
    guessed = np.float32(COMPLETED) * np.clip(heat[np.arange(len(heat)), row, column], 0, 1)
    score = np.where(completed, np.sqrt(guessed * centre[:, None]), score)
    best = np.argsort(-person, kind="stable")
    best = best[person[best] >= options.min_person_score]
    xy, score, person, similar, completed = (a[best] for a in (xy, score, person, similar, completed))
    xy = np.ascontiguousarray(xy, np.float32)
    people, kept = list_people(
        xy, score.astype(np.float32), person.astype(np.float32), similar, completed, skeleton, maps.grid, options
    )
    return people, members[best][kept], rows[best][kept]


def _add_local(local: np.ndarray, joint: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """float32 (N, 2): x and y of cells (N, 2), row and column, refined by local offsets (K, 2, h, w)."""
    v, u = cell.T
    xy: np.ndarray = cell[:, ::-1].astype(np.float32) + local[joint, :, v, u]
    return xy


def _inside(xy: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    h, w = shape
    inside: np.ndarray = np.all(np.abs(2 * xy - (w - 1, h - 1)) <= (w, h), -1)
    return inside
