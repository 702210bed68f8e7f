"""The whole video known."""

from dataclasses import replace

import numpy as np
from walkers import crossing, people_at

from bupose.track import Tracker, TrackOptions, finish


def finished(frames, **options):
    options = TrackOptions(**options)
    tracker = Tracker(options)
    live = [(time, tracker.update(people, time)) for time, people, *_ in frames]
    return live, list(finish(lambda: iter(live), options))


def test_ids_reach_back_to_the_first_frame():
    live, done = finished(crossing())
    assert live[0][1].ids.tolist() == [-1, -1]
    assert [people.ids.tolist() for _, people in done] == [[0, 1]] * len(done)
    assert [time for time, _ in done] == [time for time, _ in live]


def test_tracklets_of_one_person_are_joined_and_filled():
    frames = [
        (t, replace(people, hidden=people.present & (np.arange(17) == 3)))
        for t, people, *_ in crossing(80, gap=(25, 40))
    ]
    live, done = finished(frames, patience=0.3)
    assert live[-1][1].ids.tolist() == [0, 2]
    assert [sorted(people.ids.tolist()) for _, people in done] == [[0, 1]] * len(done)
    time, middle = done[32]
    filled = middle[middle.ids == 1]
    assert filled.data["interpolated"].all()
    assert np.isnan(filled.data["raw_xy"]).all()
    assert not filled.hidden.any()  # nobody has looked
    assert all(people.hidden[people.ids == 0, 3].all() for _, people in done)
    truth = people_at([(500 - 150 * time, 310)]).xy
    assert np.abs(filled.xy - truth).max() < 8  # 4 standard deviations of its ends' noise


def test_ghosts_get_no_id():
    frames = [(t, people_at([(100, 300)] + [(400, 300)] * (n < 2))) for n, (t, *_) in enumerate(crossing())]
    _, done = finished(frames)
    assert done[0][1].ids.tolist() == [0, -1]


def test_a_long_video_is_read_in_windows(monkeypatch):
    monkeypatch.setattr("bupose.track.offline.CHUNK", 8)
    frames = list(crossing(frames=80, gap=(25, 40)))
    _, small = finished(frames, patience=0.3, gap=0.7)
    monkeypatch.setattr("bupose.track.offline.CHUNK", 1000)
    _, large = finished(frames, patience=0.3, gap=0.7)
    assert small == large


def test_nobody_and_no_frames():
    assert list(finish(lambda: iter([]))) == []
    _, done = finished([(0.0, people_at([])), (0.1, people_at([]))])
    assert [len(people) for _, people in done] == [0, 0]


def test_who_comes_elsewhere_is_not_who_left():
    """Half a second after somebody was seen last, somebody is 1.5 body sizes beside where that one would be."""
    frames = [(n / 25, people_at([(300 + 6 * n, 300)])) for n in range(40)]
    frames += [(n / 25, people_at([])) for n in range(40, 52)]
    frames += [(n / 25, people_at([(300 + 6 * n, 420)])) for n in range(52, 90)]
    _, done = finished(frames, patience=0.3)
    assert done[-1][1].ids.tolist() == [1]
    assert [len(people) for _, people in done[40:52]] == [0] * 12
