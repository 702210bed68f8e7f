"""Outlines of people and of ignored regions: run lengths and polygons."""

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from bupose.annotations import read
from bupose.annotations.outlines import _unpack


def run_lengths(mask):
    code = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return code | {"counts": code["counts"].decode()}


def test_run_lengths_are_those_of_pycocotools():
    """Unpacked here, so that no damaged text reaches pycocotools."""
    rng = np.random.default_rng(0)
    for shape, density in (((60, 90), 0.5), ((480, 640), 0.001), ((3, 1), 0.9), ((700, 900), 0), ((30, 40), 1)):
        mask = rng.random(shape) < density
        runs = _unpack(run_lengths(mask)["counts"], "it")
        assert runs.sum() == mask.size
        value = np.repeat(np.arange(len(runs)) % 2, runs).reshape(shape, order="F")
        assert np.array_equal(value, mask)


SIZE = [120, 200]
BROKEN = [
    {"size": SIZE, "counts": [100000000, 5]},
    {"size": SIZE, "counts": [100]},
    {"size": SIZE, "counts": [-1, 24001]},
    {"size": SIZE, "counts": [0.5, 23999.5]},
    {"size": SIZE, "counts": []},
    {"size": SIZE, "counts": None},
    {"size": SIZE, "counts": "x"},
    {"size": SIZE, "counts": ""},
    {"size": SIZE, "counts": "ä"},
    {"size": SIZE, "counts": "P" * 99},
    {"size": SIZE, "counts": "0" * 5000},
    {"size": [200, 120], "counts": [24000]},
    {"size": [-120, -200], "counts": [24000]},
    {"size": [0, 0], "counts": [0]},
    {"size": SIZE},
    {"counts": [24000]},
    {},
]


@pytest.mark.parametrize("code", BROKEN, ids=map(repr, range(len(BROKEN))))
def test_broken_run_lengths_are_refused_with_their_annotation(sets, code):
    sets.refused_by_both(
        sets.changed(lambda d: d["annotations"][2].update(segmentation=code)), "annotation 3 has .*run"
    )


def test_outlines_far_away_are_cut(sets):
    path = sets.changed(lambda d: d["annotations"][0].update(segmentation=[[1, 1, 1e308, 1, 9, 9]]))
    with np.errstate(all="raise"):
        outline = read(path).outlines[0]
    assert np.abs(outline.rings[0]).max() <= 1e6


def test_sizes_that_nobody_knows_do_not_hide_huge_masks(sets):
    def change(data):
        data["images"][0].pop("width")
        data["annotations"][2]["segmentation"] = {"size": [10**6, 10**6], "counts": [10**12]}

    sets.refused_by_both(sets.changed(change), "annotation 3 has run lengths of size")
