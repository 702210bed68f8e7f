import numpy as np
import pytest

from bupose import FieldCodec, Grid, Labels, TargetOptions, viz
from bupose.errors import FieldsError
from bupose.skeletons import COCO17

SIZE = (160, 120)
LIMB = "left_knee-left_ankle"
KNEE, ANKLE = (COCO17.index[j] for j in LIMB.split("-"))


def two_people(knee=(60.3, 40.8), ankle=(85.1, 90.2)) -> Labels:
    xy, visibility = np.zeros((2, 17, 2)), np.zeros((2, 17), int)
    xy[0, [KNEE, ANKLE]] = knee, ankle
    xy[1, [KNEE, ANKLE]] = (130, 20), (140, 60)
    visibility[:, [KNEE, ANKLE]] = 2
    visibility[1, ANKLE] = 0
    return Labels(xy, visibility, COCO17)


@pytest.mark.parametrize(("stride", "sigma", "width"), [(8, 7, 1.25), (4, 5, 2)])
def test_cells_lie_on_the_papers_curves(stride, sigma, width):
    codec = FieldCodec(COCO17, Grid(stride), TargetOptions(sigma, width))
    figure = viz.explain_targets(codec, two_people(), SIZE, LIMB)
    heat, strength = (next(a for a in figure.axes if word in a.get_title()) for word in ("heat", "length"))
    distance, value = (line := heat.lines[1]).get_xdata(), line.get_ydata()
    assert len(distance) > 20
    far = distance > sigma * np.sqrt(2 * np.log(100)) - 0.01
    np.testing.assert_allclose(value[~far], np.exp(-((distance[~far] / sigma) ** 2) / 2), atol=1e-4)
    assert value[far].max(initial=0) < 0.011
    distance, value = (line := strength.lines[1]).get_xdata(), line.get_ydata()
    np.testing.assert_allclose(value, distance <= width * stride, atol=1e-6)
    assert 0 < value.mean() < 1


def test_the_window_shows_the_limb():
    axes = viz.explain_targets(FieldCodec(COCO17), two_people(), SIZE, LIMB).axes[0]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < 50 < 95 < right
    assert top < 31 < 100 < bottom


def test_what_cannot_be_shown_is_said():
    codec = FieldCodec(COCO17)
    for limb, person, what in ((LIMB, 2, "no person 2"), (LIMB, 1, "lacks a joint"), ("x-y", 0, "no limb 'x-y'")):
        with pytest.raises(FieldsError, match=what):
            viz.explain_targets(codec, two_people(), SIZE, limb, person)
