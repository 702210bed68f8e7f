"""The loss of tags: similar within a person, different between people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from bupose.maps import MapSpec
from bupose.methods.loss import DenseLoss
from bupose.methods.tags.options import TagLossOptions


class TagLoss:
    """The loss of all stages of a network with heatmaps and tags.

    Parameters
    ----------
    specs : sequence of MapSpec
    options : TagLossOptions
    limbs : sequence of pairs of joints
    """

    def __init__(self, specs: Sequence[MapSpec], options: TagLossOptions, limbs: Sequence[tuple[str, str]] = ()):
        self.options = options
        self.dense = DenseLoss([spec for spec in specs if spec.name == "heat"], options, limbs)

    def __call__(self, stages: Sequence[Mapping[str, Tensor]], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scalars by name, means over the batch: ``heat_1``, ``pull_1``, ``push_1``, … and ``loss``; see
        :class:`bupose.methods.loss.DenseLoss`. ``batch["cells"]`` are int (B, P, K), as in :func:`pull_and_push`.
        """
        losses = self.dense(stages, batch)
        total = losses.pop("loss")
        for number, (stage, factor) in enumerate(zip(stages, self.dense.factors(stages), strict=True), start=1):
            if "tags" in stage:
                pull, push = pull_and_push(stage["tags"].float(), batch["cells"], self.options.push_by)
                losses |= {f"pull_{number}": pull, f"push_{number}": push}
                total = total + factor * (self.options.pull * pull + self.options.push * push)
        return losses | {"loss": total}


def pull_and_push(tags: Tensor, cells: Tensor, push_by: str = "exp") -> tuple[Tensor, Tensor]:
    """Pull (distance of tags from their person's mean) and push (similarity of people's means); means over the batch.

    Parameters
    ----------
    tags : float tensor (B, K, h, w)
    cells : int tensor (B, P, K)
        1 + index (row-major) of the cell of each labelled joint; 0 if there is none.
    push_by : "exp" or "hinge"
        Penalty of the difference d of two people: exp(-d²), or max(0, 1 - d).

    Notes
    -----
    Newell et al. 2017, eq. 1, as HigherHRNet has it (lib/core/loss.py): pull is the mean squared distance to a person's
    mean, first over its joints, then over people; push the mean over pairs of people, halved.
    """
    joint = cells > 0
    index = (cells.long() - 1).clamp(min=0).transpose(1, 2)
    tag = tags.flatten(2).gather(2, index).transpose(1, 2)
    count = joint.sum(2)
    mean = (tag * joint).sum(2) / count.clamp(min=1)
    spread = ((tag - mean[..., None]) ** 2 * joint).sum(2) / count.clamp(min=1)
    person = count > 0
    people = person.sum(1)
    pull = spread.sum(1) / people.clamp(min=1)
    pairs = person[:, :, None] & person[:, None] & ~torch.eye(person.shape[1], dtype=torch.bool, device=person.device)
    difference = mean[:, :, None] - mean[:, None]
    alike = torch.exp(-(difference**2)) if push_by == "exp" else (1 - difference.abs()).clamp(min=0)
    push = 0.5 * (alike * pairs).sum((1, 2)) / (people * (people - 1)).clamp(min=1)
    return pull.mean(), push.mean()
