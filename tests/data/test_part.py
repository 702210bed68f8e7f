"""A set in two parts."""

import pytest

from bupose.data import open_samples
from bupose.data.part import hold_out
from bupose.errors import LabelsError

OPTIONS = {"count": 50, "size": (32, 32), "people": (1, 1), "scene": "clean"}


@pytest.mark.parametrize(("share", "held"), [(0.2, 10), (0.01, 1), (0.9, 45)])
def test_every_picture_is_in_one_part(share, held):
    samples = open_samples("synthetic", OPTIONS)
    parts = hold_out(samples, share)
    names = [[part.picture(i).name for i in range(len(part))] for part in parts]
    assert len(names[1]) == held
    assert sorted(names[0] + names[1]) == sorted(samples[i].name for i in range(50))
    assert [part.skeleton for part in parts] == [samples.skeleton] * 2
    assert parts[1][0].name == names[1][0]
    again, other = hold_out(samples, share), hold_out(samples, share, seed=1)
    assert [again[1].picture(i).name for i in range(held)] == names[1]
    assert share == 0.01 or [other[1].picture(i).name for i in range(held)] != names[1]


def test_two_pictures_are_the_least():
    with pytest.raises(
        LabelsError, match=r"the data has 1 picture, none of which can be held out; give .*annotations="
    ):
        hold_out(open_samples("synthetic", OPTIONS | {"count": 1}), 0.5)
    assert [len(part) for part in hold_out(open_samples("synthetic", OPTIONS | {"count": 2}), 0.9)] == [1, 1]
