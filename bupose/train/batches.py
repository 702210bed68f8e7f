"""The stream of training batches: its order does not depend on interruptions."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from bupose.data.dataset import collate, init_worker
from bupose.errors import BuposeError


class EpochOrder(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index), each epoch in its own order, determined by the seed.

    Epochs follow each other without a gap: a batch may span two, none is dropped, and a batch is determined by its
    number.

    Parameters
    ----------
    pictures : int
        In the data set.
    batch : int
        Pictures per process and step.
    batches : int
        Where the stream ends.
    seed : int
    rank, world : int
        Rank and number of processes; together they see what one process with the combined batch sees.
    """

    def __init__(self, pictures: int, batch: int, batches: int, seed: int, rank: int = 0, world: int = 1):
        self.pictures, self.batch, self.batches, self.seed = pictures, batch, batches, seed
        self.rank, self.world, self.start = rank, world, 0

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        epoch, order = -1, np.empty(0, np.int64)
        for number in range(self.start, self.batches):
            keys = []
            for place in range(self.batch):
                now, row = divmod((number * self.world + self.rank) * self.batch + place, self.pictures)
                if now != epoch:
                    epoch, order = now, np.random.default_rng((self.seed, now)).permutation(self.pictures)
                keys.append((epoch, int(order[row])))
            yield keys


def worker_context(workers: int) -> str | None:
    """The start method of workers; set explicitly, as the default in processes of a parallel sweep (joblib) fails."""
    return None if not workers else "fork" if sys.platform.startswith("linux") else "spawn"


class Loader(DataLoader):
    """A loader that raises its workers' errors without torch's wrapping traceback."""

    def __iter__(self):
        try:
            yield from super().__iter__()
        except BuposeError as problem:
            words = str(problem)
            if words.startswith("Caught "):
                words = words.strip().splitlines()[-1].partition(": ")[2]
            raise type(problem)(words) from None


class BatchStream(Loader):
    """A loader that counts its batches and resumes after them.

    Lightning stores :meth:`state_dict` with its checkpoints.
    """

    def __init__(self, dataset: Dataset, order: EpochOrder, workers: int, pin: bool = False):
        super().__init__(
            dataset, batch_sampler=order, num_workers=workers, collate_fn=collate, worker_init_fn=init_worker,
            multiprocessing_context=worker_context(workers),
            pin_memory=pin, prefetch_factor=4 if workers else None, generator=torch.Generator(),
        )  # fmt: skip
        self._given = 0

    def __iter__(self):
        self.batch_sampler.start = self._given
        for batch in super().__iter__():
            self._given += 1
            yield batch

    def state_dict(self) -> dict:
        """The number of batches returned so far."""
        return {"given": self._given}

    def load_state_dict(self, state: dict) -> None:
        """Resume after that many batches."""
        self._given = state["given"]
