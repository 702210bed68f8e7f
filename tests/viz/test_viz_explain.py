import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from bupose import skeletons
from bupose.errors import FieldsError
from bupose.maps import Grid
from bupose.methods.paf.fields import Fields
from bupose.viz import explain_joint, explain_limb, explain_person, nearest_peak
from bupose.viz.explain import pick_pair

ARM = skeletons.Skeleton("arm", ("shoulder", "elbow", "wrist"), (("shoulder", "elbow"), ("elbow", "wrist")))


def arms(*columns, skeleton=ARM) -> Fields:
    """Upright arms of 8 cells in the given columns: fields with sharp peaks and one-cell-wide limbs."""
    heat, paf = np.zeros((3, 24, 40), np.float32), np.zeros((2, 2, 24, 40), np.float32)
    for u in columns:
        for k in range(3):
            heat[k, 4 + 8 * k, u] = 0.9
        for n in range(2):
            paf[n, 1, 4 + 8 * n : 13 + 8 * n, u - 1 : u + 2] = 1
    return Fields(heat, paf, Grid(8), skeleton)


@pytest.fixture
def two(trace_of):
    return trace_of(arms(10, 14))


def words(figure):
    return [t.get_text() for axes in figure.axes for t in [*axes.texts, axes.title, axes._left_title]]


def lines(figure):
    """Candidate lines: two points each, network pixels."""
    return [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2]


def test_two_arms_make_four_candidates(two):
    figure = explain_limb(two, "shoulder-elbow")
    assert isinstance(figure, Figure)
    rows = np.flatnonzero(two.candidates.limb == 0)
    drawn = lines(figure)
    assert len(drawn) == rows.size == 4
    solid = [line for line in drawn if line.get_linestyle() == "-"]
    dashed = [line for line in drawn if line.get_linestyle() != "-"]
    assert len(solid) == len(dashed) == 2
    ends = sorted((*line.get_xdata(), *line.get_ydata()) for line in solid)
    at = {u: Grid(8).to_pixels(u) for u in (4, 10, 12, 14)}
    np.testing.assert_allclose(ends, [(at[10], at[10], at[4], at[12]), (at[14], at[14], at[4], at[12])])


def test_scores_numbers_and_reason_are_written(two):
    figure = explain_limb(two, 0)
    text = " | ".join(words(figure))
    for m in np.flatnonzero(two.candidates.limb == 0):
        assert f"{two.candidates.score[m]:.2f}" in text
    for row in np.flatnonzero(two.peaks.joint < 2):
        assert str(row) in words(figure)
    assert "shoulder → elbow: 4 candidates" in text
    for axes, m in zip(figure.axes[1:], pick_pair(two, np.flatnonzero(two.candidates.limb == 0))):
        written = axes.get_title(loc="left").split("\n", 1)[1]
        assert written.replace("\n", " ") == two.reason(m)
    assert "threshold 0.1" in text


def test_samples_mean_and_threshold_are_plotted(trace_of):
    fields = arms(10, 14)
    fields.paf[:] *= 0.4
    two = trace_of(fields)
    rows = np.flatnonzero(two.candidates.limb == 0)
    winner, loser = pick_pair(two, rows)
    figure = explain_limb(two, 0)
    for axes, m in zip(figure.axes[1:], (winner, loser)):
        _, projection = two.samples(m)
        curve = next(line for line in axes.lines if len(line.get_xdata()) == len(projection))
        np.testing.assert_allclose(curve.get_ydata(), projection)
        np.testing.assert_allclose(curve.get_xdata()[[0, -1]], [0, 1])
        levels = [line.get_ydata()[0] for line in axes.lines if len(line.get_xdata()) == 2]
        assert np.isclose(levels, two.candidates.score[m]).any()
        assert np.isclose(levels, two.options.paf_threshold).any()
        above, below = (len(c.get_offsets()) for c in axes.collections if isinstance(c, PathCollection))
        assert (above, below) == ((projection > 0.1).sum(), (projection <= 0.1).sum())


def test_the_pair_is_a_winner_and_its_rival(two):
    c = two.candidates
    winner, loser = pick_pair(two, np.flatnonzero(c.limb == 0))
    assert two.used[winner]
    assert not two.used[loser]
    assert c.first[winner] == c.first[loser] or c.second[winner] == c.second[loser]
    assert pick_pair(two, []).size == 0
    only = np.flatnonzero(two.used)[:1]  # alone
    np.testing.assert_array_equal(pick_pair(two, only), only)


def test_a_rival_is_preferred_to_a_stranger(trace_of):
    trace = trace_of(arms(10, 14, 34))
    c = trace.candidates
    stranger = np.flatnonzero((c.limb == 0) & trace.used)[-1]
    trace.used[stranger] = False  # the strongest of those not used, but it lost to nobody
    winner, loser = pick_pair(trace, np.flatnonzero(c.limb == 0))
    assert loser != stranger
    assert c.first[winner] == c.first[loser] or c.second[winner] == c.second[loser]
    trace.used[stranger] = True
    used, rest = np.flatnonzero((c.limb == 0) & trace.used), np.flatnonzero((c.limb == 0) & ~trace.used)
    for m in rest:
        winner, loser = pick_pair(trace, [*used, m])
        assert loser == m
        assert c.first[winner] == c.first[m] or c.second[winner] == c.second[m]


def test_one_candidate(trace_of):
    figure = explain_limb(trace_of(arms(10)), 0)
    assert len(figure.axes) == 2
    assert figure._repr_png_()


def test_no_candidate(trace_of):
    full = arms(10)
    no_limbs = trace_of(Fields(full.heat, np.zeros_like(full.paf), full.grid, ARM))
    nothing = trace_of(Fields(np.zeros_like(full.heat), np.zeros_like(full.paf), full.grid, ARM))
    for figure in (explain_limb(no_limbs, 0), explain_limb(nothing, 0), explain_joint(no_limbs, 0)):
        assert len(figure.axes) == 1
        assert figure._repr_png_()


def test_matched_but_not_used_has_a_look_of_its_own(two):
    m = np.flatnonzero(two.used & (two.candidates.limb == 0))[0]
    two.used[m] = False
    styles = {str(line.get_linestyle()) + str(line.get_linewidth()) for line in lines(explain_limb(two, 0))}
    assert len(styles) == 3


def test_a_joint_shows_all_that_it_was_offered(two):
    elbow = nearest_peak(two, two.fields.grid.to_pixels(np.array([10.2, 11.8])))
    assert two.peaks.joint[elbow] == 1
    figure = explain_joint(two, elbow)
    c = two.candidates
    offered = (c.first == elbow) | (c.second == elbow)
    assert len(lines(figure)) == offered.sum() == 4
    assert f"elbow {elbow}, score 0.90: 4 candidates" in words(figure)
    assert len(figure.axes) == 4  # the picture, two used, one refused


def test_nearest_peak(two, trace_of, empty_fields):
    xy = two.fields.grid.to_pixels(np.array([14.0, 20.0]))
    assert two.peaks.joint[nearest_peak(two, xy)] == 2
    assert two.peaks.joint[nearest_peak(two, xy, joint=0)] == 0
    assert nearest_peak(trace_of(arms()), (3, 3)) is None


def test_a_person_is_the_sum_of_its_limbs(two):
    figure = explain_person(two, 0)
    axes = figure.axes[0]
    assert len(axes.patches) == 2
    np.testing.assert_allclose([bar.get_width() for bar in axes.patches], 1, atol=0.01)
    two.members[0, 2] = -1
    assert "wrist missing" in words(explain_person(two, 0))
    two.people.completed[0, 2] = True
    assert "wrist completed" in words(explain_person(two, 0))


def test_unknown_limb_joint_person(two):
    with pytest.raises(FieldsError, match="no limb 'leg'; choose one of shoulder-elbow"):
        explain_limb(two, "leg")
    with pytest.raises(FieldsError, match="no peak 99"):
        explain_joint(two, 99)
    with pytest.raises(FieldsError, match="no person 2; there are 2"):
        explain_person(two, 2)


def test_photo_beneath(two):
    photo = np.full((192, 320, 3), 200, np.uint8)
    with_photo, without = (explain_limb(two, 0, p).axes[0].images[0].get_array() for p in (photo, None))
    assert with_photo[100, 200].mean() > without[100, 200].mean() + 50


def test_drawing_changes_no_trace(two):
    before = [a.copy() for a in (two.used, two.matched, two.members, two.people.xy, two.fields.paf, two.peaks.xy)]
    explain_limb(two, 1)
    explain_joint(two, 0)
    explain_person(two, 1)
    for old, new in zip(before, (two.used, two.matched, two.members, two.people.xy, two.fields.paf, two.peaks.xy)):
        np.testing.assert_array_equal(old, new)
