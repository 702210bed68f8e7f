"""Targets against the published formulas, evaluated cell by cell in pixels, apart from the kernels."""

import numpy as np
import pytest

from bupose import skeletons
from bupose.errors import LabelsError
from bupose.maps import Grid
from bupose.methods.paf import FieldCodec, TargetOptions
from bupose.people import Labels

SIZE = (200, 136)


def slow_heat(labels, stride, sigma):
    """exp(-d²/2σ²) of the nearest labelled joint, cut at a hundredth; distances in pixels between centres of cells."""
    h, w = -(-SIZE[1] // stride), -(-SIZE[0] // stride)
    heat = np.zeros((labels.xy.shape[1], h, w))
    for k, v, u in np.ndindex(*heat.shape):
        centre = np.array([u, v]) * stride + (stride - 1) / 2
        for p in range(len(labels)):
            if labels.present[p, k]:
                value = np.exp(-((labels.xy[p, k] - centre) ** 2).sum() / (2 * sigma**2))
                heat[k, v, u] = max(heat[k, v, u], value if value > 0.01 else 0)
    return heat


def slow_limb(a, b, stride, width):
    """Unit vectors where a cell's centre lies within ``width`` strides of the segment."""
    h, w = -(-SIZE[1] // stride), -(-SIZE[0] // stride)
    field = np.zeros((2, h, w))
    for v, u in np.ndindex(h, w):
        centre = np.array([u, v]) * stride + (stride - 1) / 2
        t = np.clip(np.dot(centre - a, b - a) / np.dot(b - a, b - a), 0, 1)
        if np.linalg.norm(a + t * (b - a) - centre) <= width * stride:
            field[:, v, u] = (b - a) / np.linalg.norm(b - a)
    return field


@pytest.mark.parametrize(("stride", "sigma", "width"), [(8, 7, 1), (4, 3.5, 1.5), (16, 14, 1.25)])
def test_one_person(stride, sigma, width, crowd):
    labels = crowd(1, 3, SIZE, (90, 110))
    targets = FieldCodec(labels.skeleton, Grid(stride), TargetOptions(sigma, width)).encode(labels, SIZE)
    assert targets.heat.shape[1:] == (-(-SIZE[1] // stride), -(-SIZE[0] // stride))
    np.testing.assert_allclose(targets.heat, slow_heat(labels, stride, sigma), atol=1e-4)
    for limb, (a, b) in enumerate(labels.skeleton.limb_joints):
        both = labels.present[0, [a, b]].all()
        xy = labels.xy[0].astype(np.float64)
        expected = slow_limb(xy[a], xy[b], stride, width) if both else np.zeros_like(targets.paf[limb])
        np.testing.assert_allclose(targets.paf[limb], expected, atol=1e-4)


def test_heat_is_the_maximum_and_limbs_the_mean_over_people(crowd):
    codec, labels = FieldCodec(skeletons.COCO17), crowd(8, 0, SIZE, (60, 120))
    together = codec.encode(labels, SIZE)
    alone = [codec.encode(labels[p], SIZE) for p in range(8)]
    np.testing.assert_array_equal(together.heat, np.max([t.heat for t in alone], 0))
    painted = np.array([(t.paf != 0).any(1) for t in alone])
    count = painted.sum(0)
    assert count.max() >= 3
    mean = np.sum([t.paf for t in alone], 0) / np.maximum(count, 1)[:, None]
    np.testing.assert_allclose(together.paf, mean, atol=1e-6)


def test_what_is_not_labelled_is_not_painted():
    codec = FieldCodec(skeletons.COCO17)
    xy = np.random.default_rng(0).uniform(20, 120, (1, 17, 2))
    visibility = np.full((1, 17), 2)
    visibility[0, 9] = 0  # left wrist
    targets = codec.encode(Labels(xy, visibility, codec.skeleton), SIZE)
    for k in range(17):
        assert targets.heat[k].any() == (k != 9)
    for limb, ends in enumerate(codec.skeleton.limb_joints):
        assert targets.paf[limb].any() == (9 not in ends)
    hidden = codec.encode(Labels(xy, np.minimum(visibility, 1), codec.skeleton), SIZE)
    np.testing.assert_array_equal(hidden.heat, targets.heat)  # labelled though hidden counts in full


@pytest.mark.parametrize("far", [np.nan, np.inf, -1e12, 1e38])
def test_labels_that_are_no_place_paint_nothing(far):
    codec = FieldCodec(skeletons.COCO17)
    xy = np.random.default_rng(0).uniform(20, 120, (1, 17, 2))
    absent = np.full((1, 17), 2)
    absent[0, 9] = 0
    expected = codec.encode(Labels(xy, absent, codec.skeleton), SIZE)
    xy[0, 9] = far
    got = codec.encode(Labels(xy, np.full((1, 17), 2), codec.skeleton), SIZE)
    np.testing.assert_array_equal(got.heat, expected.heat)
    np.testing.assert_array_equal(got.paf, expected.paf)


def test_a_limb_is_painted_as_far_as_the_picture_goes():
    codec = FieldCodec(skeletons.COCO17)
    xy = np.full((1, 17, 2), 60.0)
    xy[0, 7], xy[0, 9] = (150, 60), (260, 60)  # left wrist 60 pixels right of the picture
    visibility = np.zeros((1, 17))
    visibility[0, [7, 9]] = 2
    targets = codec.encode(Labels(xy, visibility, codec.skeleton), SIZE)
    limb = codec.skeleton.limb_names.index("left_elbow-left_wrist")
    row = targets.paf[limb, 0, 7]
    np.testing.assert_array_equal(row, (Grid(8).to_pixels(np.arange(25)) > 142).astype(np.float32))
    assert not targets.heat[9].any()


def test_ignored_places_have_no_weight():
    codec = FieldCodec(skeletons.COCO17)
    ignore = np.zeros((SIZE[1], SIZE[0]), bool)
    ignore[:68, 100:] = True  # ends in the middle of a row and of a column of cells
    weight = codec.encode(Labels.nobody(codec.skeleton), SIZE, ignore).weight
    assert weight.shape == (17, 25)
    assert weight.dtype == np.float32
    np.testing.assert_allclose(weight[:8, :12], 1)
    np.testing.assert_allclose(weight[:8, 13:], 0)
    np.testing.assert_allclose(weight[:8, 12], 0.5)
    np.testing.assert_allclose(weight[8, 13:], 0.5)
    np.testing.assert_allclose(weight[8, 12], 0.75)
    np.testing.assert_allclose(weight[9:], 1)
    np.testing.assert_array_equal(codec.encode(Labels.nobody(codec.skeleton), SIZE).weight, 1)


def test_painted_cells_count_even_where_ignored(crowd):
    codec, labels = FieldCodec(skeletons.COCO17), crowd(2, 1, SIZE, (60, 120))
    targets = codec.encode(labels, SIZE, np.ones((SIZE[1], SIZE[0]), bool))
    painted = (targets.heat > 0).any(0) | (targets.paf != 0).any((0, 1))
    np.testing.assert_array_equal(targets.weight, painted)
    assert 0 < painted.mean() < 1


def test_padding_is_ignored_with_the_rest():
    codec = FieldCodec(skeletons.COCO17, Grid(16))
    weight = codec.encode(Labels.nobody(codec.skeleton), (40, 24), np.zeros((24, 40), bool)).weight
    np.testing.assert_allclose(weight, [[1, 1, 0.5], [0.5, 0.5, 0.25]])


def test_labels_and_masks_that_do_not_fit_are_refused():
    codec = FieldCodec(skeletons.COCO17)
    with pytest.raises(LabelsError, match=r"labels of 'coco18'; this codec paints 'coco17'[^\n]*$"):
        codec.encode(Labels.nobody(skeletons.COCO18), SIZE)
    with pytest.raises(LabelsError, match=r"mask has shape \(200, 136\)[^\n]* \(136, 200\)$"):
        codec.encode(Labels.nobody(skeletons.COCO17), SIZE, np.zeros(SIZE, bool))


def test_nobody_and_nothing():
    codec = FieldCodec(skeletons.COCO17)
    for size in (SIZE, (0, 0), (5, 0)):
        targets = codec.encode(Labels.nobody(codec.skeleton), size)
        assert not targets.heat.any()
        assert not targets.paf.any()
        assert len(codec.decode(targets)) == 0
