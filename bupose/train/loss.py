"""How far a network's fields are from what they should be, at every stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from bupose.errors import OptionsError
from bupose.nn import StageOutput
from bupose.options import check, option
from bupose.skeleton import Skeleton

_FOREGROUND = 0.01  # SimplePose: from this target strength on a cell belongs to a part


class FieldTargets(NamedTuple):
    """What the fields of a batch should be, and how much each cell counts.

    ``heat`` is float32 (B, K, h, w), ``paf`` (B, L, 2, h, w); ``heat_weight`` is (B, 1 or K, h, w) and
    ``paf_weight`` (B, 1 or L, h, w), 0 where nothing is known.
    """

    heat: Tensor
    paf: Tensor
    heat_weight: Tensor
    paf_weight: Tensor

    @classmethod
    def from_batch(cls, batch: Mapping[str, Tensor]) -> FieldTargets:
        """The targets of a batch of :class:`bupose.data.PoseDataset`, whose ``weight`` (B, h, w) holds for all."""
        weight = batch["weight"][:, None]
        return cls(batch["heat"], batch["paf"], weight, weight)


def masked_l2(output: Tensor, target: Tensor, weight: Tensor, options: LossOptions) -> Tensor:
    """(B, P): the weighted squared error of each picture's parts, summed over components.

    Parameters
    ----------
    output, target : float tensors (B, P, C, h, w)
        P joints with one component, or P limbs with two.
    weight : float tensor (B, 1 or P, 1, h, w)

    Notes
    -----
    Cao et al. 2017, eq. 5.
    """
    return _over_cells(weight * (output - target) ** 2, options)


def hard_parts(output: Tensor, target: Tensor, weight: Tensor, options: LossOptions) -> Tensor:
    """(B, P): :func:`masked_l2` of the ``hard`` worst parts of each picture, 0 for the others.

    Notes
    -----
    Online hard keypoints mining, Chen et al. 2018 (CPN), section 3.2.
    """
    table = masked_l2(output, target, weight, options)
    worst = table.topk(min(options.hard, table.shape[1]), 1).indices
    return table * torch.zeros_like(table).scatter(1, worst, 1.0)


def focal_l2(output: Tensor, target: Tensor, weight: Tensor, options: LossOptions) -> Tensor:
    """(B, P): squared error times |1 − s|^gamma, so that cells which are right already count little.

    s is the output's projection on the target where there is one, else 1 − |output|.

    Notes
    -----
    Li et al. 2020 (SimplePose), eq. 5, for scalar maps; with the projection it holds for vectors as well.
    """
    strength = length(target)
    along = (output * target).sum(2, keepdim=True) / strength.clamp(min=_FOREGROUND)
    wrong = torch.where(strength >= _FOREGROUND, 1 - along, length(output))
    return _over_cells(weight * (output - target) ** 2 * wrong.abs() ** options.gamma, options)


def length(vectors: Tensor) -> Tensor:
    """(B, P, 1, h, w) from (B, P, C, h, w), over the components; on a CPU a hundred times as fast as torch's norm."""
    return vectors.square().sum(2, keepdim=True).clamp(min=1e-12).sqrt()


def _over_cells(error: Tensor, options: LossOptions) -> Tensor:
    error = error.sum(2)
    return error.mean((2, 3)) if options.mean else error.sum((2, 3))


LOSSES: dict[str, Callable[[Tensor, Tensor, Tensor, LossOptions], Tensor]] = {
    "l2": masked_l2,
    "ohkm": hard_parts,
    "focal": focal_l2,
}
_EARLY = {"ohkm": "l2"}  # CPN mines hard keypoints in its last stage only


@dataclass
class LossOptions:
    """What a network is punished for.

    Parameters
    ----------
    name : str
        A key of ``LOSSES``.
    heat, paf : float
        Factors of the heatmaps' and the part affinity fields' losses.
    foreground : float
        How much more a cell at a target's centre counts than an empty one; 1 is equal.
    stages : list of float
        A factor for each stage; by default 1 for all.
    joints, limbs : dict of name to float
        Factors of single joints (``left_wrist``) and limbs (``left_elbow-left_wrist``); 1 where not given.
    mean : bool
        Mean over the cells of a picture; else their sum, as published recipes have it.
    hard : int
        Of "ohkm": so many joints, and so many limbs, count in each picture.
    gamma : float
        Of "focal": the power of how wrong a cell is.
    """

    name: str = option("l2", among=LOSSES)
    heat: float = option(1.0, 0, 1e6)
    paf: float = option(1.0, 0, 1e6)
    foreground: float = option(1.0, 0, 1e6)
    stages: list[float] = option(list, 0, 1e6)
    joints: dict[str, float] = option(dict, 0, 1e6)
    limbs: dict[str, float] = option(dict, 0, 1e6)
    mean: bool = option(True)
    hard: int = option(8, 1, 1000)
    gamma: float = option(1.0, 0, 100)

    def __post_init__(self) -> None:
        check(self, "loss")


class FieldLoss:
    """The loss of all stages of a network.

    Parameters
    ----------
    skeleton : Skeleton
    options : LossOptions

    Raises
    ------
    OptionsError
        A factor for a joint or limb that the skeleton does not have.
    """

    def __init__(self, skeleton: Skeleton, options: LossOptions):
        self.options = options
        self._joints = _part_factors("joints", skeleton.joints, options.joints)
        self._limbs = _part_factors("limbs", skeleton.limb_names, options.limbs)

    def __call__(self, stages: Sequence[StageOutput], targets: FieldTargets) -> dict[str, Tensor]:
        """Scalars by name, means over the batch: ``heat_1``, ``paf_1``, … of the stages as they are, and ``loss``.

        ``loss`` sums all stages with their factors. A head's background channel should be 1 − the highest joint.
        """
        factors = self.options.stages or [1.0] * len(stages)
        if len(factors) != len(stages):
            raise OptionsError(f"loss.stages has {len(factors)} factors; this head has {len(stages)} stages")
        last = _last_stages(stages)
        losses, total = {}, 0.0
        for number, (stage, factor) in enumerate(zip(stages, factors), start=1):
            for kind, output in (("heat", stage.heat), ("paf", stage.paf)):
                if output is None:
                    continue
                name = self.options.name if last[kind] == number else _EARLY.get(self.options.name, self.options.name)
                value = self._kind(LOSSES[name], kind, output.float(), targets)
                losses[f"{kind}_{number}"] = value
                total = total + factor * getattr(self.options, kind) * value
        return losses | {"loss": total}

    def _kind(self, loss: Callable, kind: str, output: Tensor, targets: FieldTargets) -> Tensor:
        if kind == "heat":
            target, weight, parts = targets.heat[:, :, None], targets.heat_weight[:, :, None], self._joints
            output = output[:, :, None]
            if output.shape[1] == target.shape[1] + 1:
                target = torch.cat([target, 1 - target.amax(1, keepdim=True)], 1)
                parts = torch.cat([parts, parts.new_ones(1)])
                if weight.shape[1] > 1:
                    weight = torch.cat([weight, weight.amin(1, keepdim=True)], 1)
        else:
            target, weight, parts = targets.paf, targets.paf_weight[:, :, None], self._limbs
            output = output.unflatten(1, target.shape[1:3])
        weight = weight * parts.to(weight.device)[:, None, None, None]
        if self.options.foreground != 1:
            weight = weight * (1 + (self.options.foreground - 1) * length(target))
        return loss(output, target, weight, self.options).sum(1).mean()


def _last_stages(stages: Sequence[StageOutput]) -> dict[str, int]:
    """Number of the last stage that has each kind of output."""
    return {
        kind: max((n for n, s in enumerate(stages, start=1) if getattr(s, kind) is not None), default=0)
        for kind in ("heat", "paf")
    }


def _part_factors(option: str, names: Sequence[str], factors: Mapping[str, float]) -> Tensor:
    unknown = [name for name in factors if name not in names]
    if unknown:
        raise OptionsError(f"loss.{option} names {', '.join(unknown)}; the skeleton has {', '.join(names)}")
    return torch.tensor([float(factors.get(name, 1.0)) for name in names])
