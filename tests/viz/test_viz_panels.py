import numpy as np
import pytest

from bupose import viz
from bupose.errors import InputError
from bupose.people import People
from bupose.skeletons import COCO17

GREY = np.full((60, 90, 3), 120, np.uint8)


def shown(figure) -> list:
    return [axes.images[0].get_array() for axes in figure.axes if axes.images]


def test_pictures_stand_in_their_order_under_their_titles():
    pictures = [np.full((30, 40, 3), n, np.uint8) for n in range(5)]
    figure = viz.panels(*pictures, titles=list("abcde"), columns=2)
    assert [int(p[0, 0, 0]) for p in shown(figure)] == [0, 1, 2, 3, 4]
    assert [axes.get_title("left") for axes in figure.axes] == ["a", "b", "c", "d", "e", ""]
    figure.draw_without_rendering()
    places = [axes.get_position() for axes in figure.axes]
    assert places[0].x0 < places[1].x0
    assert places[2].y1 < places[0].y0


def test_a_row_is_as_high_as_its_pictures():
    width, height = viz.panels(GREY, GREY, GREY, width=9).get_size_inches()
    assert width == 9
    assert height == pytest.approx(9 / 3 * 60 / 90, abs=0.1)


def test_grey_and_rgba_are_pictures_too():
    assert [p.shape[2] for p in shown(viz.panels(GREY[..., 0], viz.color_wheel(30)))] == [3, 3]


@pytest.mark.parametrize("given", [((), ()), ((GREY, GREY), ("one",))])
def test_panels_refuse_what_does_not_fit(given):
    pictures, titles = given
    with pytest.raises(InputError, match="give a title for each"):
        viz.panels(*pictures, titles=titles)


def test_every_found_joint_is_named_at_its_place():
    xy = np.random.default_rng(0).uniform(10, 50, (1, 17, 2)).astype(np.float32)
    xy[0, 3] = np.nan
    people = People(xy, np.ones((1, 17)), [1], COCO17)
    texts = {text.get_text(): text.xy for text in viz.name_joints(GREY, people).axes[0].texts}
    assert set(texts) == {j.replace("_", " ") for j in COCO17.joints} - {"left ear"}
    np.testing.assert_allclose(texts["right knee"], xy[0, COCO17.index["right_knee"]])
    with pytest.raises(InputError, match="no person 1"):
        viz.name_joints(GREY, people, 1)


def test_colours_are_told_apart():
    colors = viz.distinct_colors(12).astype(int)
    apart = np.abs(colors[:, None] - colors[None]).sum(-1) + 999 * np.eye(12, dtype=int)
    assert apart.min() > 40
    assert apart[np.arange(11), np.arange(1, 12)].min() > 150  # neighbours most of all
    assert viz.distinct_colors(0).shape == (0, 3)
