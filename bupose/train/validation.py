"""Validation: COCO metrics of whole pictures, by the same estimator that users run."""

from __future__ import annotations

import lightning.pytorch as pl
import torch.distributed
from lightning.pytorch.callbacks import Callback

from bupose.data.datasets import DataOptions
from bupose.errors import OptionsError
from bupose.estimate.estimator import Estimator
from bupose.evaluate import GroundTruth, coco_ap
from bupose.evaluate.sampled import ground_truth_of_samples
from bupose.images import Photo
from bupose.people import People
from bupose.train.checkpoints import KeepNetworks
from bupose.train.module import net_of
from bupose.train.validation_images import ValidationImages
from bupose.wording import counted

_TOGETHER = 8  # pictures per call of the estimator
SHOWN = ("AP", "AP50", "AP75", "AR")


class CocoValidation(Callback):
    """Evaluates the network at each validation.

    It must precede the moving average among the callbacks, which swaps the averaged weights out when validation ends.

    Parameters
    ----------
    truth : GroundTruth
        Ground truth of the validation loader's pictures.
    height : int
        Pictures are resized to it, network pixels.
    networks : KeepNetworks
        Receives each validated network.
    images : ValidationImages, optional
        Receives the first pictures.
    """

    def __init__(self, truth: GroundTruth, height: int, networks: KeepNetworks, images: ValidationImages | None = None):
        self.truth, self.height, self.networks, self.images = truth, height, networks, images
        self._estimator: Estimator | None = None
        self._waiting: list[tuple[int, Photo]] = []
        self._found: dict[int, People] = {}

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: dict,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Find the people of a picture."""
        if self._estimator is None:
            net = net_of(pl_module).eval()
            self._estimator = Estimator(net, height=self.height, device=str(pl_module.device), batch=_TOGETHER)
        self._waiting.append((batch["number"], Photo(batch["image"], tuple(batch["size"]))))
        if len(self._waiting) == _TOGETHER:
            self._estimate(self._estimator)
        if self.images is not None:
            self.images.add(trainer, batch, self._estimator)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compute metrics, log them, and rank the network."""
        if self._estimator is None:
            return
        self._estimate(self._estimator)
        found = _gather(self._found)
        metrics = coco_ap(found, self.truth)
        shown = {name: metrics[name] for name in SHOWN}
        pl_module.log_dict(shown, prog_bar=True, sync_dist=trainer.world_size > 1)
        self.networks.offer(net_of(pl_module), metrics | {"step": trainer.global_step}, write=trainer.is_global_zero)
        self._estimator, self._found = None, {}

    def _estimate(self, estimator: Estimator) -> None:
        ranked = estimator.showing_everybody()
        people = ranked([photo for _, photo in self._waiting]) if self._waiting else []
        self._found |= {number: p for (number, _), p in zip(self._waiting, people, strict=True)}
        self._waiting = []


def truth_of(options: DataOptions, samples, count: int) -> GroundTruth:
    """Ground truth of the first ``count`` samples of a data set.

    Raises
    ------
    OptionsError
        Nobody is labelled.
    """
    truth = ground_truth_of_samples(samples, count)
    if not truth.person.any():
        raise OptionsError(
            f"val={options.kind} shows no labelled people in {counted(count, 'picture')}; give more or others"
        )
    return truth


def _gather(found: dict[int, People]) -> dict[int, People]:
    """The people of all processes' pictures, by number."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return found
    parts: list[dict] = [{} for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather_object(parts, found)
    return {image_id: people for part in parts for image_id, people in part.items()}
