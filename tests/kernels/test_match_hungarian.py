"""The compiled assignment against scipy's, on candidates of every shape; the contract that makes it the default."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from bupose import kernels

compiled = kernels.load()
seeds = st.integers(0, 2**32 - 1)


def best_total(table):
    """Largest total weight of a one-to-one choice, where leaving anybody alone is allowed and costs nothing."""
    row, column = linear_sum_assignment(table, maximize=True)  # zeros stand for no candidate
    return table[row, column].sum()


def candidates_of(tables):
    """Candidates of several limbs, each between two joint types of its own, from tables of weights."""
    rows, weight, peaks = [], [], 0
    for limb, table in enumerate(tables):
        a, b = np.nonzero(table)
        rows.append(np.stack([np.full(len(a), limb), peaks + a, peaks + len(table) + b], 1))
        weight.append(table[a, b])
        peaks += sum(table.shape)
    return np.concatenate(rows).astype(np.int32), np.concatenate(weight).astype(np.float32), peaks


def random_table(rng, kind, n, m):
    """float64 (n, m) of float32 weights, 0 where there is no candidate."""
    table = rng.uniform(0.001, 1, (n, m))
    if kind == "sparse":
        table *= rng.random((n, m)) < 2 / max(n, m, 1)
    elif kind == "components":
        size = rng.integers(1, 6)
        table *= np.arange(n)[:, None] // size == np.arange(m) // size
        table = table[rng.permutation(n)][:, rng.permutation(m)]
    elif kind == "ties":
        table = np.ceil(table * 3) / 4 * (rng.random((n, m)) < 0.5)
    elif kind == "all equal":
        table[:] = 0.5
    elif kind == "chain":  # the heaviest of each joint is wanted by its neighbour too: long augmenting paths
        table *= np.abs(np.arange(n)[:, None] - np.arange(m)) <= 1
        table[table > 0] += np.add.outer(np.arange(n), np.arange(m))[table > 0] / 100
    elif kind == "extreme":
        table = 10 ** rng.uniform(-12, 4, (n, m))
    return table.astype(np.float32).astype(np.float64)


def matched(tables):
    ids, weight, peaks = candidates_of(tables)
    return ids, weight.astype(np.float64), compiled.match_hungarian(ids, weight, peaks)


def check_choice(tables):
    ids, weight, chosen = matched(tables)
    for limb, table in enumerate(tables):
        here = ids[:, 0] == limb
        taken = ids[here & chosen]
        assert len(set(taken[:, 1])) == len(set(taken[:, 2])) == len(taken)
        assert weight[here & chosen].sum() == pytest.approx(best_total(table), rel=1e-9)
        free = ~np.isin(ids[:, 1], taken[:, 1]) & ~np.isin(ids[:, 2], taken[:, 2])
        assert not (here & free).any()  # nobody who could be joined is left alone
    greedy = compiled.match_greedy(ids, np.argsort(-weight, kind="stable"), sum(n for t in tables for n in t.shape))
    assert weight[chosen].sum() >= weight[greedy].sum() * (1 - 1e-9)


@settings(max_examples=200)
@given(
    seeds,
    st.sampled_from(["dense", "sparse", "components", "ties", "all equal", "chain", "extreme"]),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_total_weight_is_that_of_scipy(seed, kind, n, m):
    rng = np.random.default_rng(seed)
    check_choice([random_table(rng, kind, n, m), random_table(rng, kind, m, n), random_table(rng, "sparse", n, n)])


@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=5))
def test_small_tables_of_ties(rows):
    check_choice([np.array(rows, np.float64)])


@given(seeds)
def test_a_limb_is_matched_as_if_it_were_alone(seed):
    rng = np.random.default_rng(seed)
    tables = [random_table(rng, "dense", *rng.integers(0, 12, 2)) for _ in range(4)]
    ids, _, together = matched(tables)
    for limb, table in enumerate(tables):
        np.testing.assert_array_equal(together[ids[:, 0] == limb], matched([table])[2])
    order = rng.permutation(4)
    ids, _, otherwise = matched([tables[n] for n in order])
    for place, limb in enumerate(order):
        np.testing.assert_array_equal(otherwise[ids[:, 0] == place], matched([tables[limb]])[2])


@given(seeds)
def test_limbs_that_share_joints_do_not_disturb_each_other(seed):
    rng = np.random.default_rng(seed)
    tables = [random_table(rng, "dense", 6, 6) for _ in range(3)]  # a-b, b-a and a-b again, on the same twelve peaks
    rows, weight = [], []
    for limb, table in enumerate(tables):
        a, b = np.nonzero(table)
        swap = limb == 1
        rows.append(np.stack([np.full(36, limb), a + 6 * swap, b + 6 * (not swap)], 1))
        weight.append(table[a, b])
    chosen = compiled.match_hungarian(
        np.concatenate(rows).astype(np.int32), np.concatenate(weight).astype(np.float32), 12
    )
    for limb, table in enumerate(tables):
        assert (weight[limb] * chosen[36 * limb : 36 * limb + 36]).sum() == pytest.approx(best_total(table))


def test_greedy_can_be_beaten():
    table = np.array([[0.6, 0.5], [0.5, 0.01]])
    ids, weight, chosen = matched([table])
    greedy = compiled.match_greedy(ids, np.argsort(-weight, kind="stable"), 4)
    assert weight[chosen].sum() == pytest.approx(1.0)
    assert weight[greedy].sum() == pytest.approx(0.61)


def test_no_candidates():
    assert compiled.match_hungarian(np.zeros((0, 3), np.int32), np.zeros(0, np.float32), 0).shape == (0,)
    assert compiled.match_hungarian(np.zeros((0, 3), np.int32), np.zeros(0, np.float32), 9).shape == (0,)
