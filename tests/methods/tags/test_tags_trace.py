"""A trace of a grouping by tags says truly who might have had which peak, and why."""

import numpy as np
import pytest


@pytest.fixture(params=[0, 1])
def trace(request, crowd, paint, codec):
    """A crowd of eight whose tags are too alike to part everybody."""
    rng = np.random.default_rng(request.param)
    maps = paint(codec, crowd(8, request.param), (640, 368), 0.7 * rng.permutation(8))
    maps.arrays["tags"][...] += rng.normal(0, 0.2, maps.arrays["tags"].shape).astype(np.float32)
    return codec.explain(maps)


def test_links_are_between_tags_that_are_near(trace):
    links, gate = trace.links, trace.options.tag_threshold
    assert (links.kind == trace.peaks.joint[links.second]).all()
    assert (trace.peaks.joint[links.first] != links.kind).all()
    assert (links.score <= 2 * gate).all()
    assert (links.score[links.used] < gate).all()
    assert ((links.weight > 0) == (links.score < gate)).all()


def test_every_joint_but_a_persons_first_came_by_a_link(trace):
    links = trace.links
    joined = {(int(a), int(b)) for a, b, used in zip(links.first, links.second, links.used, strict=True) if used}
    for row in trace.members:
        own = {int(n) for n in row[row >= 0]}
        anchors = {a for a, b in joined if b in own}
        assert len(anchors) == 1
        assert {b for a, b in joined if a in anchors} | anchors == own


def test_distances_are_to_the_mean_of_what_came_before(trace):
    """Of the last joint of each person, the mean of all others."""
    tags = trace.maps.arrays["tags"]
    tag = np.array([tags[k, :, y, x] for k, (y, x) in zip(trace.peaks.joint, trace.peaks.cell, strict=True)])
    used = np.flatnonzero(trace.links.used)
    for row in trace.members:
        own = row[row >= 0]
        last = used[np.isin(trace.links.second[used], own)].max()
        before = own[own != trace.links.second[last]]
        distance = np.linalg.norm(tag[trace.links.second[last]] - tag[before].mean(0))
        assert trace.links.score[last] == pytest.approx(distance, abs=1e-4)


def test_every_decision_has_a_reason_of_one_line(trace):
    seen = {"used": 0, "gate": 0, "taken": 0, "elsewhere": 0}
    links = trace.links
    for m in range(len(links.first)):
        reason, fate = trace.reason(m), trace.fate(m)
        assert "\n" not in reason
        assert f"tag distance {links.score[m]:.2f} to " in reason
        assert reason.startswith("used" if links.used[m] else "rejected")
        assert (fate == "rejected") == (not links.used[m])
        if fate == "used":
            assert f"to person {trace.person_of(links.second[m])}" in reason
            seen["used"] += 1
        elif links.score[m] >= trace.options.tag_threshold:
            assert "somebody else" in reason
            seen["gate"] += 1
        elif fate == "rejected":
            rivals = links.used & (links.kind == links.kind[m])
            taken = np.flatnonzero(rivals & (links.first == links.first[m]))
            elsewhere = np.flatnonzero(rivals & (links.second == links.second[m]))
            assert len(taken) + len(elsewhere)  # nobody who could be joined is left alone
            assert all(f"{links.score[r]:.2f}" in reason for r in (*taken, *elsewhere))
            seen["taken"] += len(taken)
            seen["elsewhere"] += len(elsewhere)
    assert all(seen.values()), seen


def test_members_are_the_people(trace):
    people, members = trace.people, trace.members
    p, k = np.nonzero(members >= 0)
    np.testing.assert_array_equal(trace.peaks.joint[members[p, k]], k)
    shown = people.present[p, k]
    xy = trace.maps.grid.to_pixels(trace.peaks.xy[members[p, k]])
    np.testing.assert_array_equal(people.xy[p, k][shown], xy[shown])
    assert not (people.completed & (members >= 0)).any()


def test_kinds_are_named(trace):
    names = {trace.kind_name(m) for m in range(len(trace.links.first))}
    assert "left wrist → person's tag" in names
