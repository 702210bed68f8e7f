"""Losses against sums written out cell by cell."""

import numpy as np
import pytest
import torch

from bupose.errors import OptionsError
from bupose.methods.paf import FieldCodec, FieldLossOptions
from bupose.skeleton import Skeleton

SKELETON = Skeleton("three", ("a", "b", "c"), (("a", "b"), ("b", "c")))
B, K, L, H, W = 2, 3, 2, 4, 5


@pytest.fixture
def case():
    rng = np.random.default_rng(3)
    heat = np.where(rng.random((B, K, H, W)) < 0.5, 0, rng.random((B, K, H, W)))
    paf = rng.normal(size=(B, L, 2, H, W)) * (rng.random((B, L, 1, H, W)) < 0.4)
    weight = rng.choice([0.0, 0.5, 1.0], (B, H, W))
    return heat, paf, weight, rng.normal(size=(B, K + 1, H, W)), rng.normal(size=(B, 2 * L, H, W))


def targets_of(case) -> dict:
    heat, paf, weight = (torch.tensor(a, dtype=torch.float32) for a in case[:3])
    return {"heat": heat, "paf": paf, "weight": weight}


def stage_of(case, background: bool = False) -> dict:
    heat, paf = (torch.tensor(a, dtype=torch.float32) for a in case[3:])
    return {"heat": heat if background else heat[:, :K], "paf": paf}


def slow_loss(
    case, kind, joint=(1, 1, 1), limb=(1, 1), foreground=1.0, gamma=None, background=False, hard=None, people=1.0
):
    """One number by loops: the mean over pictures of the sum over parts of the mean over cells."""
    heat, paf, weight, out_heat, out_paf = case
    total = []
    for b in range(B):
        parts = []
        for p in range((K + background) if kind == "heat" else L):
            cells = 0.0
            for y in range(H):
                for x in range(W):
                    if kind == "heat":
                        t = [heat[b, p, y, x] if p < K else 1 - heat[b, :, y, x].max()]
                        o = [out_heat[b, p, y, x]]
                        factor = joint[p] if p < K else 1
                    else:
                        t, o, factor = list(paf[b, p, :, y, x]), list(out_paf[b, 2 * p : 2 * p + 2, y, x]), limb[p]
                    size = sum(v * v for v in t) ** 0.5
                    error = sum((u - v) ** 2 for u, v in zip(o, t))
                    if gamma is not None:
                        along = sum(u * v for u, v in zip(o, t)) / size if size >= 0.01 else None
                        wrong = abs(1 - along) if size >= 0.01 else sum(u * u for u in o) ** 0.5
                        error *= wrong**gamma
                    anybody = max(
                        np.linalg.norm(np.atleast_1d(one)) for one in (heat if kind == "heat" else paf)[b, ..., y, x]
                    )
                    error *= (1 + (foreground - 1) * size) * (1 + (people - 1) * anybody)
                    cells += weight[b, y, x] * factor * error
            parts.append(cells / (H * W))
        total.append(sum(sorted(parts)[-hard:] if hard else parts))
    return np.mean(total)


@pytest.mark.parametrize("kind", ["heat", "paf"])
@pytest.mark.parametrize(
    ("options", "slow"),
    [
        ({}, {}),
        ({"foreground": 4.0}, {"foreground": 4.0}),
        ({"joints": {"b": 3.0}, "limbs": {"b-c": 0.0}}, {"joint": (1, 3, 1), "limb": (1, 0)}),
        ({"name": "focal", "gamma": 2.0}, {"gamma": 2.0}),
        ({"name": "ohkm", "hard": 1}, {"hard": 1}),
        ({"people": 3.0, "foreground": 2.0}, {"people": 3.0, "foreground": 2.0}),
    ],
)
def test_a_stage_is_the_sum_written_out(case, kind, options, slow):
    losses = FieldCodec.build_loss(SKELETON, FieldLossOptions(**options))([stage_of(case)], targets_of(case))
    assert float(losses[f"{kind}_1"]) == pytest.approx(slow_loss(case, kind, **slow), rel=1e-5)


def test_background_is_what_no_joint_covers(case):
    losses = FieldCodec.build_loss(SKELETON, FieldLossOptions())([stage_of(case, background=True)], targets_of(case))
    assert float(losses["heat_1"]) == pytest.approx(slow_loss(case, "heat", background=True), rel=1e-5)


def test_stages_add_up_with_their_factors(case):
    stages = [{"paf": stage_of(case)["paf"]}, stage_of(case)]
    losses = FieldCodec.build_loss(SKELETON, FieldLossOptions(stages=[0.5, 2.0], heat=3.0))(stages, targets_of(case))
    heat, paf = slow_loss(case, "heat"), slow_loss(case, "paf")
    assert set(losses) == {"paf_1", "heat_2", "paf_2", "loss"}
    assert float(losses["loss"]) == pytest.approx(0.5 * paf + 2 * (3 * heat + paf), rel=1e-5)


def test_hard_parts_are_mined_in_the_last_stage_only(case):
    losses = FieldCodec.build_loss(SKELETON, FieldLossOptions(name="ohkm", hard=1))(
        [stage_of(case)] * 2, targets_of(case)
    )
    assert float(losses["heat_1"]) == pytest.approx(slow_loss(case, "heat"), rel=1e-5)
    assert float(losses["heat_2"]) == pytest.approx(slow_loss(case, "heat", hard=1), rel=1e-5)


def test_sum_over_cells_is_the_mean_times_cells(case):
    mean, total = (
        FieldCodec.build_loss(SKELETON, FieldLossOptions(mean=m))([stage_of(case)], targets_of(case))["loss"]
        for m in (True, False)
    )
    assert float(total) == pytest.approx(float(mean) * H * W, rel=1e-5)


@pytest.mark.parametrize("name", ["l2", "ohkm", "focal"])
def test_what_is_ignored_pulls_nowhere_and_a_perfect_output_costs_nothing(case, name):
    targets = targets_of(case)
    output = stage_of(case)
    heat, paf = output["heat"].requires_grad_(), output["paf"].requires_grad_()
    loss = FieldCodec.build_loss(SKELETON, FieldLossOptions(name=name))
    loss([{"heat": heat, "paf": paf}], targets)["loss"].backward()
    nowhere = torch.tensor(case[2]) == 0
    assert nowhere.any()
    assert torch.isfinite(paf.grad).all()
    assert (heat.grad.abs().sum(1)[nowhere] == 0).all()
    assert (paf.grad.abs().sum(1)[nowhere] == 0).all()
    perfect = {"heat": targets["heat"], "paf": targets["paf"].flatten(1, 2)}
    assert float(loss([perfect], targets)["loss"]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "l3"}, "choose one of l2"),
        ({"joints": {"knee": 2.0}}, "the skeleton has a, b, c"),
        ({"limbs": {"a-c": 2.0}}, "the skeleton has a-b, b-c"),
        ({"heat": -1.0}, "number from 0"),
    ],
)
def test_wrong_options_are_told(options, says):
    with pytest.raises(OptionsError, match=says):
        FieldCodec.build_loss(SKELETON, FieldLossOptions(**options))


def test_factors_for_other_stages_are_told(case):
    with pytest.raises(OptionsError, match="has 1 stages"):
        FieldCodec.build_loss(SKELETON, FieldLossOptions(stages=[1.0, 1.0]))([stage_of(case)], targets_of(case))


def test_neighbours_are_learned_together(case):
    """Each joint's map summed with those of its neighbours, a with b, all three about b, c with b."""
    heat, _, weight, said, _ = case
    wrong = said[:, :K] - heat
    sums = np.stack([wrong[:, 0] + wrong[:, 1], wrong.sum(1), wrong[:, 1] + wrong[:, 2]], 1)
    more = (weight[:, None] * sums**2).mean((2, 3)).sum(1).mean()
    plain, both = (
        FieldCodec.build_loss(SKELETON, FieldLossOptions(structure=s))([stage_of(case)], targets_of(case))
        for s in (0.0, 0.5)
    )
    assert float(both["loss"] - plain["loss"]) == pytest.approx(0.5 * more, rel=1e-4)
    assert float(both["heat_1"]) == float(plain["heat_1"])


def test_a_coarser_stage_learns_means():
    """As if labels had been given at its resolution."""
    rng = np.random.default_rng(5)
    fine = {"heat": rng.random((B, K, 4, 6)), "paf": rng.normal(size=(B, L, 2, 4, 6)), "weight": rng.random((B, 4, 6))}
    coarse = {n: a.reshape(*a.shape[:-2], 2, 2, 3, 2).mean((-3, -1)) for n, a in fine.items()}
    fine, coarse = ({n: torch.tensor(a, dtype=torch.float32) for n, a in one.items()} for one in (fine, coarse))
    stage = {"heat": torch.randn(B, K, 2, 3), "paf": torch.randn(B, 2 * L, 2, 3)}
    loss = FieldCodec.build_loss(SKELETON, FieldLossOptions())
    assert float(loss([stage], fine)["loss"]) == pytest.approx(float(loss([stage], coarse)["loss"]), rel=1e-5)
