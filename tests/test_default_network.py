"""The network that comes with bupose: small, told where it is from, and able to find people it was not trained on."""

import numpy as np
import pytest

import bupose
from bupose import samples, weights
from bupose.diagnose.selftest import is_at_nose


def test_it_is_small_and_says_where_it_is_from():
    assert weights.DEFAULT.stat().st_size <= 12e6
    config = weights.load(weights.DEFAULT).config
    assert config.origin["licence"] == "Apache-2.0"
    assert config.preprocess == {"height": 416}


def test_drawn_people_are_found():
    """At least nine of twelve have half their visible joints within 12 px; its training saw some of other scenes."""
    crowd = samples.draw_crowd()
    people, truth = bupose.load(threads=1)(crowd.image), crowd.labels
    away = np.linalg.norm(people.xy[:, None] - truth.xy, axis=-1)  # found, true, joint
    seen = truth.visibility > 0
    share = ((away < 12) & seen).sum(-1) / seen.sum(-1)
    assert (share.max(0) > 0.5).sum() >= 9
    assert len(people) <= 15


def test_the_portraits_person_is_found():
    portrait = samples.find_portrait()
    if portrait is None:
        pytest.skip("this matplotlib comes without its portrait")
    assert is_at_nose(bupose.load(threads=1)(portrait))
