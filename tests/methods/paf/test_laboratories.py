"""Maps as DeepLabCut and SLEAP lay them out, of animals in known places: found there, and told apart."""

import numpy as np
import pytest

from bupose.errors import FieldsError
from bupose.methods.paf import FieldCodec, Fields
from bupose.methods.peaks import find_peaks
from bupose.skeleton import Skeleton

MOUSE = Skeleton("mouse", ("snout", "neck", "tail"), (("snout", "neck"), ("neck", "tail"), ("snout", "tail")))
XY = np.array([[[30.3, 40.8], [60.1, 52.7], [90.9, 90.2]], [[120.4, 30.6], [100.2, 58.9], [134.3, 97.5]]])
SIZE = 160


def segments(stride, origin, width):
    """Unit vectors within ``width`` px of each limb, weighted by (1 - distance / width), cells' centres as given."""
    cells = np.arange(SIZE // stride) * stride + origin
    x, y = np.meshgrid(cells, cells)
    paf = np.zeros((2 * len(MOUSE.limbs), *x.shape))
    for n, (a, b) in enumerate(MOUSE.limb_joints):
        for one in XY:
            d = one[b] - one[a]
            t = np.clip(((x - one[a, 0]) * d[0] + (y - one[a, 1]) * d[1]) / (d @ d), 0, 1)
            near = np.hypot(x - one[a, 0] - t * d[0], y - one[a, 1] - t * d[1])
            weight = np.clip(1 - near / width, 0, None)
            for c in (0, 1):
                paf[2 * n + c] = np.where(weight > 0, weight * d[c] / np.hypot(*d), paf[2 * n + c])
    return paf, x, y


def assert_found(fields, tolerance):
    people = FieldCodec(MOUSE, fields.grid).decode(fields)
    assert len(people) == 2
    for one in XY:
        error = np.abs(people.xy - one).max((1, 2))
        assert error.min() < tolerance


@pytest.mark.parametrize("with_offsets", [True, False])
def test_deeplabcut(with_offsets):
    """Discs of 17 px, offsets in units of 7.2801 px, limbs of 20 px: its targets."""
    paf, x, y = segments(8, 4, 20)
    heat, locref = np.zeros((3, *x.shape)), np.zeros((6, *x.shape))
    for one in XY:
        for k, (px, py) in enumerate(one):
            disc = np.hypot(x - px, y - py) <= 17
            heat[k][disc] = 1
            locref[2 * k][disc] = (px - x)[disc] / 7.2801
            locref[2 * k + 1][disc] = (py - y)[disc] / 7.2801
    fields = Fields.from_deeplabcut(heat, paf, MOUSE, locref=locref if with_offsets else None)
    if with_offsets:
        assert_found(fields, 1)
    peaks = find_peaks(fields.heat, 0.5)
    assert peaks.joint.tolist() == [0, 0, 1, 1, 2, 2]
    error = np.linalg.norm(fields.grid.to_pixels(peaks.xy)[:, None] - XY[:, peaks.joint].transpose(1, 0, 2), axis=2)
    assert error.min(1).max() < (1 if with_offsets else 5)


@pytest.mark.parametrize(("heat_stride", "paf_stride"), [(4, 8), (2, 4), (4, 4)])
def test_sleap(heat_stride, paf_stride):
    """Gaussians of 2.5 px in cells of the confidence maps, limbs that fade slowly."""
    paf, _, _ = segments(paf_stride, 0, 30)
    cells = np.arange(SIZE // heat_stride) * heat_stride
    x, y = np.meshgrid(cells, cells)
    heat, spread = np.zeros((3, *x.shape)), 1.25 * heat_stride
    for one in XY:
        for k, (px, py) in enumerate(one):
            heat[k] = np.maximum(heat[k], np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * spread**2)))
    assert_found(Fields.from_sleap(heat, paf, MOUSE, heat_stride=heat_stride, paf_stride=paf_stride), 0.5)


def test_wrong_channels():
    heat, paf = np.zeros((3, 4, 4)), np.zeros((6, 4, 4))
    for make in (Fields.from_deeplabcut, Fields.from_sleap):
        with pytest.raises(FieldsError, match="heat has shape"):
            make(heat[:2], paf, MOUSE)
        with pytest.raises(FieldsError, match="paf has shape"):
            make(heat, paf[:4], MOUSE)
    with pytest.raises(FieldsError, match="locref has shape"):
        Fields.from_deeplabcut(heat, paf, MOUSE, locref=np.zeros((2, 4, 4)))
