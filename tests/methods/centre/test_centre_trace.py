"""A trace tells of every peak within reach of a centre why it was or was not taken."""

import numpy as np
import pytest

SIZE = (640, 384)


@pytest.fixture
def trace(codec_of, crowd):
    codec = codec_of(4)
    return codec.explain(codec.encode(crowd(7, 2), SIZE).maps)


def test_links_lead_from_centres_to_peaks_of_their_kind(trace):
    links, joints = trace.links, len(trace.maps.skeleton.joints)
    assert len(links) > 100
    np.testing.assert_array_equal(trace.peaks.joint[links.second], links.kind)
    assert set(trace.peaks.joint[links.first]) == {joints}
    assert trace.peaks.start[-1] + len(trace.centres) == len(trace.peaks)
    assert trace.kind_name(0) == "person's centre → nose"


def test_used_links_are_the_people(trace):
    used = np.flatnonzero([trace.fate(m) == "used" for m in range(len(trace.links))])
    pairs = {(int(trace.rows[p]), int(n)) for p, row in enumerate(trace.members) for n in row if n >= 0}
    first = trace.links.first[used] - trace.peaks.start[-1]
    assert set(zip(first.tolist(), trace.links.second[used].tolist(), strict=True)) == pairs
    assert len(pairs) == len(used)


def test_sentences(trace):
    fates = {trace.fate(m) for m in range(len(trace.links))}
    assert {"used", "rejected"} <= fates
    for m in range(len(trace.links)):
        sentence = trace.reason(m)
        assert f"{trace.distance(m):.1f} cells from where" in sentence
        assert f"weight {trace.links.weight[m]:.2f}" in sentence
        start = {"used": "used", "matched": "matched, not used", "rejected": "not matched"}[trace.fate(m)]
        assert sentence.startswith(start)
        if trace.fate(m) == "rejected":  # the peak or the person's joint is somebody's, or the two would be joined
            assert " has " in sentence


def test_the_distance_is_that_of_the_weight(trace):
    sigma = np.maximum(0.2 * trace.centres.size, 0.5)
    for m in range(0, len(trace.links), 7):
        row = trace.links.first[m] - trace.peaks.start[-1]
        expected = trace.peaks.score[trace.links.second[m]] * np.exp(-((trace.distance(m) / sigma[row]) ** 2) / 2)
        assert trace.links.score[m] == pytest.approx(expected, rel=1e-3)


def test_a_centre_is_its_persons(trace):
    start = int(trace.peaks.start[-1])
    assert [trace.person_of(start + int(row)) for row in trace.rows] == list(range(len(trace.people)))
    for m in np.flatnonzero(trace.links.used)[::5]:
        assert trace.person_of(int(trace.links.first[m])) == trace.person_of(int(trace.links.second[m]))
        away = trace.maps.grid.to_pixels(trace.peaks.xy[trace.links.second[m]]) - trace.target(m)
        assert np.hypot(*away) == pytest.approx(trace.distance(m) * trace.maps.grid.stride, abs=1e-3)
