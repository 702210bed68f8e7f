"""Inputs of all kinds and sizes for kernels."""

import numpy as np
from hypothesis import strategies as st

seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 12), st.integers(1, 12)) | st.sampled_from([(0, 0), (0, 5), (4, 0), (1, 1), (1, 30)])
some_cells = st.tuples(st.integers(1, 12), st.integers(1, 12)) | st.sampled_from([(1, 1), (1, 30), (30, 1)])
kinds = st.sampled_from(["smooth", "noise", "plateaus", "sparse", "zero"])

EVERY_PAIR = (10**6, 16, 4.0)  # no limb has a crowd


def made(rng, kind, *shape):
    """A float32 array: noise, few levels with many ties, blobs, few values, or nothing; negative ones too."""
    values = rng.normal(0, 0.5, shape)
    if kind == "plateaus":
        values = np.round(values * 4) / 4
    elif kind == "sparse":
        values *= rng.random(shape) < 0.05
    elif kind == "smooth" and min(shape[-2:]) > 0:
        for axis in (-1, -2):
            values = (values + np.roll(values, 1, axis) + np.roll(values, 2, axis)) / 1.7
    elif kind == "zero":
        values *= 0
    return values.astype(np.float32)


def some_peaks(rng, shape, joints, most=8):
    """start, xy (cells, some on borders and on each other), strength."""
    counts = rng.integers(0, most + 1, joints)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    xy = rng.uniform(-0.5, np.array(shape[::-1]) - 0.5, (start[-1], 2))
    whole = rng.random(start[-1]) < 0.3
    xy[whole] = np.round(xy[whole])
    return start, xy.astype(np.float32), rng.uniform(0.05, 1, start[-1]).astype(np.float32)


def straight_fields(rng, shape, limbs):
    """Fields of one direction a limb, fading along it: where a trail leads does not hang on a last digit."""
    angle, fade = rng.uniform(0, 2 * np.pi, limbs), rng.uniform(0.5, 1, limbs)
    v, u = np.mgrid[: shape[0], : shape[1]]
    along = [np.cos(a) * u + np.sin(a) * v for a in angle]
    strength = [f - 0.02 * (t - t.min()) for t, f in zip(along, fade, strict=True)]
    return np.array([[s * np.cos(a), s * np.sin(a)] for s, a in zip(strength, angle, strict=True)], np.float32)


def some_candidates(rng, joints=4, most=7, density=0.5, levels=0):
    """ids, weight, joint of each peak: random pairs of all limb types; few levels of weight make ties."""
    counts = rng.integers(0, most + 1, joints)
    start = np.concatenate([[0], np.cumsum(counts)])
    pairs = [(a, b) for a in range(joints) for b in range(joints) if a < b]
    rows = [
        (n, a, b)
        for n, (j, k) in enumerate(pairs)
        for a in range(start[j], start[j + 1])
        for b in range(start[k], start[k + 1])
        if rng.random() < density
    ]
    weight = rng.uniform(0.01, 1, len(rows))
    if levels:
        weight = np.ceil(weight * levels) / levels
    joint = np.repeat(np.arange(joints), counts)
    return np.array(rows, np.int32).reshape(-1, 3), weight.astype(np.float32), joint.astype(np.int32)


def some_bodies(rng, shape, people):
    xy = rng.uniform(-4, np.array(shape[::-1]) + 4, (people, 3, 2))
    if people > 1:
        xy[1, 1] = xy[1, 0]  # a limb without length
    return xy, rng.random((people, 3)) < 0.8
