"""Grid, averages and flips against pixels averaged by hand; arrays that do not fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bupose import geometry
from bupose.errors import FieldsError
from bupose.maps import Grid
from bupose.methods.paf.fields import Fields
from bupose.people import Labels
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17, COCO18, SKELETONS


def arrays(skeleton=COCO17, h=3, w=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((len(skeleton.joints), h, w)), rng.normal(size=(len(skeleton.limbs), 2, h, w))


def some_fields(skeleton=COCO17, h=3, w=4, seed=0, stride=8) -> Fields:
    return Fields(*arrays(skeleton, h, w, seed), Grid(stride), skeleton)


# --- Grid ---


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 8, 16])
def test_a_cell_sits_at_the_mean_of_its_pixels(stride):
    w = 5
    ramp = np.arange(w * stride, dtype=float)  # a picture whose value is its own x
    for u in range(w):
        mean = sum(ramp[u * stride : (u + 1) * stride]) / stride
        assert Grid(stride).to_pixels(u) == mean
        assert Grid(stride).to_cells(mean) == u
        # mirrored picture, mirrored cell: exact
        assert Grid(stride).to_pixels(w - 1 - u) == geometry.apply(geometry.flip(w * stride), np.array([mean, 0.0]))[0]


@pytest.mark.parametrize("stride", [1, 4, 8])
def test_cells_cover_the_padded_picture(stride):
    for width, height in [(1, 1), (stride, stride), (stride + 1, 2 * stride - 1), (640, 427)]:
        h, w = Grid(stride).shape(width, height)
        assert (w - 1) * stride < width <= w * stride
        assert (h - 1) * stride < height <= h * stride


@pytest.mark.parametrize("stride", [8.0, np.float32(8), np.int64(8)])
def test_a_stride_from_a_file_becomes_an_int(stride):
    assert Grid(stride) == Grid(8)
    assert type(Grid(stride).stride) is int
    assert Grid(stride).shape(17, 9) == (2, 3)


@pytest.mark.parametrize("stride", [0, -8, 2.5, "8", None, [8], float("nan"), float("inf"), 1 + 2j])
def test_bad_strides_are_refused(stride):
    with pytest.raises(FieldsError, match=r"^[^\n]+$"):
        Grid(stride)


# --- flip ---


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 99))
def test_flip_is_an_involution(skeleton, h, w, seed):
    fields = some_fields(skeleton, h, w, seed)
    twice = fields.flip().flip()
    np.testing.assert_array_equal(twice.heat, fields.heat)
    np.testing.assert_array_equal(twice.paf, fields.paf)


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
@pytest.mark.parametrize("stride", [1, 4, 8, 16])
def test_flip_of_fields_is_fields_of_the_flipped_person_exactly(skeleton, stride):
    rng = np.random.default_rng(stride)
    h, w = 4, 7
    xy = rng.integers(0, 4 * w * stride, (1, len(skeleton.joints), 2)) / 4  # quarter pixels: exact in float32
    person = Labels(xy, np.full(xy.shape[:2], 2), skeleton)

    def painted(labels: Labels) -> Fields:
        """Crude fields straight from pixel positions: minus the city-block distance, and the limb as it is."""
        x, y = (np.arange(n) * stride + (stride - 1) / 2 for n in (w, h))
        heat = [-np.abs(x - jx)[None] - np.abs(y - jy)[:, None] for jx, jy in labels.xy[0]]
        paf = [
            (labels.xy[0, b] - labels.xy[0, a])[:, None, None] * (heat[a] + heat[b]) for a, b in skeleton.limb_joints
        ]
        return Fields(np.array(heat), np.array(paf), Grid(stride), skeleton)

    mirrored = painted(person.flip(w * stride))
    flipped = painted(person).flip()
    np.testing.assert_array_equal(flipped.heat, mirrored.heat)
    np.testing.assert_array_equal(flipped.paf, mirrored.paf)


def test_flip_turns_limbs_between_mirror_images_round():
    fields = some_fields(COCO17)
    n = COCO17.limb_names.index("left_hip-right_hip")
    paf = np.zeros_like(fields.paf)
    paf[n, 0, 1, 0], paf[n, 1, 1, 0] = -0.75, 0.5  # left hip to right hip: leftwards and down, in the first column
    flipped = Fields(fields.heat, paf, fields.grid, COCO17).flip().paf
    assert (flipped[n, 0, 1, 3], flipped[n, 1, 1, 3]) == (-0.75, -0.5)  # leftwards still, and up
    assert np.count_nonzero(flipped) == 2


def test_size_is_that_of_the_padded_picture():
    assert some_fields(h=3, w=4, stride=8).size == (32, 24)


# --- average ---


def test_average():
    several = [some_fields(seed=s) for s in range(3)]
    mean = Fields.average(several)
    np.testing.assert_allclose(mean.heat, sum(f.heat for f in several) / 3, rtol=1e-6)
    np.testing.assert_allclose(mean.paf, sum(f.paf for f in several) / 3, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(Fields.average(several[:1]).paf, several[0].paf)
    others = [some_fields(h=4), some_fields(stride=4), some_fields(COCO18)]
    for wrong in ([], *([several[0], other] for other in others)):
        with pytest.raises(FieldsError):
            Fields.average(wrong)


# --- arrays of any kind ---


def test_any_memory_layout_and_number_type():
    heat, paf = arrays()
    expected = heat.astype(np.float32), paf.astype(np.float32)
    frozen = heat.copy(), paf.copy()
    for a in frozen:
        a.flags.writeable = False
    variants = [
        frozen,
        (np.asfortranarray(heat), np.asfortranarray(paf)),
        (np.repeat(heat, 2, 2)[..., ::2], np.repeat(paf, 2, 3)[..., ::2]),
        (heat[:, ::-1].copy()[:, ::-1], paf[:, :, ::-1].copy()[:, :, ::-1]),
        (heat.astype(">f8"), paf.astype(">f4")),
        (heat.tolist(), paf.tolist()),
        (heat, paf.reshape(-1, *paf.shape[2:])),
    ]
    for variant in variants:
        fields = Fields(*variant, Grid(8), COCO17)
        for array, wanted in zip((fields.heat, fields.paf), expected, strict=True):
            np.testing.assert_allclose(array, wanted, rtol=1e-6)
            assert array.dtype == np.float32
            assert array.flags.c_contiguous
    assert Fields(*(a.astype(np.float16) for a in (heat, paf)), Grid(8), COCO17).heat.dtype == np.float32
    ones = Fields(np.ones(heat.shape, bool), np.ones(paf.shape, np.int8), Grid(8), COCO17)
    assert (ones.heat == 1).all()
    assert (ones.paf == 1).all()


def test_float32_arrays_are_not_copied():
    heat, paf = (a.astype(np.float32) for a in arrays())
    fields = Fields(heat, paf, Grid(8), COCO17)
    assert np.shares_memory(fields.heat, heat)
    assert np.shares_memory(fields.paf, paf)


@pytest.mark.filterwarnings("error")
def test_overflow_nan_and_infinity_are_kept_quietly():
    heat, paf = arrays()
    heat[0, 0, :3] = 1e300, np.nan, -np.inf
    fields = Fields(heat, paf, Grid(8), COCO17)
    np.testing.assert_array_equal(fields.heat[0, 0, :3], [np.inf, np.nan, -np.inf])


@pytest.mark.parametrize(("h", "w"), [(0, 0), (0, 4), (3, 0), (1, 1)])
def test_zero_sized_fields(h, w):
    fields = some_fields(h=h, w=w)
    assert fields.flip().heat.shape == (17, h, w)
    assert fields.size == (8 * w, 8 * h)
    assert Fields.average([fields, fields]).paf.shape == fields.paf.shape
    openpose = Fields.from_openpose(np.zeros((19, h, w)), np.zeros((38, h, w)))
    assert openpose.paf.shape == (19, 2, h, w)


def test_a_skeleton_without_limbs():
    ball = Skeleton("ball", ["ball"], [])
    for paf in (np.zeros((0, 2, 3, 4)), np.zeros((0, 3, 4))):
        assert Fields(np.zeros((1, 3, 4)), paf, Grid(8), ball).flip().paf.shape == (0, 2, 3, 4)


HEAT, PAF = np.zeros((17, 3, 4)), np.zeros((len(COCO17.limbs), 2, 3, 4))
BAD_ARRAYS = {
    "none": (None, PAF),
    "text": ("heat", PAF),
    "text array": (HEAT.astype(str), PAF),
    "object": (HEAT.astype(object), PAF),
    "complex": (HEAT.astype(complex), PAF),
    "dates": (HEAT.astype("datetime64[s]"), PAF),
    "ragged": ([[[1, 2], [3]]], PAF),
    "dict": ({"heat": HEAT}, PAF),
    "number": (3.0, PAF),
    "one joint short": (HEAT[1:], PAF),
    "batch": (HEAT[None], PAF[None]),
    "channels last": (np.moveaxis(HEAT, 0, -1), PAF),
    "other cells": (HEAT, PAF[..., :3]),
    "transposed": (HEAT, PAF.swapaxes(2, 3)),
    "one limb short": (HEAT, PAF[1:]),
    "three components": (HEAT, np.zeros((len(PAF), 3, 3, 4))),
    "flat": (HEAT.ravel(), PAF.ravel()),
    "object paf": (HEAT, PAF.astype(object)),
}


@pytest.mark.parametrize("kind", BAD_ARRAYS)
def test_arrays_that_do_not_fit_are_refused(kind):
    with pytest.raises(FieldsError, match=r"^[^\n]+$"):
        Fields(*BAD_ARRAYS[kind], Grid(8), COCO17)


# --- OpenPose ---
