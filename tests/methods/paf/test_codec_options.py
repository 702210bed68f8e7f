"""Options are checked when they are set, and a refusal is one sentence that names the option and what is allowed."""

import numpy as np
import pytest

from bupose import skeletons
from bupose.errors import OptionsError
from bupose.methods import peaks
from bupose.methods.options import read_options
from bupose.methods.paf import DecodeOptions, FieldCodec, TargetOptions
from bupose.options import from_dict

ONE_SENTENCE = r"\A[^\n]{20,200}\Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"peak_threshold": -0.1},
        {"peak_threshold": 1.1},
        {"peak_threshold": float("nan")},
        {"peak_threshold": "0.1"},
        {"peak_threshold": None},
        {"peak_threshold": True},
        {"paf_threshold": 2},
        {"limb_threshold": -1},
        {"limb_share": 1.5},
        {"localization_sigma": float("inf")},
        {"joint_score_exponent": -1},
        {"smooth": -1},
        {"samples": 1},
        {"samples": 10.5},
        {"samples": float("inf")},
        {"prune_above": -1},
        {"min_joints": 0},
        {"min_person_score": 3},
        {"duplicate_similarity": -0.5},
        {"completion": "no"},
        {"completion": 1},
        {"matching": "magic"},
        {"matching": None},
    ],
    ids=str,
)
def test_decode_options_out_of_range(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(OptionsError, match=ONE_SENTENCE) as refused:
        DecodeOptions(**wrong)
    assert name in str(refused.value)
    assert repr(value) in str(refused.value)
    with pytest.raises(OptionsError):
        FieldCodec(skeletons.COCO17).with_decoder(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"sigma": 0}, {"sigma": 1e6}, {"limb_width": 0.5}, {"limb_width": "1"}, {"sigma": float("nan")}], ids=str
)
def test_target_options_out_of_range(wrong):
    with pytest.raises(OptionsError, match=ONE_SENTENCE):
        TargetOptions(**wrong)


def test_unknown_options_are_refused_with_the_known_ones():
    with pytest.raises(OptionsError, match=r"decoder has no option 'nope'; it has smooth, [^\n]*$"):
        FieldCodec(skeletons.COCO17).with_decoder(nope=1)
    with pytest.raises(OptionsError, match="TargetOptions has no option 'width'; it has sigma, limb_width"):
        from_dict(TargetOptions, {"width": 1})


def test_with_decoder_changes_a_copy():
    codec = FieldCodec(skeletons.COCO17)
    other = codec.with_decoder(matching="greedy", samples=20)
    assert (other.decoder.matching, other.decoder.samples) == ("greedy", 20)
    assert codec.decoder == DecodeOptions()
    assert (other.skeleton, other.grid, other.target) == (codec.skeleton, codec.grid, codec.target)
    assert other.with_decoder(matching="hungarian", samples=12) == codec


def test_numbers_of_any_kind_are_numbers(crowd):
    codec = FieldCodec(skeletons.COCO17)
    fields = codec.encode(crowd(3, 0), (640, 368))
    plain = codec.with_decoder(samples=10, peak_threshold=0.25, prune_above=100).explain(fields)
    odd = {"samples": 10.0, "peak_threshold": np.float32(0.25), "prune_above": np.int64(100)}
    trace = codec.with_decoder(**odd).explain(fields)
    np.testing.assert_array_equal(trace.people.xy, plain.people.xy)
    assert len(trace.samples(0)[1]) == 10


def test_each_threshold_drops_what_is_below(crowd, noisy):
    codec = FieldCodec(skeletons.COCO17)
    fields = noisy(codec.encode(crowd(8, 0), (640, 368)), 0, 0.02)
    trace = codec.with_decoder(peak_threshold=0.3, limb_threshold=0.4, limb_share=0.9, min_joints=6).explain(fields)
    assert trace.peaks.score.min() > 0.3
    assert trace.candidates.score.min() > 0.4
    assert trace.candidates.share.min() >= np.float32(0.9)
    assert (trace.members >= 0).sum(1).min() >= 6
    everybody = codec.with_decoder(min_person_score=0, min_joints=1, duplicate_similarity=1).decode(fields)
    some = codec.with_decoder(min_person_score=0.3, min_joints=1, duplicate_similarity=1).decode(fields)
    assert 0 < len(some) == (everybody.person_score >= 0.3).sum() < len(everybody)


@pytest.mark.filterwarnings("ignore:more than 5 candidates")
def test_of_too_many_peaks_the_highest_are_kept(crowd, noisy, monkeypatch):
    codec = FieldCodec(skeletons.COCO17)
    fields = noisy(codec.encode(crowd(8, 0), (640, 368)), 0, 0.02)
    every = codec.explain(fields).peaks
    monkeypatch.setattr(peaks, "MOST", 5)
    few = codec.explain(fields).peaks
    for k in range(17):
        best = np.sort(every.score[every.joint == k])[-5:]
        np.testing.assert_array_equal(np.sort(few.score[few.joint == k]), best)
        assert few.start[k + 1] - few.start[k] == 5
    assert set(map(tuple, few.xy.tolist())) <= set(map(tuple, every.xy.tolist()))


def test_a_ceiling_that_is_reached_is_told(crowd, noisy, recwarn, monkeypatch):
    codec = FieldCodec(skeletons.COCO17)
    fields = noisy(codec.encode(crowd(8, 0), (640, 368)), 0, 0.02)
    codec.decode(fields)
    assert not recwarn.list
    monkeypatch.setattr(peaks, "MOST", 5)
    with pytest.warns(UserWarning, match="more than 5 candidates of one joint, the highest are kept"):
        codec.decode(fields)


def test_presets_may_not_loosen_what_a_network_says():
    own = {"limb_threshold": 0.15, "min_joints": 2}
    floors = {"limb_threshold": 0.1, "min_joints": 5, "min_person_score": 0.3}
    chosen = read_options(DecodeOptions, own, {"at_least": floors, "completion": False})
    assert (chosen.limb_threshold, chosen.min_joints, chosen.min_person_score) == (0.15, 5, 0.3)
    assert not chosen.completion
    assert chosen.peak_threshold == DecodeOptions().peak_threshold
    assert (
        read_options(DecodeOptions, own, {"at_least": floors, "min_joints": 1}).min_joints == 1
    )  # whoever says a number means it
    codec = FieldCodec(skeletons.COCO17).with_decoder(**own).with_decoder(at_least=floors)
    assert codec.decoder.limb_threshold == 0.15


@pytest.mark.parametrize("floors", [{"min_person_score": 2}, {"nope": 1}, {"matching": 3}])
def test_floors_are_checked(floors):
    with pytest.raises(OptionsError, match=next(iter(floors))):
        read_options(DecodeOptions, {}, {"at_least": floors})


def test_unsure_joints_are_left_out_and_people_with_them(crowd, noisy):
    """The option does what leaving them out afterwards does, and changes nothing else."""
    codec = FieldCodec(skeletons.COCO17).with_decoder(min_joint_score=0)
    fields = noisy(codec.encode(crowd(8, 0), (640, 368)), 0, 0.1)
    every, some = codec.decode(fields), codec.with_decoder(min_joint_score=0.5, min_joints=9).decode(fields)
    sure = every.score >= 0.5
    rows = sure.sum(1) >= 9
    assert 0 < len(some) == rows.sum() < len(every)
    np.testing.assert_array_equal(some.xy, np.where(sure[..., None], every.xy, np.nan)[rows])
    np.testing.assert_array_equal(some.score, np.where(sure, every.score, 0)[rows])
    np.testing.assert_array_equal(some.person_score, every.person_score[rows])
