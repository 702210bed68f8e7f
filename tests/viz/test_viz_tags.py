"""Tags as pictures: a person's joints have one colour, another's another."""

import numpy as np
import pytest

from bupose import skeletons
from bupose.errors import FieldsError
from bupose.maps import Grid
from bupose.methods.tags import TagCodec
from bupose.viz import explain_tags, fields_picture, heatmap, map_picture

COLUMNS = (8, 24)  # where two people stand, cells


@pytest.fixture
def codec():
    return TagCodec(skeletons.COCO17, Grid(4)).with_decoder(localization_sigma=0)


@pytest.fixture
def maps(codec):
    """Two people, joint k in row 2k + 1, with tags -1 and 3."""
    heat, tags = np.zeros((17, 36, 32), np.float32), np.full((17, 1, 36, 32), -1.0, np.float32)
    tags[:, 0, :, 16:] = 3
    for k in range(17):
        heat[k, 2 * k + 1, list(COLUMNS)] = 0.9
    return codec.maps({"heat": heat, "tags": tags})


def color_at(picture, grid, k, column):
    x, y = np.rint(grid.to_pixels(np.array([column, 2 * k + 1]))).astype(int)
    return picture[y, x].astype(int)


def test_people_are_told_apart_by_colour(maps):
    picture = map_picture(maps, "tags")
    assert picture.shape == (144, 128, 3)
    one, other = ([color_at(picture, maps.grid, k, column) for k in range(17)] for column in COLUMNS)
    assert np.ptp(one, 0).max() < 12
    assert np.ptp(other, 0).max() < 12
    assert np.abs(np.mean(one, 0) - np.mean(other, 0)).max() > 100


def test_one_joint_alone(maps):
    picture = map_picture(maps, "tags", "left_wrist")
    k = skeletons.COCO17.index["left_wrist"]
    assert color_at(picture, maps.grid, k, 8).max() > 100
    assert color_at(picture, maps.grid, 0, 8).max() == 0
    with pytest.raises(FieldsError, match="no joint 'tail'"):
        map_picture(maps, "tags", "tail")


def test_all_maps_stand_beside_each_other(maps):
    picture, heat, tags = fields_picture(maps), heatmap(maps), map_picture(maps, "tags")
    np.testing.assert_array_equal(picture[:, :128], heat)
    np.testing.assert_array_equal(picture[:, -128:], tags)


def test_dots_are_the_peaks_in_their_persons_colour(codec, maps):
    trace = codec.explain(maps)
    assert len(trace.people) == 2
    dots = explain_tags(trace).axes[0].collections[0]
    np.testing.assert_allclose(dots.get_offsets()[:, 0], np.tile([-1, 3], 17))
    np.testing.assert_allclose(dots.get_offsets()[:, 1], trace.peaks.joint)
    colors = dots.get_facecolors()
    assert len(np.unique(colors[::2], axis=0)) == len(np.unique(colors[1::2], axis=0)) == 1
    assert (colors[0] != colors[1]).any()


def test_nobody_and_nothing(codec, maps):
    empty = maps.replace(heat=0 * maps.arrays["heat"])
    assert not map_picture(empty, "tags").any()
    assert explain_tags(codec.explain(empty))._repr_png_()[:4] == b"\x89PNG"
