"""The initial network of a training, new or from another."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace

import torch

from bupose import weights
from bupose.annotations.categories import CategoryOptions
from bupose.errors import WeightsError
from bupose.nn import PoseNet
from bupose.nn.model import declare
from bupose.nn.pretrained import load_trunk
from bupose.predict.output import results_skeleton
from bupose.skeleton import Skeleton
from bupose.train.options import TrainOptions, check_together

_LOG = logging.getLogger(__name__)


def build_network(options: TrainOptions, skeleton: Skeleton, category: CategoryOptions | None = None) -> PoseNet:
    """The initial network, for the skeleton and the category of the data.

    Raises
    ------
    OptionsError, WeightsError
        Names, options or weights that do not fit.
    """
    started = weights.load(weights.resolve(options.start)) if options.start else None
    config = options.network(skeleton, started.config if started else None)
    if category and (category.id != 1 or tuple(category.keypoints) != results_skeleton(skeleton).joints):
        config = replace(config, category=asdict(category))  # not the default of COCO results
    declare(config)  # before memory is allocated
    net = PoseNet(config)
    check_together(options, net.multiple)
    if started and options.start:
        _LOG.info("%s", take_over(net, started, options.start))
    elif options.trunk.weights:
        _LOG.info("%s", load_trunk(net.trunk, options.trunk.weights))
    return net


def take_over(net: PoseNet, started: PoseNet, source: str) -> str:
    """Copy all tensors of equal name and shape from another network; returns a sentence on what was taken.

    Weights with additional input channels keep the old ones, and the new ones start at zero. For another skeleton, the
    outputs of shared joints and limbs are copied, as far as the head supports it, and the others are reinitialised.

    Raises
    ------
    WeightsError
        The trunks do not match.
    """
    own, given = net.state_dict(), started.state_dict()
    taken = {name: tensor for name, tensor in given.items() if name in own and own[name].shape == tensor.shape}
    misfits = [name for name in given if name in own and name not in taken]
    grown = [name for name in misfits if _has_more_inputs(own[name], given[name])]
    for name in grown:
        taken[name] = torch.zeros_like(own[name])
        taken[name][:, : given[name].shape[1]] = given[name]
    foreign = [name for name in misfits if name.startswith("trunk.") and name not in grown]
    if foreign or not any(name.startswith("trunk.") for name in taken):
        raise WeightsError(
            f"{source!r} has another trunk: {len(foreign)} tensors do not fit ({', '.join(foreign[:3])} …); "
            f"choose trunk={started.config.trunk} and its options, or another start"
        )
    net.load_state_dict(taken, strict=False)
    fresh = [name for name in own if name not in taken]
    more = f", {len(grown)} of them with further inputs" if grown else ""
    parts = ", ".join(sorted({".".join(name.split(".")[:2]) for name in fresh}))
    told = f"{source}: {len(taken)} tensors taken{more}, {len(fresh)} start afresh{': ' * bool(parts)}{parts}"
    return told + _take_outputs(net, started)


def _take_outputs(net: PoseNet, started: PoseNet) -> str:
    """Copy the outputs of joints and limbs that two skeletons share; returns how many, as the end of a sentence."""
    if net.skeleton == started.skeleton or not net.head.take_outputs(started.head):
        return ""
    kinds = {"heat": "joints", "paf": "limbs"}
    shared = []
    for mine, theirs in zip(net.specs, started.specs, strict=True):
        rows, _ = mine.match(theirs)
        shared.append(f"{(rows >= 0).sum()} of {len(rows)} {kinds.get(mine.name, mine.name)}")
    return f"; of these the outputs for {' and '.join(shared)} are taken by name"


def _has_more_inputs(own: torch.Tensor, given: torch.Tensor) -> bool:
    """Whether the shapes differ only by additional input channels."""
    return own.ndim == given.ndim == 4 and own.shape[1] > given.shape[1] and own[:, :1].shape == given[:, :1].shape
