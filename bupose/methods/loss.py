"""Losses of dense maps, at every stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.methods.options import LossOptions

_FOREGROUND = 0.01  # SimplePose: target value from which a cell belongs to a part


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
    """(B, P): squared error times |1 − s|^gamma, which downweights easy cells.

    s is the output's projection on the target if there is one, else 1 − |output|.

    Notes
    -----
    Li et al. 2020 (SimplePose), eq. 5, for scalar maps; the projection extends it to vectors.
    """
    strength = length(target)
    along = (output * target).sum(2, keepdim=True) / strength.clamp(min=_FOREGROUND)
    wrong = torch.where(strength >= _FOREGROUND, 1 - along, length(output))
    return _over_cells(weight * (output - target) ** 2 * wrong.abs() ** options.gamma, options)


def length(vectors: Tensor) -> Tensor:
    """(B, P, 1, h, w) from (B, P, C, h, w), over the components; on a CPU a hundred times faster than torch's norm."""
    return vectors.square().sum(2, keepdim=True).clamp(min=1e-12).sqrt()


def _over_cells(error: Tensor, options: LossOptions) -> Tensor:
    error = error.sum(2)
    return error.mean((2, 3)) if options.mean else error.sum((2, 3))


def weight_of(name: str, batch: Mapping[str, Tensor]) -> Tensor:
    """float tensor (B, 1 or rows, h, w): where the labels of a map are known; see :class:`DenseLoss`."""
    weight = batch[f"{name}_weight"] if f"{name}_weight" in batch else batch["weight"][:, None]
    return weight * batch[f"{name}_known"][..., None, None] if f"{name}_known" in batch else weight


def shrunk(name: str, batch: Mapping[str, Tensor], cells: Sequence[int]) -> Mapping[str, Tensor]:
    """The batch, with a map's target and its weights as means over the larger ``cells`` (h, w) of a coarser output."""
    if batch[name].shape[-2:] == tuple(cells):
        return batch
    changed = {name: batch[name], "weight": batch["weight"][:, None]}
    changed |= {f"{name}_weight": batch[f"{name}_weight"]} if f"{name}_weight" in batch else {}
    for key, array in changed.items():
        mean = torch.nn.functional.interpolate(array.flatten(1, -3), size=list(cells), mode="area")
        changed[key] = mean.view(*array.shape[:-2], *cells)
    return {**batch, **changed, "weight": changed["weight"][:, 0]}


ErrorFunction: TypeAlias = Callable[[Tensor, Tensor, Tensor, LossOptions], Tensor]
ERRORS: dict[str, ErrorFunction] = {
    "l2": masked_l2,
    "ohkm": hard_parts,
    "focal": focal_l2,
}
_EARLY = {"ohkm": "l2"}  # CPN mines hard keypoints in its last stage only


class DenseLoss:
    """The loss of all stages of a network, map by map.

    Parameters
    ----------
    specs : sequence of MapSpec
        The maps that are compared with the targets of the same names in the batch.
    options : LossOptions
        With a factor for each map, by the map's name; 1 by default.
    limbs : sequence of pairs of joints
        The skeleton's, for ``options.structure``.

    Raises
    ------
    OptionsError
        A factor for a joint or limb that the skeleton does not have.
    """

    def __init__(self, specs: Sequence[MapSpec], options: LossOptions, limbs: Sequence[tuple[str, str]] = ()):
        self.specs, self.options = {spec.name: spec for spec in specs}, options
        given = {"joints": options.joints, "limbs": getattr(options, "limbs", {})}
        kinds = {name: "limbs" if name == "paf" else "joints" for name in self.specs}
        for kind, factors in given.items():
            known = [row for name, spec in self.specs.items() if kinds[name] == kind for row in spec.rows]
            unknown = [row for row in factors if row not in known]
            if unknown:
                raise OptionsError(f"loss.{kind} names {', '.join(unknown)}; the skeleton has {', '.join(known)}")
        self._parts = {
            name: torch.tensor([float(given[kinds[name]].get(row, 1.0)) for row in spec.rows])
            for name, spec in self.specs.items()
        }
        names = self.specs["heat"].rows if "heat" in self.specs else ()
        joined = [[a == b or (a, b) in limbs or (b, a) in limbs for b in names] for a in names]
        self._neighbours = torch.tensor(joined, dtype=torch.float32)

    def __call__(self, stages: Sequence[Mapping[str, Tensor]], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scalars by name, means over the batch: ``heat_1``, ``paf_1``, … of the stages as they are, and ``loss``.

        Parameters
        ----------
        stages : sequence of dicts of float tensors (B, C, h, w)
            What each stage of the head says, C the channels of a map. A head's background channel, one more than the
            joints, should be 1 − the highest joint.
        batch : dict
            Of each map the target (B, rows, …, h, w); ``weight`` (B, h, w), and, where a map's own is known,
            ``heat_weight`` and the like (B, 1 or rows, h, w), 0 where nothing is known, and ``heat_known`` (B, rows),
            0 for joints without a label.

        Notes
        -----
        ``loss`` sums all stages with their factors. A stage may be coarser than the targets, which are then averaged
        over its cells: multi-scale supervision, and ``structure``, after Ke et al. 2018, section 3.
        """
        last = {name: max(n for n, stage in enumerate(stages, start=1) if name in stage) for name in self.specs}
        losses: dict[str, Tensor] = {}
        terms: list[Tensor] = []
        for number, (stage, factor) in enumerate(zip(stages, self.factors(stages), strict=True), start=1):
            for name in self.specs:
                if name not in stage:
                    continue
                kind, output = self.options.name, stage[name].float()
                error = ERRORS[kind if last[name] == number else _EARLY.get(kind, kind)]
                known = shrunk(name, batch, output.shape[-2:])
                losses[f"{name}_{number}"] = value = self.compare(error, name, output, known)
                if self.options.structure and name == "heat":
                    value = value + self.options.structure * self.compare_neighbours(output, known)
                terms.append(factor * getattr(self.options, name, 1.0) * value)
        return losses | {"loss": sum(terms[1:], terms[0])}

    def factors(self, stages: Sequence[object]) -> Sequence[float]:
        """The factor of each stage."""
        factors = self.options.stages or [1.0] * len(stages)
        if len(factors) != len(stages):
            raise OptionsError(f"loss.stages has {len(factors)} factors; this head has {len(stages)} stages")
        return factors

    def compare(self, error: ErrorFunction, name: str, output: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """The loss of one map of one stage."""
        spec, target, parts = self.specs[name], batch[name], self._parts[name]
        weight = weight_of(name, batch)
        target, weight = target.reshape(len(target), len(spec.rows), -1, *target.shape[-2:]), weight[:, :, None]
        components = target.shape[2]
        if output.shape[1] == spec.channels + 1:
            target = torch.cat([target, 1 - target.amax(1, keepdim=True)], 1)
            parts = torch.cat([parts, parts.new_ones(1)])
            if weight.shape[1] > 1:
                weight = torch.cat([weight, weight.amin(1, keepdim=True)], 1)
        output = output.unflatten(1, (-1, components))
        weight = weight * parts.to(weight.device)[:, None, None, None]
        if self.options.foreground != 1:
            weight = weight * (1 + (self.options.foreground - 1) * length(target))
        if self.options.people != 1:
            there = length(target[:, : len(spec.rows)]).amax(1, keepdim=True)
            weight = weight * (1 + (self.options.people - 1) * there)
        return error(output, target, weight, self.options).sum(1).mean()

    def compare_neighbours(self, output: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """The squared error of heatmaps that are summed, each joint's with those that limbs join to it."""
        target, weight = batch["heat"], weight_of("heat", batch).amin(1, keepdim=True)
        wrong = weight.sqrt() * (output[:, : target.shape[1]] - target)
        summed = torch.einsum("ij,bjhw->bihw", self._neighbours.to(wrong.device), wrong)
        return _over_cells(summed[:, :, None] ** 2, self.options).sum(1).mean()
