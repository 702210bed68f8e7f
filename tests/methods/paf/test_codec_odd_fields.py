"""Fields as they may come: empty, tiny, damaged, of other types, of other networks, and nothing but noise."""

import numpy as np
import pytest

from bupose import skeletons
from bupose.errors import FieldsError
from bupose.maps import Grid, Maps
from bupose.methods import peaks
from bupose.methods.paf import FieldCodec
from bupose.methods.paf.fields import Fields
from bupose.methods.paf.limbs import NEAREST

SKELETON = skeletons.COCO17
LIMBS = len(SKELETON.limbs)


def check_sane(codec, fields):
    """An answer whose numbers are numbers, whose people lie in the picture and hold no peak twice."""
    trace = codec.explain(fields)
    people = trace.people
    width, height = fields.size
    here = people.present
    assert np.isfinite(people.xy[here]).all()
    assert (people.xy[here] >= -0.5).all()
    assert (people.xy[here] <= np.array([width, height]) - 0.5).all()
    assert ((people.score >= 0) & (people.score <= 1)).all()
    assert ((people.person_score >= 0) & (people.person_score <= 1)).all()
    assert (here.sum(1) >= codec.decoder.min_joints).all()
    assert np.isfinite(trace.candidates.values).all()
    held = trace.members[trace.members >= 0]
    assert len(set(held)) == len(held)
    return trace


@pytest.fixture
def drawn(crowd):
    """Fields of four people, and the codec's answer."""
    codec = FieldCodec(SKELETON)
    fields = codec.encode(crowd(4, 2), (640, 368))
    people = codec.decode(fields)
    assert len(people) == 4
    return fields, people


def made_of(fields, heat, paf):
    return Fields(heat, paf, fields.grid, fields.skeleton)


@pytest.mark.parametrize("shape", [(0, 0), (0, 7), (7, 0), (1, 1), (1, 9), (9, 1), (2, 2), (3, 1)])
@pytest.mark.parametrize("value", [0, 1, np.nan])
@pytest.mark.parametrize(
    "options", [{}, {"min_joints": 1, "min_person_score": 0, "peak_threshold": 0, "prune_above": 0}]
)
def test_fields_of_every_size(shape, value, options):
    codec = FieldCodec(SKELETON).with_decoder(**options)
    heat, paf = np.full((17, *shape), value, np.float32), np.full((LIMBS, 2, *shape), value, np.float32)
    for fields in (Fields(heat, paf, Grid(), SKELETON), Fields(np.minimum(heat, 0.5), -paf, Grid(), SKELETON)):
        trace = check_sane(codec, fields)
        if value != 1:
            assert len(trace.peaks) == len(trace.people) == 0


@pytest.mark.parametrize("shape", [(1, 30), (30, 1)])
def test_a_line_of_cells(shape):
    codec = FieldCodec(SKELETON).with_decoder(min_joints=1, min_person_score=0)
    rng = np.random.default_rng(0)
    fields = Fields(rng.random((17, *shape)), rng.normal(0, 1, (LIMBS, 2, *shape)), Grid(), SKELETON)
    assert len(check_sane(codec, fields).peaks) > 50


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e7, 1e20, -1e38])
def test_damaged_values_are_no_evidence(bad, drawn):
    fields, people = drawn
    codec = FieldCodec(SKELETON)
    heat, paf = fields.heat.copy(), fields.paf.copy()
    heat[fields.heat == 0] = bad  # where nobody is
    paf[fields.paf == 0] = bad
    again = codec.decode(made_of(fields, heat, paf))
    np.testing.assert_array_equal(again.xy, people.xy)
    one = made_of(fields, fields.heat.copy(), fields.paf.copy())
    one.paf[5, 0, 20, 40] = bad  # a single one
    one.heat[3, 10, 10] = bad
    check_sane(codec, one)
    everywhere = made_of(fields, np.full_like(heat, bad), np.full_like(paf, bad))
    assert len(codec.decode(everywhere)) == 0
    rng = np.random.default_rng(0)
    mixed = made_of(
        fields,
        np.where(rng.random(heat.shape) < 0.1, bad, fields.heat),
        np.where(rng.random(paf.shape) < 0.1, bad, fields.paf),
    )
    check_sane(codec, mixed)


def test_values_beyond_their_range_are_understood(drawn):
    fields, _ = drawn
    for factor in (3, 1e4):  # a network without a last activation
        trace = check_sane(FieldCodec(SKELETON), made_of(fields, fields.heat * factor, fields.paf * factor))
        assert len(trace.people) >= 4
    check_sane(FieldCodec(SKELETON), made_of(fields, fields.heat - 2, fields.paf - 2))


def test_arrays_of_every_kind_are_read_alike(drawn):
    fields, people = drawn
    frozen = fields.heat.copy(), fields.paf.copy()
    for array in frozen:
        array.setflags(write=False)
    kinds = [
        (fields.heat.astype(np.float64), fields.paf.astype(np.float64)),
        (np.asfortranarray(fields.heat), np.asfortranarray(fields.paf)),
        (np.repeat(fields.heat, 2, 2)[..., ::2], fields.paf.reshape(2 * LIMBS, *fields.paf.shape[2:])),
        (fields.heat[:, ::-1][:, ::-1], fields.paf.astype(">f4")),
        frozen,
    ]
    for heat, paf in kinds:
        again = FieldCodec(SKELETON).decode(made_of(fields, heat, paf))
        np.testing.assert_array_equal(again.xy, people.xy)
        np.testing.assert_array_equal(again.score, people.score)
    assert not frozen[0].flags.writeable


@pytest.mark.parametrize(("joints", "limbs"), [(18, LIMBS), (16, LIMBS), (17, LIMBS - 1), (17, 0), (0, 0)])
def test_wrong_channel_counts_are_refused(joints, limbs):
    with pytest.raises(FieldsError, match=r"\A[^\n]*skeleton 'coco17'[^\n]*\Z"):
        Fields(np.zeros((joints, 8, 8)), np.zeros((limbs, 2, 8, 8)), Grid(), SKELETON)


def test_fields_of_another_network_are_refused(drawn):
    fields, _ = drawn
    for codec in (FieldCodec(SKELETON, Grid(4)), FieldCodec(skeletons.COCO17_DENSE)):
        with pytest.raises(FieldsError, match=r"\Afields of 'coco17' at stride 8; this codec reads [^\n]*\Z"):
            codec.decode(fields)
        with pytest.raises(FieldsError):
            codec.decode([fields, fields])


@pytest.mark.parametrize("matching", ["hungarian", "greedy"])
def test_noise_is_bounded_work(matching, monkeypatch):
    rng = np.random.default_rng(0)
    fields = Fields(rng.random((17, 46, 82)), rng.normal(0, 0.5, (LIMBS, 2, 46, 82)), Grid(), SKELETON)
    codec = FieldCodec(SKELETON).with_decoder(matching=matching)
    trace = check_sane(codec, fields)
    assert len(trace.peaks) > 5000
    of_one = np.bincount(np.concatenate([trace.candidates.first, trace.candidates.second]))
    assert len(trace.candidates) <= (NEAREST + NEAREST // 4) * np.diff(trace.peaks.start)[SKELETON.limb_joints].sum()
    assert of_one.mean() < 4 * NEAREST
    assert len(trace.people) <= len(trace.peaks) / codec.decoder.min_joints
    monkeypatch.setattr(peaks, "MOST", 20)
    with pytest.warns(UserWarning, match="more than 20 candidates"):
        assert len(codec.explain(fields).peaks) == 17 * 20


def test_a_plateau_is_one_peak():
    heat = np.zeros((17, 12, 12), np.float32)
    heat[:, 4:6, 5:7] = 0.8
    heat[3, 4:6, 5:8] = 0.8
    trace = FieldCodec(SKELETON).explain(Fields(heat, np.zeros((LIMBS, 2, 12, 12)), Grid(), SKELETON))
    np.testing.assert_array_equal(trace.peaks.joint, np.arange(17))
    np.testing.assert_allclose(trace.peaks.xy[0], (5.5, 4.5))


def test_maps_of_the_right_names_are_fields(drawn):
    (fields, people), codec = drawn, FieldCodec(SKELETON)
    maps = Maps(fields.maps.arrays, fields.grid, fields.skeleton, codec.specs, codec.name)
    assert codec.decode(maps) == people
    assert codec.with_decoder(smooth=1.0).decode(maps) == codec.with_decoder(smooth=1.0).decode(fields)
