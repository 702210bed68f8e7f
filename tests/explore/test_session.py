"""Thresholds, clicks and reasons, without a browser and without running the network again."""

import numpy as np
import pytest

from bupose import geometry
from bupose.errors import OptionsError


@pytest.fixture
def at(session, scenes):
    """Where a labelled joint is on the canvas: at(person, joint)."""

    def place(person, joint):
        labels = scenes[0].labels
        k = labels.skeleton.joints.index(joint)
        assert labels.visibility[person, k] > 0
        return tuple(geometry.apply(session.observation.matrix, labels.xy[person, k].astype(float)).tolist())

    return place


def name_of(session):
    return session.trace.maps.skeleton.joints[session.trace.peaks.joint[session.joint]]


def test_thresholds_change_people_and_run_no_network(session, painter, scenes):
    found = (scenes[0].labels.visibility > 0).sum(1)
    assert painter.runs == 1
    for least in (1, 15, 17, 18):
        assert len(session.regroup({"min_joints": least}).people) == (found >= least).sum()
    assert len(session.regroup({"peak_threshold": 1.0}).people) == 0
    assert len(session.regroup({"min_person_score": 1.0, "matching": "greedy"}).people) == 0
    back = session.regroup({"peak_threshold": 1.0}).regroup({"peak_threshold": 0.025})
    np.testing.assert_array_equal(back.people.xy, session.people.xy)
    assert painter.runs == 1


def test_a_session_never_changes(session, at):
    before = session.summary(), len(session.people), session.joint
    session.regroup({"min_joints": 18})
    session.click(at(0, "neck"))
    assert (session.summary(), len(session.people), session.joint) == before
    with pytest.raises(AttributeError):
        session.joint = 3


@pytest.mark.parametrize(("name", "value"), [("peak_threshold", 2), ("matching", "fast"), ("no_such", 1)])
def test_options_out_of_range(session, name, value):
    with pytest.raises(OptionsError, match=name):
        session.regroup({name: value})


@pytest.mark.parametrize("joint", ["neck", "left_wrist", "right_hip"])
@pytest.mark.parametrize("person", [1, 2])
def test_a_click_picks_the_joint_that_was_drawn_there(session, at, person, joint):
    x, y = at(person, joint)
    picked = session.click((x + 3, y - 2))
    assert name_of(picked) == joint
    where = picked.trace.maps.grid.to_pixels(picked.trace.peaks.xy[picked.joint])
    assert np.hypot(*(where - (x, y))) < 2
    assert joint.replace("_", " ") in picked.headline()


def test_a_click_beside_everything_picks_nothing(session, at):
    corner = session.click((2, 2))
    assert (corner.joint, corner.candidate, corner.candidates(), corner.plot()) == (None, None, [], None)
    assert session.click(at(0, "neck")).click((2, 2)).joint is None


def test_a_click_may_mean_some_joints_only(session, at):
    k = session.trace.maps.skeleton.joints.index("nose")
    assert name_of(session.click(at(1, "nose"), (k,))) == "nose"
    assert session.click(at(1, "left_ankle"), (k,)).joint is None


def test_joints_of_people_come_before_nearer_peaks_of_nobody(session, at):
    alone = session.regroup({"min_joints": 18})  # people 0 and 3 are not listed any more, their peaks remain
    x, y = at(0, "neck")
    picked = alone.click((x, y))
    assert picked.trace.person_of(picked.joint) == -1
    assert "of nobody" in picked.headline()
    faint = session.trace.peaks
    assert session.trace.person_of(session.click((x, y)).joint) >= 0
    assert len(faint) == len(alone.trace.peaks)


def test_offers_are_all_candidates_of_the_joint_and_true(session, at, scenes):
    picked = session.click(at(1, "right_elbow"))
    trace, candidates, skeleton = picked.trace, picked.candidates(), scenes[0].labels.skeleton
    ends = [(m, {int(a), int(b)}) for m, (_, a, b) in enumerate(trace.candidates.ids)]
    assert {o.row for o in candidates} == {m for m, pair in ends if picked.joint in pair}
    partners = {other for limb in skeleton.limbs if "right_elbow" in limb for other in limb} - {"right_elbow"}
    used = [o for o in candidates if o.fate == "used"]
    assert {o.partner.rsplit(" ", 1)[0].replace(" ", "_") for o in used} == partners
    assert candidates[: len(used)] == used
    for candidate in candidates:
        _, projection = trace.samples(candidate.row)
        score, weight, share = candidate.evidence
        assert score == pytest.approx(projection.mean(), abs=2e-3)
        assert weight == pytest.approx(trace.candidates.weight[candidate.row], abs=1e-3)
        assert share == pytest.approx((projection > trace.options.paf_threshold).mean(), abs=2e-3)
        assert candidate.kind.replace(" → ", "-").replace(" ", "_") in skeleton.limb_names
        assert candidate.reason == trace.reason(candidate.row)
        assert (candidate.fate == "used") == bool(trace.used[candidate.row])
    assert [o.evidence[1] for o in used] == sorted((o.evidence[1] for o in used), reverse=True)


def test_used_partners_are_the_same_drawn_persons(session, at, scenes):
    picked = session.click(at(2, "neck"))
    for candidate in picked.candidates():
        if candidate.fate != "used":
            continue
        joint, peak = candidate.partner.rsplit(" ", 1)
        where = session.trace.maps.grid.to_pixels(session.trace.peaks.xy[int(peak)])
        assert np.hypot(*(where - at(2, joint.replace(" ", "_")))) < 2


def test_the_best_limb_is_picked_first_and_any_other_on_request(session, at):
    picked = session.click(at(1, "neck"))
    candidates = picked.candidates()
    assert picked.candidate == candidates[0].row
    assert picked.pick_candidate(2).candidate == candidates[2].row
    assert picked.pick_candidate(99).candidate == picked.candidate
    assert picked.plot().axes


def test_the_picked_joint_stays_while_thresholds_move(session, at):
    picked = session.click(at(1, "right_knee")).pick_candidate(1)
    where, limb = session.trace.peaks.xy[picked.joint], picked.trace.candidates.limb[picked.candidate]
    moved = picked.regroup({"min_joints": 17, "paf_threshold": 0.1, "matching": "greedy"})
    np.testing.assert_allclose(moved.trace.peaks.xy[moved.joint], where)
    assert moved.trace.candidates.limb[moved.candidate] == limb
    assert picked.regroup({"peak_threshold": 1.0}).joint is None


def test_persons_are_picked_and_let_go(session):
    one = session.pick_person(1)
    assert one.headline().startswith("person 1, score")
    assert one.plot().axes
    assert one.pick_person(1).person is None
    assert one.pick_person(2).person == 2
    assert session.pick_person(99).person is None


def test_coco_results(session, scenes):
    results = session.coco()
    assert len(results) == len(scenes[0].labels)
    assert {r["image_id"] for r in results} == {1}
    nose = scenes[0].labels.skeleton.joints.index("nose")
    drawn = scenes[0].labels.xy[scenes[0].labels.visibility[:, nose] > 0, nose]
    for result in results:
        assert len(result["keypoints"]) == 51  # COCO's 17, though the skeleton has a neck
        x, y, score = result["keypoints"][:3]
        assert score == 0 or np.hypot(*(drawn - (x, y)).T).min() < 1


def test_summary(session, estimator, scenes):
    joints = int((scenes[0].labels.visibility > 0).sum())
    said = session.summary()
    assert said.startswith(f"4 people, {joints} joints · grouping ")
    assert said.endswith("scene.png, 640×368 px")
    assert session.regroup({"peak_threshold": 1.0}).summary().startswith("0 people, 0 joints")
