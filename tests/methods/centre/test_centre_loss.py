"""The loss of lengths counts what is known, as a share of the person; that of the other maps is everybody's."""

import numpy as np
import pytest
import torch

from bupose.methods.centre import CentreCodec, CentreLossOptions
from bupose.methods.centre.loss import weighted_l1

SIZE = (640, 384)


def batch_of(codec, several):
    targets = [codec.encode(labels, SIZE).arrays for labels in several]
    return {name: torch.from_numpy(np.stack([t[name] for t in targets])) for name in targets[0]}


def stage_of(codec, batch):
    """What a network says that is right everywhere."""
    return {spec.name: batch[spec.name].flatten(1, -3).clone() for spec in codec.specs}


@pytest.fixture
def codec(codec_of):
    return codec_of(8, {"local": True, "box": True})


def test_maps_as_they_should_be_cost_nothing(codec, row):
    batch = batch_of(codec, [row(0), row(1)])
    loss = CentreCodec.build_loss(codec.skeleton, CentreLossOptions(), codec.target)
    parts = loss([stage_of(codec, batch)], batch)
    assert set(parts) == {"loss", *(f"{spec.name}_1" for spec in codec.specs)}
    assert all(float(value) == 0 for value in parts.values())


@pytest.mark.parametrize("name", ["offset", "local", "box_size", "box_offset"])
def test_lengths_cost_their_error_where_they_are_known(codec, row, name):
    rng = np.random.default_rng(0)
    batch = batch_of(codec, [row(0), row(1)])
    output = torch.from_numpy(rng.normal(0, 9, stage_of(codec, batch)[name].shape).astype(np.float32))
    weight = batch[f"{name}_weight"].numpy().astype(np.float64)
    said, target = (a.numpy().reshape(*weight.shape[:2], -1, *weight.shape[2:]) for a in (output, batch[name]))
    total = count = 0
    for b, part, v, u in np.argwhere(weight > 0):
        error = np.abs(said[b, part, :, v, u].astype(np.float64) - target[b, part, :, v, u]).mean()
        total, count = total + weight[b, part, v, u] * error, count + 1
    value = weighted_l1(output, batch[name], batch[f"{name}_weight"])
    assert float(value) == pytest.approx(total / count, rel=1e-5)
    options = CentreLossOptions(**{name: 3.0})
    stage = stage_of(codec, batch) | {name: output}
    parts = CentreCodec.build_loss(codec.skeleton, options, codec.target)([stage, stage], batch)
    assert float(parts["loss"]) == pytest.approx(2 * 3 * total / count, rel=1e-5)


def test_an_offset_beside_everybody_costs_nothing(codec, row):
    batch = batch_of(codec, [row(0)])
    stage = stage_of(codec, batch)
    stage["offset"][:, :, 0, 0] += 1000
    loss = CentreCodec.build_loss(codec.skeleton, CentreLossOptions(), codec.target)
    assert float(loss([stage], batch)["loss"]) == 0


def test_nobody_costs_nothing_but_what_is_painted(codec, row):
    batch = batch_of(codec, [row(0)[:0]])
    stage = {name: torch.full_like(a, 0.5, requires_grad=True) for name, a in stage_of(codec, batch).items()}
    parts = CentreCodec.build_loss(codec.skeleton, CentreLossOptions(), codec.target)([stage], batch)
    parts["loss"].backward()
    parts = {name: float(value.detach()) for name, value in parts.items()}
    assert parts["offset_1"] == parts["box_size_1"] == 0
    assert all(torch.isfinite(a.grad).all() for a in stage.values() if a.grad is not None)
    assert parts["heat_1"] == pytest.approx(17 * 0.25)
