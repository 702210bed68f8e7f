"""What must not change an answer, and what must change it in one exact way."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bupose import skeletons
from bupose.methods.paf.fields import Fields

SIZE = (640, 384)
cases = pytest.mark.parametrize(
    ("people", "seed"), [(n, seed) for n in (1, 3, 8) for seed in range(4)] + [(30, 0), (30, 1)]
)


@cases
def test_the_mirrored_fields_hold_the_mirrored_people(people, seed, crowd, codec_of, noisy, same_people):
    codec = codec_of()
    clean = codec.encode(crowd(people, seed, SIZE), SIZE)
    found = codec.decode(clean)
    assert len(found)
    same_people(codec.decode(clean.flip()), found.flip(SIZE[0]))
    fields = noisy(clean, seed, 0.01)
    same_people(codec.decode(fields.flip()), codec.decode(fields).flip(SIZE[0]))


@cases
def test_painting_mirrored_people_mirrors_the_fields(people, seed, crowd, codec_of):
    codec, labels = codec_of(), crowd(people, seed)
    one, other = codec.encode(labels.flip(SIZE[0]), SIZE), codec.encode(labels, SIZE).flip()
    np.testing.assert_allclose(one.heat, other.heat, atol=1e-4)
    # A cell on the very edge of a limb may fall on either side of it.
    assert (np.abs(one.paf - other.paf) > 1e-4).mean() < 1e-4


@pytest.mark.parametrize("stride", [4, 8, 16])
@pytest.mark.parametrize("seed", range(3))
def test_a_picture_moved_by_strides_moves_the_people(stride, seed, separated, codec_of, noisy, same_people):
    codec = codec_of(stride=stride)
    labels, size = separated(codec.skeleton, stride, seed)
    fields = noisy(codec.encode(labels, size), seed, 0.01)
    for right, down in ((1, 0), (0, 1), (3, 5)):
        around = ((0, 0), (down, 4 - down % 4), (right, 2))
        heat, paf = np.pad(fields.heat, around), np.pad(fields.paf, ((0, 0), *around))
        moved = codec.decode(Fields(heat, paf, fields.grid, fields.skeleton))
        same_people(moved, codec.decode(fields).transform(np.array([[1, 0, right * stride], [0, 1, down * stride]])))


@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_the_order_of_labels_is_irrelevant(crowd, codec_of, seed, people):
    codec, labels = codec_of(), crowd(people, seed)
    order = np.random.default_rng(seed).permutation(people)
    one, other = codec.encode(labels, SIZE), codec.encode(labels[order], SIZE)
    np.testing.assert_array_equal(one.heat, other.heat)
    np.testing.assert_array_equal(one.paf, other.paf)
    np.testing.assert_array_equal(codec.decode(one).xy, codec.decode(other).xy)


def answer(people):
    return [people.xy.tobytes(), people.score.tobytes(), people.person_score.tobytes(), people.completed.tobytes()]


def test_a_list_is_decoded_as_each_of_it(crowd, codec_of, noisy):
    codec = codec_of()
    several = [noisy(codec.encode(crowd(n, n), SIZE), n, 0.01) for n in (0, 1, 5, 12)]
    together = codec.decode(several)
    assert [answer(p) for p in together] == [answer(codec.decode(f)) for f in several]
    assert codec.decode([]) == []
    assert [answer(p) for p in codec.decode(several[:1])] == [answer(together[0])]
    assert [answer(p) for p in codec.decode(f for f in several)] == [answer(p) for p in together]


def test_the_same_answer_every_time_and_in_every_thread(crowd, codec_of, noisy):
    codec = codec_of()
    fields = noisy(codec.encode(crowd(15, 0), SIZE), 0, 0.01)
    before = fields.heat.copy(), fields.paf.copy()
    first = answer(codec.decode(fields))
    with ThreadPoolExecutor(8) as pool:
        assert all(answer(p) == first for p in pool.map(codec.decode, [fields] * 20))
    np.testing.assert_array_equal(fields.heat, before[0])  # decoding writes nothing into its input
    np.testing.assert_array_equal(fields.paf, before[1])


@pytest.mark.parametrize("matching", ["hungarian", "greedy"])
def test_both_kernels_give_the_same_people(matching, crowd, codec_of, noisy, same_people, monkeypatch):
    codec = codec_of(matching=matching)
    several = [codec.encode(crowd(n, n, (320, 320), (60, 200)), (320, 320)) for n in (0, 1, 4)]
    several += [noisy(f, n, 0.01) for n, f in enumerate(several)]
    fast = codec.decode(several)
    monkeypatch.setenv("BUPOSE_KERNELS", "reference")
    again = [codec.encode(crowd(n, n, (320, 320), (60, 200)), (320, 320)) for n in (0, 1, 4)]
    for one, other in zip(several, again, strict=False):
        np.testing.assert_allclose(one.heat, other.heat, atol=1e-6)
        np.testing.assert_allclose(one.paf, other.paf, atol=1e-6)
    for one, other in zip(fast, codec.decode(several), strict=True):
        same_people(one, other, atol=5e-3)


def test_people_in_any_skeleton_are_best_first(crowd, codec_of, noisy):
    labels = crowd(10, 5)
    for skeleton in (skeletons.COCO17, skeletons.COCO18):
        codec = codec_of(skeleton)
        found = codec.decode(noisy(codec.encode(labels.to(skeleton), SIZE), 5, 0.01))
        assert (np.diff(found.person_score) <= 0).all()
        assert ((found.score >= 0) & (found.score <= 1)).all()
        assert ((found.person_score >= 0) & (found.person_score <= 1)).all()
        np.testing.assert_array_equal(found.score > 0, found.present)
