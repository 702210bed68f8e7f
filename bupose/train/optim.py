"""Optimizers, learning rates and schedules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from bupose.errors import OptionsError
from bupose.options import check, option
from bupose.runtimes.torch_network import has_fast_bfloat16

SCHEDULES = ("constant", "cosine", "step")
OPTIMIZERS = {
    "adamw": lambda groups, o: torch.optim.AdamW(groups, lr=o.lr),
    "adam": lambda groups, o: torch.optim.Adam(groups, lr=o.lr),
    "sgd": lambda groups, o: torch.optim.SGD(groups, lr=o.lr, momentum=o.momentum),
}


@dataclass
class OptimOptions:
    """Optimizer options.

    Parts of the network are given as prefixes of parameter names: ``trunk``, ``trunk.features.3``, ``head``. The
    longest matching prefix applies.

    Parameters
    ----------
    name : str
        A key of ``OPTIMIZERS``.
    lr : float
        Highest learning rate.
    factors : dict of part to float
        Factors of the learning rate, as in ``trunk: 0.1``.
    channelwise_lr : list of parts
        Scale updates by each output channel's RMS weight: for networks with batch norms folded into their weights,
        whose channels differ a thousandfold.
    muon : list of parts
        Orthogonalise the updates of these convolutions (Muon), except depth-wise ones; for hidden layers, not outputs.
        Needs "adamw" and uses its momentum and decay.
    frozen : list of parts
        Parts that are not trained; their batch norms keep their statistics.
    frozen_norm : list of parts
        Parts whose batch norms keep their statistics, scale and shift.
    weight_decay : float
        Applied to convolution weights only.
    momentum : float
        Of "sgd"; the others use torch's defaults.
    warmup : int, steps
        Steps of linear warm-up from 0.
    schedule : "cosine", "step" or "constant"
    final : float
        Of "cosine": the final rate as a share of ``lr``.
    milestones : list of shares of the training
        Of "step": when the rate is multiplied by ``drop``.
    drop : float
    clip : float
        Maximum norm of the gradients; 0 is no limit.
    """

    name: str = option("adamw", among=OPTIMIZERS)
    lr: float = option(1e-3, 1e-12, 1000)
    factors: dict[str, float] = option(dict, 0, 1e6)
    channelwise_lr: list[str] = option(list)
    muon: list[str] = option(list)
    frozen: list[str] = option(list)
    frozen_norm: list[str] = option(list)
    weight_decay: float = option(1e-4, 0, 1000)
    momentum: float = option(0.9, 0, 1)
    warmup: int = option(100, 0, 100_000_000)
    schedule: str = option("cosine", among=SCHEDULES)
    final: float = option(0.01, 0, 1000)
    milestones: list[float] = option(lambda: [0.6, 0.85], 0, 1)
    drop: float = option(0.1, 0, 1000)
    clip: float = option(0.0, 0, 1e9)

    def __post_init__(self) -> None:
        check(self, "optim")
        if self.muon and self.name != "adamw":
            raise OptionsError(f"optim.muon needs optim.name=adamw; got {self.name}")


def build_optimizer(
    net: nn.Module, options: OptimOptions, steps: int, loss: nn.Module | None = None
) -> tuple[Optimizer, LambdaLR]:
    """The optimizer of the trainable weights of a network, and of a loss that has some, and the schedule of ``steps``
    steps.

    Raises
    ------
    OptionsError
        An option names a part that the network does not have, or nothing is left to train.
    """
    groups = parameter_groups(net, options)
    learned = [] if loss is None else list(loss.parameters())
    if learned:
        beside = {"lr": options.lr, "weight_decay": 0.0, "channelwise_lr": False, "muon": False}
        groups.append({"params": learned, "name": "loss"} | beside)
    optimizer = OPTIMIZERS[options.name](groups, options)
    if any(group["muon"] or group["channelwise_lr"] for group in optimizer.param_groups):
        _change_steps(optimizer)
    return optimizer, LambdaLR(optimizer, lambda step: rate_factor(step, steps, options))


def parameter_groups(net: nn.Module, options: OptimOptions) -> list[dict]:
    """Parameter groups by learning rate and weight decay, named for the log."""
    groups: dict[tuple, dict] = {}
    for name, parameter in net.named_parameters():
        if not parameter.requires_grad:
            continue
        part = _longest(name, options.factors) or "all"
        decay = options.weight_decay if parameter.ndim > 1 else 0.0
        rate = options.lr * options.factors.get(part, 1.0)
        channelwise = _longest(name, options.channelwise_lr) is not None
        dense = parameter.ndim > 1 and parameter.shape[1] > 1
        muon = dense and _longest(name, options.muon) is not None
        title = f"{part}{' channelwise' * channelwise}{' muon' * muon}{' biases' * (parameter.ndim == 1)}"
        made = {"params": [], "lr": rate, "weight_decay": decay, "channelwise_lr": channelwise, "muon": muon}
        groups.setdefault((part, decay, channelwise, muon), made | {"name": title})["params"].append(parameter)
    if not groups:
        raise OptionsError(f"optim.frozen {options.frozen} leaves nothing to train; freeze less")
    return list(groups.values())


def _change_steps(optimizer: Optimizer) -> None:
    """Orthogonalise the updates of ``muon`` groups, and scale those of ``channelwise_lr`` groups by their weights.

    Notes
    -----
    Orthogonalised: Jordan et al. 2024 (Muon), with Nesterov momentum and the step size of AdamW after Liu et al. 2025
    (Moonlight), section 2.2. Channel-wise: Shazeer and Stern 2018 (Adafactor), section 8, with an RMS per output
    channel instead of per tensor.
    """
    before: list[Tensor] = []

    def changed() -> list[tuple[dict, Tensor]]:
        groups = [group for group in optimizer.param_groups if group["muon"] or group["channelwise_lr"]]
        return [(group, p) for group in groups for p in group["params"]]

    @torch.no_grad()
    def remember(*_) -> None:
        before[:] = [p.clone() for _, p in changed()]

    @torch.no_grad()
    def change(*_) -> None:
        for old, (group, new) in zip(before, changed(), strict=True):
            share = size(old) if group["channelwise_lr"] else torch.ones_like(old)
            if group["muon"] and new.grad is not None:
                # Gradients in terms of weights scaled to RMS 1.
                momentum = share * torch.lerp(new.grad, optimizer.state[new]["exp_avg"], group["betas"][0])
                step = orthogonal(momentum.flatten(1)).view_as(new)
                length = 0.2 * math.sqrt(max(momentum.flatten(1).shape))
                new.copy_(old * (1 - group["lr"] * group["weight_decay"]) - group["lr"] * length * step)
            new.copy_(torch.lerp(old, new, share))
        before.clear()

    optimizer.register_step_pre_hook(remember)
    optimizer.register_step_post_hook(change)


def orthogonal(matrix: Tensor) -> Tensor:
    """A matrix with the same singular vectors and nearly equal singular values: those above 1 % of the largest end
    between 0.2 and 1.3.

    Notes
    -----
    Three steps of the Newton-Schulz iteration of Jordan et al. 2024; more do not pay off. In bfloat16 as there, unless
    the processor only emulates it, which is thirty times slower than float32.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonal(matrix.T).T
    precision = torch.bfloat16 if has_fast_bfloat16(matrix.device) else torch.float32
    rows = (matrix / (matrix.norm() + 1e-12)).to(precision)
    for _ in range(3):
        gram = rows @ rows.T
        rows = torch.addmm(rows, torch.addmm(gram, gram, gram, beta=-4.7750, alpha=2.0315), rows, beta=3.4445)
    return rows.to(matrix)


def size(weights: Tensor) -> Tensor:
    """Root mean square of each output channel's weights, broadcastable to them; of biases a single one."""
    axes = tuple(range(1, weights.ndim)) or (0,)
    return weights.square().mean(axes, keepdim=True).sqrt().expand_as(weights)


def freeze(net: nn.Module, options: OptimOptions) -> None:
    """Freeze parts and norms; call :func:`hold_norms` whenever training mode is entered.

    Raises
    ------
    OptionsError
        An option names a part that the network does not have.
    """
    parts = [name for name, _ in net.named_modules() if name] + [name for name, _ in net.named_parameters()]
    for name in ("factors", "channelwise_lr", "muon", "frozen", "frozen_norm"):
        for part in getattr(options, name):
            if part not in parts:
                raise OptionsError(f"optim.{name} names {part!r}; the network has {', '.join(_near(parts, part))}")
    norms = {id(p) for norm in _norms_below(net, options.frozen_norm) for p in norm.parameters()}
    for name, parameter in net.named_parameters():
        if _longest(name, options.frozen) or id(parameter) in norms:
            parameter.requires_grad_(False)


def hold_norms(net: nn.Module, options: OptimOptions) -> None:
    """Put frozen batch norms into evaluation mode."""
    for norm in _norms_below(net, [*options.frozen, *options.frozen_norm]):
        norm.eval()


def rate_factor(step: int, steps: int, options: OptimOptions) -> float:
    """Factor of the learning rate at a step counted from 0."""
    if step < options.warmup:
        return (step + 1) / options.warmup
    if options.schedule == "step":
        return options.drop ** sum(step >= share * steps for share in options.milestones)
    if options.schedule == "constant":
        return 1.0
    progress = min((step - options.warmup) / max(steps - options.warmup, 1), 1.0)
    return options.final + (1 - options.final) * (1 + math.cos(math.pi * progress)) / 2


def _norms_below(net: nn.Module, parts: Sequence[str]) -> list[nn.Module]:
    kinds = nn.modules.batchnorm._BatchNorm
    return [m for name, m in net.named_modules() if isinstance(m, kinds) and _longest(name, parts)]


def _longest(name: str, parts) -> str | None:
    """The longest prefix that matches a parameter or module."""
    fitting = [part for part in parts if name == part or name.startswith(part + ".")]
    return max(fitting, key=len, default=None)


def _near(parts: Sequence[str], wrong: str) -> list[str]:
    """Alternatives to an unknown part: those below its longest existing prefix."""
    stem = wrong
    while stem and stem not in parts:
        stem = stem.rpartition(".")[0]
    depth = stem.count(".") + 1 if stem else 0
    found = [p for p in parts if p.startswith(f"{stem}." if stem else "") and p.count(".") == depth]
    return found[:24]
