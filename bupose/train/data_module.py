"""Data loading for training and validation."""

from __future__ import annotations

import lightning.pytorch as pl
from torch.utils.data import Dataset, Sampler

from bupose.data.augment import AugmentOptions
from bupose.data.batch import finish_batch
from bupose.data.dataset import PoseDataset, init_worker
from bupose.data.picture import picture_of
from bupose.methods import Codec
from bupose.train.batches import BatchStream, EpochOrder, Loader, worker_context
from bupose.train.options import TrainOptions
from bupose.train.sets import Sets


class PoseDataModule(pl.LightningDataModule):
    """Provides the batches of a training.

    Parameters
    ----------
    options : TrainOptions
    codec : Codec
    sets : Sets
    """

    def __init__(self, options: TrainOptions, codec: Codec, sets: Sets):
        super().__init__()
        self.options, self.codec = options, codec
        self.train_samples, self.val_samples = sets.train, sets.val

    def train_dataset(self) -> PoseDataset:
        """Augmented crops, as far as the CPU prepares them."""
        o = self.options
        deliver = choose_delivery(o.trainer.deliver, o.augment, self._on_gpu())
        return PoseDataset(self.train_samples, self.codec, o.augment, o.trainer.size, o.seed, deliver)

    def train_dataloader(self) -> BatchStream:
        """All training batches."""
        t, (rank, processes) = self.options.trainer, self._place()
        batches = t.steps * t.accumulate
        order = EpochOrder(len(self.train_samples), t.batch, batches, self.options.seed, rank, processes)
        return BatchStream(self.train_dataset(), order, t.workers, pin=self._on_gpu())

    def on_after_batch_transfer(self, batch: dict, loader: int) -> dict:
        """Finish the batch on the device."""
        return finish_batch(batch, self.codec, self.options.trainer.size) if "xy" in batch else batch

    def val_dataloader(self) -> Loader:
        """Whole pictures, one at a time, distributed over processes."""
        t, (rank, processes) = self.options.trainer, self._place()
        count = len(self.val_samples)
        pictures = range(rank, min(t.validation_limit or count, count), processes)
        workers = min(t.workers, 1)
        return Loader(
            WholePictures(self.val_samples, t.validation_height), batch_size=None, sampler=_Listed(pictures),
            num_workers=workers, worker_init_fn=init_worker, collate_fn=_untouched,
            multiprocessing_context=worker_context(workers),
        )  # fmt: skip

    def _place(self) -> tuple[int, int]:
        """Which process this is, and how many there are."""
        return (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)

    def _on_gpu(self) -> bool:
        return self.trainer is not None and self.trainer.strategy.root_device.type != "cpu"


class WholePictures(Dataset):
    """The pictures of a data set, read as for inference: ``number`` in the sequence, ``image`` and ``size``.

    ``least`` is as for :func:`bupose.images.read`.
    """

    def __init__(self, samples, least: int):
        self.samples, self.least = samples, least

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, number: int) -> dict:
        photo = picture_of(self.samples, number).photo(self.least)
        return {"number": number, "image": photo.image, "size": photo.size}


class _Listed(Sampler[int]):
    def __init__(self, numbers: range):
        self.numbers = numbers

    def __iter__(self):
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


def _untouched(item):
    """Keep arrays: the estimator takes arrays, not tensors."""
    return item


def choose_delivery(wanted: str, augment: AugmentOptions, on_gpu: bool) -> str:
    """The stage at which workers deliver crops, for "auto"."""
    if wanted != "auto":
        return wanted
    if not on_gpu:
        return "targets"
    needs_processor = augment.paste or augment.mosaic or augment.camera or augment.occlusions[1]
    return "joints" if needs_processor else "photos"
