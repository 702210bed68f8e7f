"""What is painted: offsets that lead from every known cell to the joints, of the person whose cell it is."""

import numpy as np
import pytest

SIZE = (640, 384)


def test_known_cells_lead_to_the_joints(codec_of, row):
    codec, labels = codec_of(4), row(0)
    targets = codec.encode(labels, SIZE)
    offset, weight = targets.maps.arrays["offset"], targets.extra["offset_weight"]
    cells = codec.grid.to_cells(labels.xy.astype(np.float64))
    diagonal = np.hypot(*np.ptp(cells, 1).T)
    centre = cells.mean(1)
    k, v, u = np.nonzero(weight)
    nearest = np.hypot(u[:, None] - centre[:, 0], v[:, None] - centre[:, 1]).argmin(1)
    assert len(k) == 17 * len(set(zip(v, u)))
    np.testing.assert_allclose(offset[k, 0, v, u] + u, cells[nearest, k, 0], atol=1e-4)
    np.testing.assert_allclose(offset[k, 1, v, u] + v, cells[nearest, k, 1], atol=1e-4)
    np.testing.assert_allclose(weight[k, v, u], 1 / diagonal[nearest], rtol=1e-5)
    everywhere = np.hypot(*(np.stack(np.mgrid[:96, :160])[:, None] - centre.T[::-1][:, :, None, None])).min(0)
    np.testing.assert_array_equal((weight > 0).any(0), everywhere <= codec.target.radius)


def test_the_smaller_person_has_the_cells_of_both(codec_of, standing):
    codec = codec_of(4)
    both = standing([(320, 370), (322, 275)], [340, 170], astray=0)
    targets = codec.encode(both, SIZE)
    offset, weight = targets.maps.arrays["offset"], targets.extra["offset_weight"]
    cells = codec.grid.to_cells(both.xy.astype(np.float64))
    v, u = np.rint(cells.mean(1)[1][::-1]).astype(int)
    assert np.hypot(*(cells[0].mean(0) - (u, v))) <= codec.target.radius  # a cell near both
    np.testing.assert_allclose(offset[:, :, v, u] + (u, v), cells[1], atol=1e-4)
    assert (weight[:, v, u] > 0).all()


def test_unlabelled_joints_are_unknown(codec_of, row):
    codec, labels = codec_of(4), row(1)
    labels.visibility[2, 7] = 0
    targets = codec.encode(labels, SIZE)
    known = targets.extra["offset_weight"] > 0
    cells = codec.grid.to_cells(labels.xy[2][labels.present[2]]).mean(0)
    u, v = np.rint(cells).astype(int)
    assert not known[7, v, u]
    assert known[:, v, u].sum() == 16
    assert targets.maps.arrays["offset"][7, :, v, u].tolist() == [0, 0]


def test_local_offsets_and_boxes(codec_of, row):
    codec, labels = codec_of(4, {"local": True, "box": True}), row(2)
    targets = codec.encode(labels, SIZE)
    assert [spec.name for spec in targets.maps.specs] == list(targets.maps.arrays)
    cells = codec.grid.to_cells(labels.xy.astype(np.float64))
    k, v, u = np.nonzero(targets.extra["local_weight"])
    assert len(k) == 4 * 17 * 9  # a joint's cell and those beside it
    local = targets.maps.arrays["local"]
    assert np.abs(local).max() <= 1.5 + 1e-6
    place = np.stack([u, v], 1) + local[k, :, v, u]
    assert np.abs(cells[:, k] - place).max(2).min(0).max() < 1e-4
    u, v = np.rint(cells.mean(1)).astype(int).T
    middle = targets.maps.arrays["box_offset"][0, :, v, u] + np.stack([u, v], 1)
    np.testing.assert_allclose(middle, (cells.min(1) + cells.max(1)) / 2, atol=1e-4)
    np.testing.assert_allclose(targets.maps.arrays["box_size"][:, v, u].T, np.ptp(cells, 1), rtol=1e-5)
    assert (targets.extra["box_size_weight"][0, v, u] > 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_people_is_nothing(codec_of, crowd, seed):
    codec, labels = codec_of(4, {"local": True, "box": True}), crowd(6, seed)
    one, other = codec.encode(labels, SIZE), codec.encode(labels[::-1], SIZE)
    for name, values in one.arrays.items():
        np.testing.assert_array_equal(values, other.arrays[name], err_msg=name)


@pytest.mark.parametrize("seed", range(3))
def test_targets_of_the_mirrored_picture_are_the_mirrored_targets(codec_of, crowd, seed):
    codec, labels = codec_of(4, {"local": True, "box": True}), crowd(5, seed)
    mirrored = codec.encode(labels.flip(SIZE[0]), SIZE).maps
    for name, values in codec.encode(labels, SIZE).maps.flip().arrays.items():
        np.testing.assert_allclose(values, mirrored.arrays[name], atol=2e-4, err_msg=name)


def test_nobody_and_people_far_outside(codec_of, standing):
    codec = codec_of(4, {"local": True, "box": True})
    nobody = codec.encode(standing(np.zeros((0, 2)), []), SIZE)
    outside = standing([(9000, 380)], [300])
    outside.visibility[:] = 2
    for targets in (nobody, codec.encode(outside, SIZE)):
        assert all(not values.any() for values in (targets.maps.arrays | targets.extra).values())
