"""MOTA, IDF1 and HOTA: by hand, and by py-motmetrics and TrackEval on random videos."""

import numpy as np
import pytest

from bupose.errors import LabelsError
from bupose.evaluate.tracking.clear import Clear, count_clear
from bupose.evaluate.tracking.hota import Hota, count_hota
from bupose.evaluate.tracking.identity import Identity, count_identity
from bupose.evaluate.tracking.scene import Scene, box_overlap, match_most

EXACT = 1e-9  # sums of a few hundred quotients of small numbers


def scene(*frames):
    """Frames as {true id: found id} with similarity 1; a key None is a false one, a value None a miss."""
    truth = [np.array([q for q in f if isinstance(q, int)], int) for f in frames]
    found = [np.array([p for p in f.values() if p is not None], int) for f in frames]
    alike = [np.array([[float(f[q] == p) for p in ps] for q in qs]).reshape(len(qs), len(ps))
             for f, qs, ps in zip(frames, map(np.ndarray.tolist, truth), map(np.ndarray.tolist, found))]  # fmt: skip
    return Scene(truth, found, alike)


def random_scene(seed, people=6, frames=40):
    """People who walk, are missed, swapped, seen where nobody is; some frames are empty on one side or both."""
    rng = np.random.default_rng(seed)
    place, pace = rng.uniform(0, 100, (people, 2)), rng.normal(0, 2, (people, 2))
    called = np.arange(people) + 100
    truth, found, alike = [], [], []
    for _ in range(frames):
        place = place + pace
        here = np.flatnonzero(rng.random(people) < 0.8) if rng.random() > 0.1 else np.zeros(0, int)
        seen = np.flatnonzero(rng.random(people) < 0.8) if rng.random() > 0.1 else np.zeros(0, int)
        if rng.random() < 0.3:
            a, b = rng.choice(people, 2, replace=False)
            called[[a, b]] = called[[b, a]]
        if rng.random() < 0.2:
            called[rng.integers(people)] = called.max() + 1
        boxes = [np.hstack([place[who] + rng.normal(0, off, (len(who), 2)), np.tile([30.0, 40.0], (len(who), 1))])
                 for who, off in ((here, 0), (seen, 5))]  # fmt: skip
        more = rng.integers(0, 3)
        boxes[1] = np.vstack([boxes[1], np.hstack([rng.uniform(0, 100, (more, 2)), np.tile([30.0, 40.0], (more, 1))])])
        truth.append(here + 10)
        found.append(np.concatenate([called[seen], 900 + np.arange(more)]))
        alike.append(box_overlap(*boxes))
    return Scene(truth, found, alike)


def test_counted_by_hand():
    """Two people over four frames: 1 is missed once and then called anew, 2 is swapped with a ghost's id."""
    one = scene({1: 7, 2: 8}, {1: None, 2: 8, None: 5}, {1: 9, 2: 8}, {1: 9, 2: 5})
    clear = count_clear(one)
    assert (clear.objects, clear.matches, clear.missed, clear.false, clear.switches) == (8, 7, 1, 1, 2)
    assert clear.mota == pytest.approx(100 * (1 - 4 / 8))
    assert (clear.recall, clear.precision, clear.motp) == (pytest.approx(87.5), pytest.approx(87.5), 100)
    identity = count_identity(one)  # 1 is 9 twice, 2 is 8 three times
    assert (identity.right, identity.objects, identity.found) == (5, 8, 8)
    assert (identity.idf1, identity.recall, identity.precision) == (62.5, 62.5, 62.5)
    # Pairs 1-7 (1 frame; of 4 and 1), 1-9 (2; 4, 2), 2-8 (3; 4, 3), 2-5 (1; 4, 2)
    association = (1 * 1 / 4 + 2 * 2 / 4 + 3 * 3 / 4 + 1 * 1 / 5) / 7
    scores = count_hota(one).scores()
    assert scores["DetA"] == pytest.approx(100 * 7 / 9)
    assert scores["AssA"] == pytest.approx(100 * association)
    assert scores["HOTA"] == pytest.approx(100 * np.sqrt(7 / 9 * association))


def test_an_object_keeps_its_match_while_it_can():
    """The nearer newcomer is false, and no switch is counted, also after frames without the object."""
    alike = [np.array([[0.6]]), np.zeros((0, 1)), np.array([[0.6, 0.9]])]
    one = Scene(
        [np.array([1]), np.array([], int), np.array([1])], [np.array([4]), np.array([4]), np.array([4, 5])], alike
    )
    clear = count_clear(one)
    assert (clear.matches, clear.false, clear.switches, clear.similarity) == (2, 2, 0, pytest.approx(1.2))


def test_as_many_as_possible_are_matched():
    q, p = match_most(np.array([[0.9, 0.6], [0.8, 0.1]]), 0.5)
    assert dict(zip(q.tolist(), p.tolist())) == {0: 1, 1: 0}


def test_nothing():
    empty = scene({}, {})
    assert (count_clear(empty), count_identity(empty)) == (Clear(), Identity())
    assert all(np.isnan(v) for v in (count_clear(empty).mota, count_identity(empty).idf1))
    assert all(np.isnan(v) for v in count_hota(empty).scores().values())
    missed, false = scene({1: None}), scene({None: 1})
    assert (count_clear(missed).mota, count_identity(missed).idf1, count_hota(missed).scores()["HOTA"]) == (0, 0, 0)
    assert (count_clear(false).false, count_hota(false).scores()["HOTA"]) == (1, 0)


def test_an_id_twice_in_a_frame_is_refused():
    with pytest.raises(LabelsError, match="frame 0 an id stands twice among those found"):
        Scene([np.array([1])], [np.array([2, 2])], [np.zeros((1, 2))])
    with pytest.raises(LabelsError, match=r"shape \(1, 2\); it must be \(1, 1\)"):
        Scene([np.array([1])], [np.array([2])], [np.zeros((1, 2))])


def test_videos_are_added_not_averaged():
    """A video counts by its size, and an id of one video is another in the next."""
    a, b = scene({1: 7}), scene({1: 8}, {1: None}, {1: None})
    both = count_clear(a) + count_clear(b)
    assert (both.objects, both.missed, both.switches) == (4, 2, 0)
    assert (count_identity(a) + count_identity(b)).right == 2
    assert (Hota.nothing() + count_hota(a) + count_hota(b)).scores()["DetA"] == 50


@pytest.mark.parametrize("seed", range(8))
def test_motmetrics_counts_the_same(seed):
    motmetrics = pytest.importorskip("motmetrics", reason="needs motmetrics")
    one = random_scene(seed)
    events = motmetrics.MOTAccumulator(auto_id=True)
    for truth, found, alike in zip(one.truth, one.found, one.similarity):
        events.update(truth, found, np.where(alike >= 0.5, 1 - alike, np.nan))
    names = ["num_objects", "num_detections", "num_misses", "num_false_positives", "num_switches", "mota", "motp",
             "idtp", "idf1", "idr", "idp"]  # fmt: skip
    theirs = motmetrics.metrics.create().compute(events, metrics=names, return_dataframe=False)
    clear, identity = count_clear(one), count_identity(one)
    assert clear.switches > 3
    ours = [clear.objects, clear.matches, clear.missed, clear.false, clear.switches, clear.mota / 100,
            1 - clear.motp / 100, identity.right]  # fmt: skip
    ours += [share / 100 for share in (identity.idf1, identity.recall, identity.precision)]
    assert ours == pytest.approx([theirs[name] for name in names], rel=EXACT)


def as_trackeval(one):
    numbered, n, m = one.numbered()
    return {"gt_ids": numbered.truth, "tracker_ids": numbered.found, "similarity_scores": one.similarity,
            "num_gt_ids": n, "num_tracker_ids": m, "num_timesteps": len(one),
            "num_gt_dets": sum(map(len, one.truth)), "num_tracker_dets": sum(map(len, one.found))}  # fmt: skip


def test_trackeval_counts_the_same():
    """HOTA and IDF1 of each video, and of all together."""
    trackeval = pytest.importorskip("trackeval", reason="needs trackeval")
    quiet = {"PRINT_CONFIG": False, "THRESHOLD": 0.5}
    hota, identity = trackeval.metrics.HOTA(), trackeval.metrics.Identity(quiet)
    scenes = {str(seed): random_scene(seed) for seed in range(5)}
    theirs = {name: hota.eval_sequence(as_trackeval(one)) for name, one in scenes.items()}
    who = {name: identity.eval_sequence(as_trackeval(one)) for name, one in scenes.items()}
    total, who_total = Hota.nothing(), Identity()
    for name, one in scenes.items():
        ours, mine = count_hota(one), count_identity(one)
        _same_hota(ours.scores(), theirs[name])
        assert (mine.right, mine.idf1) == pytest.approx((who[name]["IDTP"], 100 * who[name]["IDF1"]), rel=EXACT)
        total, who_total = total + ours, who_total + mine
    _same_hota(total.scores(), hota.combine_sequences(theirs))
    assert who_total.idf1 == pytest.approx(100 * identity.combine_sequences(who)["IDF1"], rel=EXACT)


def _same_hota(ours, theirs):
    assert ours == pytest.approx({name: 100 * np.mean(theirs[name]) for name in ours}, rel=EXACT)
    assert 5 < ours["HOTA"] < 95
