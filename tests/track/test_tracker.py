"""The live tracker: who is who, whatever the order, the size and the speed of people and frames."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from walkers import crossing, people_at

from bupose.errors import InputError, OptionsError
from bupose.geometry import flip
from bupose.people import People
from bupose.skeletons import COCO18
from bupose.track import Tracker, TrackOptions


def follow(frames, **options):
    tracker = Tracker(TrackOptions(**options))
    return [tracker.update(people, time) for time, people, *_ in frames]


def test_people_who_cross_keep_their_ids():
    followed = follow(crossing())
    assert [people.ids.tolist() for people in followed[6:]] == [truth for *_, truth in crossing()][6:]
    tracklets = np.array([people.data["tracklet"] for people in followed])
    assert len(np.unique(tracklets[:30])) == 2  # apart
    assert len(np.unique(tracklets)) > 2  # they change where the two overlap


def test_ids_begin_once_people_are_confirmed():
    ids = [people.ids[0] for people in follow(crossing())]
    first = ids.index(0)
    assert ids[:first] == [-1] * first
    assert first == 5  # 0.2 s of 25 frames a second


def test_who_is_hidden_for_a_while_returns():
    frames = list(crossing(frames=80, gap=(25, 40)))  # 0.6 s, during which the other passes
    assert follow(frames)[-1].ids.tolist() == [0, 1]
    assert follow(frames, patience=0.3)[-1].ids.tolist() == [0, 2]


def test_the_order_of_people_does_not_matter():
    frames = list(crossing())
    turned = [(time, people[::-1], truth) for time, people, truth in frames]
    for one, other in zip(follow(frames), follow(turned), strict=True):
        pairs = set(zip(one.ids.tolist(), other.ids[::-1].tolist(), strict=True))
        assert pairs <= {(-1, -1), (0, 0), (1, 1)} or pairs <= {(-1, -1), (0, 1), (1, 0)}


def test_half_the_frames_and_mirrored_frames_give_the_same_ids():
    frames = list(crossing(frames=61))
    whole = follow(frames)
    assert [p.ids.tolist() for p in follow(frames[::2])][8:] == [p.ids.tolist() for p in whole[::2]][8:]
    mirrored = [(time, people.flip(640)) for time, people, _ in frames]
    assert [p.ids.tolist() for p in follow(mirrored)] == [p.ids.tolist() for p in whole]
    assert flip(640)[0, 0] == -1  # they were mirrored


def test_size_and_clock_do_not_matter():
    larger = [(time + 1e5, replace(people, xy=people.xy * 7), truth) for time, people, truth in crossing()]
    assert [p.ids.tolist() for p in follow(larger)] == [p.ids.tolist() for p in follow(crossing())]


def test_unsure_people_continue_and_do_not_begin():
    sure = people_at([(100, 300)])
    faint = people_at([(100, 300), (400, 300)], score=0.15)
    tracker = Tracker()
    for n in range(10):
        tracker.update(sure, n / 25)
    assert tracker.update(faint, 0.4).ids.tolist() == [0, -1]
    assert tracker.update(faint, 0.44).data["tracklet"].tolist() == [0, -1]


def test_who_is_seen_clearly_chooses_first():
    """Of two people who stand where one is expected, the clear one is it, though the faint one stands nearer."""
    tracker = Tracker()
    for n in range(10):
        tracker.update(people_at([(100, 300)]), n / 25)
    both = people_at([(101, 300), (112, 300)])
    score = np.array([tracker.options.sure * 1.05, tracker.options.sure * 1.5], np.float32)
    assert tracker.update(replace(both, person_score=score), 0.4).data["tracklet"][1] == 0
    tracker.reset()
    for n in range(10):
        tracker.update(people_at([(100, 300)]), n / 25)
    assert tracker.update(replace(both, person_score=score[::-1]), 0.4).data["tracklet"][0] == 0


def test_who_is_unsure_on_the_whole_has_no_id_for_the_time():
    """As offline, where the mean score decides once."""
    tracker, scores = Tracker(TrackOptions(sure=0.33)), [0.4] * 10 + [0.2] * 20 + [0.6] * 10
    ids = [tracker.update(people_at([(100, 300)], score=s), n / 25).ids[0] for n, s in enumerate(scores)]
    sure = np.cumsum(scores) / np.arange(1, 41) >= 0.33
    assert ids == [0 if n >= 5 and sure[n] else -1 for n in range(40)]
    assert 0 < sure.sum() < 40
    assert sure[-1]


def test_somebody_found_twice_is_not_followed_twice():
    twice = people_at([(100, 300), (103, 300)])
    ids = np.array([people.ids for people in follow([(n / 25, twice) for n in range(20)])])
    assert ids[-1].tolist() == [0, -1]
    assert (ids[:, 1] == -1).all()


def test_replay_and_reset_give_the_same():
    frames = list(crossing())
    tracker = Tracker()
    first = [tracker.update(people, time) for time, people, _ in frames]
    tracker.reset()
    assert [tracker.update(people, time) for people, (time, *_) in zip(first, frames, strict=True)] == first


def test_only_living_people_are_remembered():
    tracker, sizes = Tracker(), []
    for n in range(1500):
        people = tracker.update(people_at([(100 + 300 * (n // 10 % 50), 300)]), n * 0.1)
        if n % 300 == 299:
            sizes.append(len(pickle.dumps(tracker)))
    assert people.data["tracklet"].max() > 100
    assert max(sizes) < 1.05 * min(sizes)


def test_misuse_is_told():
    tracker = Tracker()
    tracker.update(people_at([(100, 300)]), 1.0)
    with pytest.raises(InputError, match="follow in time"):
        tracker.update(people_at([(100, 300)]), 0.5)
    with pytest.raises(InputError, match="nan"):
        tracker.update(people_at([(100, 300)]), float("nan"))
    with pytest.raises(OptionsError, match="coco18"):
        tracker.update(People(np.zeros((1, 18, 2)), np.ones((1, 18)), np.ones(1), COCO18), 2.0)
    with pytest.raises(OptionsError, match=r"track\.sure"):
        TrackOptions(sure=2)
