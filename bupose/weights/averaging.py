"""One network from several: the mean of their weights."""

from __future__ import annotations

from collections.abc import Sequence

from bupose.errors import WeightsError
from bupose.nn import PoseNet


def average(nets: Sequence[PoseNet]) -> PoseNet:
    """The first network with the mean of all their weights: a "model soup" (Wortsman et al. 2022, arXiv:2203.05482).

    Networks that come from one another, or from the same one by further training, are near enough that their mean is
    often better than any of them. Statistics of batch norms are averaged, too.

    Parameters
    ----------
    nets : sequence of PoseNet
        Of one skeleton, trunk and head; the first is changed.

    Raises
    ------
    WeightsError
        One is another kind of network than the first.
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
        first.config.metrics = {}  # what one of them reached, the mean need not
    return first
