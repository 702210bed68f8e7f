"""Averaging the weights of several networks."""

from __future__ import annotations

from collections.abc import Sequence

from bupose.errors import WeightsError
from bupose.nn import PoseNet


def average(nets: Sequence[PoseNet]) -> PoseNet:
    """The first network with the mean of all their weights: a "model soup" (Wortsman et al. 2022, arXiv:2203.05482).

    Networks fine-tuned from one another or from the same one are often better on average than each alone. Batch norm
    statistics are averaged, too.

    Parameters
    ----------
    nets : sequence of PoseNet
        Of one skeleton, trunk and head; the first is modified.

    Raises
    ------
    WeightsError
        A network differs in kind from the first.
    """
    if not nets:
        raise WeightsError("there are no networks to average; give at least one")
    first, *others = nets
    for number, other in enumerate(others, 2):
        for what in ("skeleton", "trunk", "trunk_options", "head", "head_options", "normalisation"):
            wanted, got = (getattr(net.config, what) for net in (first, other))
            if wanted != got:
                raise WeightsError(
                    f"network {number} of those to be averaged has another {what.replace('_', ' ')} than the first: "
                    f"{got} instead of {wanted}; average networks of one kind"
                )
    states = [net.state_dict() for net in nets]
    for name, tensor in states[0].items():
        if tensor.is_floating_point():  # the others are counters of batch norms
            tensor.copy_(sum(state[name].double() for state in states) / len(states))
    if others:
        first.config.metrics = {}  # metrics of one network do not hold for the mean
        first.config.activations = {}
    return first
