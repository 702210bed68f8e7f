"""One candidate's samples: as many as there are, where they are, filled where the field is strong."""

import numpy as np
import pytest

from bupose import viz
from bupose.errors import FieldsError
from bupose.methods.paf import FieldCodec
from bupose.skeletons import COCO17
from bupose.synthetic import draw_scene


@pytest.fixture(scope="module")
def trace():
    labels = draw_scene(2, (320, 240), 2, COCO17).labels
    codec = FieldCodec(COCO17)
    return codec.with_decoder(paf_threshold=0.3).explain(codec.encode(labels, (320, 240)))


def dots(axes):
    """Positions of the filled and of the hollow dots."""
    filled, hollow = axes.collections[-2:]
    return np.asarray(filled.get_offsets()), np.asarray(hollow.get_offsets())


def test_samples_lie_on_the_line_and_are_filled_where_the_field_is_strong(trace):
    mixed = [m for m in range(len(trace.candidates)) if 0.2 < trace.candidates.share[m] < 0.8]
    assert mixed
    for m in (mixed[0], int(np.flatnonzero(trace.used)[0])):
        picture, plot = viz.explain_candidate(trace, m).axes
        xy, projection = trace.samples(m)
        filled, hollow = dots(picture)
        np.testing.assert_allclose(filled, xy[projection > 0.3], atol=1e-4)
        np.testing.assert_allclose(hollow, xy[projection <= 0.3], atol=1e-4)
        assert trace.reason(m).split()[0] in plot.get_title(loc="left")
        left, right = picture.get_xlim()
        bottom, top = picture.get_ylim()
        assert left <= xy[:, 0].min() <= xy[:, 0].max() <= right
        assert top <= xy[:, 1].min() <= xy[:, 1].max() <= bottom
        assert (right - left, bottom - top) < (320, 240)


def test_it_draws_over_a_photo(trace):
    photo = np.full((240, 320, 3), 200, np.uint8)
    under = viz.explain_candidate(trace, 0, photo).axes[0].images[0].get_array()
    assert np.median(under) == pytest.approx(110, abs=2)


@pytest.mark.parametrize("m", [-1, 10**6])
def test_no_such_candidate(trace, m):
    with pytest.raises(FieldsError, match=f"no candidate {m}"):
        viz.explain_candidate(trace, m)
