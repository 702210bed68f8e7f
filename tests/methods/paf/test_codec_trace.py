"""A trace says truly what was seen and decided, and can be drawn."""

import numpy as np
import pytest

from bupose import viz
from bupose.kernels import reference


@pytest.fixture(params=[0, 1, 2])
def trace(request, crowd, codec_of, noisy):
    """A noisy crowd of eight, in which limbs are used, matched in vain, and rejected."""
    codec = codec_of()
    return codec.explain(noisy(codec.encode(crowd(8, request.param), (640, 368)), request.param, 0.02))


def some(trace, count=300):
    return np.random.default_rng(0).choice(len(trace.candidates), count, replace=False)


def test_samples_are_what_the_score_is_the_mean_of(trace):
    c, grid = trace.candidates, trace.fields.grid
    for m in some(trace):
        xy, projection = trace.samples(m)
        assert xy.shape == (12, 2)
        assert xy.dtype == projection.dtype == np.float32
        assert projection.mean() == pytest.approx(c.score[m], abs=2e-5)
        borderline = np.abs(projection - trace.options.paf_threshold) < 1e-5
        if not borderline.any():
            assert (projection > trace.options.paf_threshold).mean() == pytest.approx(c.share[m], abs=1e-6)
        last = np.array(trace.fields.size) - 4.5  # a peak beyond the outermost cells is moved onto them
        np.testing.assert_allclose(xy[0], np.clip(grid.to_pixels(trace.peaks.xy[c.first[m]]), 3.5, last), atol=1e-3)
        np.testing.assert_allclose(xy[-1], np.clip(grid.to_pixels(trace.peaks.xy[c.second[m]]), 3.5, last), atol=1e-3)
        u, v = reference.sample_field(trace.fields.paf, c.limb[m], *grid.to_cells(xy).T)
        assert (np.abs(projection) <= np.hypot(u, v) + 1e-4).all()


def test_weight_follows_from_scores(trace):
    c, peaks = trace.candidates, trace.peaks
    ends = peaks.score[c.first] * peaks.score[c.second]
    np.testing.assert_allclose(c.weight, c.score * ends**trace.options.joint_score_exponent, rtol=1e-4)
    assert (c.score > 0).all()
    assert (c.score <= 1.2).all()
    np.testing.assert_array_equal(peaks.joint[c.first], trace.fields.skeleton.limb_joints[c.limb, 0])
    np.testing.assert_array_equal(peaks.joint[c.second], trace.fields.skeleton.limb_joints[c.limb, 1])


def test_peaks_lie_by_their_joints(trace):
    peaks = trace.peaks
    for k in range(17):
        assert (peaks.joint[peaks.start[k] : peaks.start[k + 1]] == k).all()
    column, row = np.rint(peaks.xy).astype(int).T
    near = trace.fields.heat[peaks.joint, np.clip(row, 0, 45), np.clip(column, 0, 79)]
    assert np.median(peaks.score - near) < 1e-3
    assert (peaks.score > trace.options.peak_threshold).all()


def test_what_a_prompt_shows_is_short(trace):
    for one in (trace, trace.fields, trace.peaks, trace.candidates):
        assert type(one).__name__ in repr(one)
        assert len(repr(one)) < 200
    assert f"{len(trace.people)} people" in repr(trace)


def test_members_are_the_people(trace):
    people, members = trace.people, trace.members
    assert members.shape == people.score.shape
    p, k = np.nonzero(members >= 0)
    rows = members[p, k]
    np.testing.assert_array_equal(trace.peaks.joint[rows], k)
    shown = people.present[p, k]
    np.testing.assert_array_equal(people.xy[p, k][shown], trace.fields.grid.to_pixels(trace.peaks.xy[rows[shown]]))
    np.testing.assert_array_equal(people.present, (people.score > 0) & ((members >= 0) | people.completed))
    assert (people.score[people.present] >= trace.options.min_joint_score).all()
    assert shown.mean() > 0.5
    assert not (people.completed & (members >= 0)).any()
    for i, row in zip(p, rows, strict=True):
        assert trace.person_of(row) == i
    free = np.setdiff1d(np.arange(len(trace.peaks)), rows)
    assert trace.person_of(free[0]) == -1


def test_used_limbs_hold_the_people_together(trace):
    c = trace.candidates
    assert not (trace.used & ~trace.matched).any()
    for m in np.flatnonzero(trace.used):
        assert trace.person_of(c.first[m]) == trace.person_of(c.second[m])
    for p, member in enumerate(trace.members):
        held = set(member[member >= 0])
        limbs = [m for m in np.flatnonzero(trace.used) if c.first[m] in held]
        reached, growing = {next(iter(held))}, True
        while growing:
            more = {x for m in limbs for x in (c.first[m], c.second[m]) if {c.first[m], c.second[m]} & reached}
            growing = not more <= reached
            reached |= more
        assert reached == held, f"person {p} is not held together by used limbs"


def test_every_decision_has_a_reason_of_one_line(trace):
    seen = {"used": 0, "matched": 0, "not matched": 0}
    for m in np.concatenate([some(trace), np.flatnonzero(trace.matched)]):
        reason = trace.reason(m)
        assert "\n" not in reason
        assert 20 < len(reason) < 160
        assert f"{trace.candidates.weight[m]:.2f}" in reason
        start = "used" if trace.used[m] else "matched" if trace.matched[m] else "not matched"
        assert reason.startswith(start)
        seen[start] += 1
    assert all(seen.values())


def test_a_rejected_limb_names_the_limb_that_won(trace):
    c = trace.candidates
    rejected = np.flatnonzero(~trace.matched)
    for m in rejected[np.argsort(-c.weight[rejected])[:20]]:
        rivals = trace.matched & (c.limb == c.limb[m]) & ((c.first == c.first[m]) | (c.second == c.second[m]))
        assert rivals.any()  # no joint is left alone that could have had this limb
        assert all(f"{c.weight[r]:.2f}" in trace.reason(m) for r in np.flatnonzero(rivals))


def test_decode_is_what_explain_explains(trace, codec_of):
    np.testing.assert_array_equal(codec_of().decode(trace.fields).xy, trace.people.xy)


def test_a_trace_is_drawn(crowd, codec_of):
    codec = codec_of()
    trace = codec.explain(codec.encode(crowd(4, 0), (640, 368)))
    for figure in (viz.explain_limb(trace, "left_elbow-left_wrist"), viz.explain_person(trace, 0)):
        assert figure._repr_png_()[:4] == b"\x89PNG"
