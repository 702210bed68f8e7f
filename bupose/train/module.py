"""One training step and one validation step, as Lightning wants them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn

from bupose import methods
from bupose.errors import BuposeError
from bupose.nn import PoseNet
from bupose.nn.memory import lay_out
from bupose.options import from_dict
from bupose.train.ema import follow
from bupose.train.optim import OptimOptions, build_optimizer, freeze, hold_norms
from bupose.train.people_teacher import PeopleTeacher
from bupose.train.teacher import Teacher

CHECK_EVERY = 20  # steps between checks of the loss on a GPU, as each check synchronises


class TrainingError(BuposeError):
    """Training cannot go on."""


def net_of(module: nn.Module) -> PoseNet:
    """The network that a callback's module trains."""
    if not isinstance(module, PoseModule):
        raise TypeError(f"{type(module).__name__} is no PoseModule")
    return module.net


class PoseModule(pl.LightningModule):
    """A network with its loss, optimizer and optional teacher.

    Parameters
    ----------
    net : PoseNet
    loss : LossOptions
        Those of the network's method.
    optim : OptimOptions
    steps : int
        Optimizer steps of the whole training.
    teacher : Teacher or PeopleTeacher, optional
    """

    def __init__(self, net: PoseNet, loss, optim: OptimOptions, steps: int,
        teacher: Teacher | PeopleTeacher | None = None,
    ):  # fmt: skip
        super().__init__()
        self.net = lay_out(net)
        method = methods.get(net.config.method)
        target: Any = from_dict(method.Target, net.config.target, "target")
        self.map_loss = method.build_loss(net.skeleton, loss, target)
        self.optim, self.steps, self.teacher = optim, steps, teacher
        self.mean: PoseNet | None = None
        if isinstance(teacher, Teacher) and teacher.options.itself:
            self.mean = copy.deepcopy(self.net).requires_grad_(False)
            self.teacher = teacher.of_average(self.mean)
        freeze(net, optim)
        self._unchecked: list[Tensor] = []
        self.started = False

    def train(self, mode: bool = True) -> PoseModule:
        """Training mode, except for frozen batch norms."""
        super().train(mode)
        hold_norms(self.net, self.optim)
        return self

    def on_train_start(self) -> None:
        """Enter training mode: Lightning keeps the modules' modes."""
        self.train()
        self._check_optimizers()
        self.started = True

    def _check_optimizers(self) -> None:
        """Refuse a resumed optimizer state whose shapes do not fit the weights; torch checks only the groups."""
        for optimizer in self.trainer.optimizers:
            for weights, kept in optimizer.state.items():
                if any(isinstance(v, Tensor) and v.numel() > 1 and v.shape != weights.shape for v in kept.values()):
                    raise ValueError(f"the optimizer's state does not fit a weight of shape {tuple(weights.shape)}")

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """Optimizer and per-step schedule."""
        beside = self.map_loss if isinstance(self.map_loss, nn.Module) else None
        optimizer, schedule = build_optimizer(self.net, self.optim, self.steps, beside)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def losses(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Total loss and its terms for a batch of :class:`bupose.data.PoseDataset`."""
        images = batch["image"].contiguous(memory_format=torch.channels_last)
        batches: list[tuple[float, Mapping[str, Tensor]]] = [(1.0, batch)]
        if self.teacher is not None:
            self.teacher.strength = self.teacher.options.strength(self.global_step)
            batches = self.teacher.batches(batch, images)
        stages = self.net.forward_stages(images)
        parts = [(share, self.map_loss(stages, one)) for share, one in batches]
        total = torch.stack([share * losses["loss"] for share, losses in parts]).sum()
        return (
            parts[0][1]
            | {f"teacher_{n}": losses["loss"] for n, (_, losses) in enumerate(parts[1:], start=1)}
            | {"loss": total}
        )

    def training_step(self, batch: dict[str, Tensor], number: int) -> Tensor:
        """The loss of a batch."""
        losses = self.losses(batch)
        self._unchecked.append(losses["loss"].detach())
        if self.device.type == "cpu" or len(self._unchecked) >= CHECK_EVERY:
            self.check_loss()
        self.log("loss", losses["loss"].detach(), prog_bar=True)
        self.log_dict({f"loss/{name}": value.detach() for name, value in losses.items() if name != "loss"})
        return losses["loss"]

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """A step, which the network's own average follows before any callback keeps the state."""
        super().optimizer_step(*args, **kwargs)
        if self.mean is not None and self.teacher is not None:
            follow(self.mean, self.net, self.global_step + 1, self.teacher.options.itself)

    def validation_step(self, batch: dict, number: int) -> None:
        """Nothing: :class:`bupose.train.validation.CocoValidation` evaluates the pictures."""

    def check_loss(self) -> None:
        """Stop if the loss or the gradients are not finite.

        Raises
        ------
        TrainingError
            Names the step, the last good file, and what to try.
        """
        if self._unchecked and not torch.stack(self._unchecked).isfinite().all():
            raise TrainingError(
                f"the loss is not finite at step {self.global_step}: lower optim.lr, set optim.clip or "
                f"trainer.precision=float32, and start again or resume={self.trainer.default_root_dir}, "
                "where the last good state is"
            )
        self._unchecked.clear()

    def on_load_checkpoint(self, checkpoint: dict) -> None:
        """Refuse an incomplete state; Lightning would silently reinitialise what is missing."""
        for name in ("optimizer_states", "lr_schedulers"):
            if len(checkpoint[name]) != 1:
                raise ValueError(f"it has {len(checkpoint[name])} {name.replace('_', ' ')} instead of one")

    def on_save_checkpoint(self, checkpoint: dict) -> None:
        """Never replace a good file after a loss that is not finite."""
        self.check_loss()

    def configure_gradient_clipping(self, optimizer, gradient_clip_val=None, gradient_clip_algorithm=None) -> None:
        """Clip to ``optim.clip``, and log the norm before."""
        learning = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        norm = torch.nn.utils.clip_grad_norm_(learning, self.optim.clip or float("inf"))
        self.log("gradient_norm", norm)
        if self.trainer.precision != "16-mixed":  # whose scaler skips such steps
            self._unchecked.append(norm.detach())
