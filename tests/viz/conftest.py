"""A plain decoder of a few lines, so that drawing a trace is tested apart from the codec that makes them."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from bupose import skeletons
from bupose.fields import Fields, Grid
from bupose.people import People

THRESHOLD = 0.1


@dataclass(frozen=True)
class PlainTrace:
    """What the codec's Trace promises to viz, made the slow and obvious way."""

    fields: Fields
    options: SimpleNamespace
    peaks: SimpleNamespace
    candidates: SimpleNamespace
    matched: np.ndarray
    used: np.ndarray
    members: np.ndarray
    people: People

    def samples(self, m):
        c = self.candidates
        a, b = self.peaks.xy[c.first[m]], self.peaks.xy[c.second[m]]
        cells = a + np.linspace(0, 1, 20)[:, None] * (b - a)
        return self.fields.grid.to_pixels(cells).astype(np.float32), project(self.fields.paf[c.limb[m]], a, b)

    def reason(self, m):
        return "Used: the best of its joints." if self.used[m] else "Not used: its joints have better limbs."


def project(paf, a, b):
    along = (b - a) / max(np.hypot(*(b - a)), 1e-9)
    u, v = np.rint(a + np.linspace(0, 1, 20)[:, None] * (b - a)).astype(int).T
    return (paf[:, v, u].T @ along).astype(np.float32)


def plain_trace(fields: Fields) -> PlainTrace:
    joint, xy, score = [], [], []
    for k, heat in enumerate(fields.heat):
        padded = np.pad(heat, 1, constant_values=-1)
        around = [padded[1 + dy : dy - 1 or None, 1 + dx : dx - 1 or None] for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        for v, u in zip(*np.nonzero((heat > 0.2) & (heat >= np.max(around, 0)))):
            joint.append(k)
            xy.append((u, v))
            score.append(heat[v, u])
    joint, xy = np.array(joint, np.int32), np.array(xy, np.float32).reshape(-1, 2)
    start = np.searchsorted(joint, np.arange(len(fields.heat) + 1)).astype(np.int32)
    rows, matched = [], []
    for n, (j, k) in enumerate(fields.skeleton.limb_joints):
        first, second = np.arange(start[j], start[j + 1]), np.arange(start[k], start[k + 1])
        table = np.array([[project(fields.paf[n], xy[a], xy[b]).mean() for b in second] for a in first])
        chosen = set(zip(*linear_sum_assignment(-table))) if table.size else set()
        for i, a in enumerate(first):
            for o, b in enumerate(second):
                if table[i, o] > 0:
                    rows.append((n, a, b, table[i, o]))
                    matched.append((i, o) in chosen)
    limb, first, second, value = np.array(rows).reshape(-1, 4).T
    limb, first, second = limb.astype(np.int32), first.astype(np.int32), second.astype(np.int32)
    matched, used, people = np.array(matched, bool), np.array(matched, bool), []
    for m in np.flatnonzero(matched):
        homes = [p for p in people if first[m] in p.values() or second[m] in p.values()]
        union = {}
        clash = False
        for part in [*homes, {joint[first[m]]: first[m], joint[second[m]]: second[m]}]:
            clash |= any(union.get(k, row) != row for k, row in part.items())
            union.update(part)
        used[m] = not clash
        if not clash:
            people = [p for p in people if all(p is not h for h in homes)] + [union]
    members = np.full((len(people), len(fields.heat)), -1, np.int32)
    for p, home in enumerate(people):
        members[p, list(home)] = list(home.values())
    found, score = members >= 0, np.array(score, np.float32)
    pixels = fields.grid.to_pixels(np.where(found[..., None], xy[members] if len(xy) else 0, np.nan))
    scores = np.where(found, score[members] if len(xy) else 0, 0)
    return PlainTrace(
        fields,
        SimpleNamespace(paf_threshold=THRESHOLD),
        SimpleNamespace(joint=joint, xy=xy, score=score, start=start),
        SimpleNamespace(limb=limb, first=first, second=second, score=value, share=value, weight=value),
        matched,
        used,
        members,
        People(pixels, scores, scores.mean(1), fields.skeleton),
    )


@pytest.fixture(scope="session")
def trace_of():
    """Fields -> a trace of them."""
    return plain_trace


@pytest.fixture
def empty_fields():
    """A function that makes fields of zeros, to be written into."""

    def make(skeleton="coco17", h=12, w=16, stride=8):
        skeleton = skeletons.get(skeleton)
        k, n = len(skeleton.joints), len(skeleton.limbs)
        return Fields(np.zeros((k, h, w), np.float32), np.zeros((n, 2, h, w), np.float32), Grid(stride), skeleton)

    return make
