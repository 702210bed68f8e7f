"""The order of pictures: complete, its own in each epoch, the same after an interruption and for many processes."""

from itertools import chain

import pytest
import torch
from torch.utils.data import Dataset

from bupose.errors import InputError
from bupose.train.batches import BatchStream, EpochOrder, Loader, worker_context


def keys_of(order: EpochOrder) -> list[tuple[int, int]]:
    return [key for batch in order for key in batch]


def test_every_epoch_shows_every_picture_once_in_an_order_of_its_own():
    keys = keys_of(EpochOrder(pictures=7, batch=3, batches=7, seed=1))
    epochs = [[i for epoch, i in keys if epoch == n] for n in range(3)]
    assert all(sorted(rows) == list(range(7)) for rows in epochs)
    assert [epoch for epoch, _ in keys] == sorted(epoch for epoch, _ in keys)
    assert len({tuple(rows) for rows in epochs}) == 3
    assert keys_of(EpochOrder(7, 3, 7, seed=2)) != keys


@pytest.mark.parametrize("world", [1, 2, 3])
def test_processes_together_see_what_one_sees(world):
    one = list(EpochOrder(pictures=5, batch=6, batches=4, seed=0))
    ranks = [list(EpochOrder(5, 6 // world, 4, 0, rank, world)) for rank in range(world)]
    assert [list(chain(*parts)) for parts in zip(*ranks)] == one


class Keys(Dataset):
    """Gives back what it is asked for."""

    def __getitem__(self, key):
        return {"key": torch.tensor(key)}


@pytest.mark.parametrize("workers", [0, 1])
def test_a_stream_goes_on_where_it_was_left(workers):
    def stream() -> BatchStream:
        return BatchStream(Keys(), EpochOrder(pictures=5, batch=2, batches=6, seed=0), workers)

    whole = [batch["key"].tolist() for batch in stream()]
    first, second = stream(), stream()
    seen = []
    for batch in first:
        seen.append(batch["key"].tolist())
        if len(seen) == 2:
            break  # by now a worker has fetched further batches
    second.load_state_dict(first.state_dict())
    assert seen + [batch["key"].tolist() for batch in second] == whole
    assert len(whole) == len(second) == 6


def test_workers_start_inside_a_parallel_sweep():
    joblib = pytest.importorskip("joblib")

    def first_batches() -> int:
        return sum(
            len(batch["key"]) for batch in BatchStream(Keys(), EpochOrder(pictures=4, batch=2, batches=2, seed=0), 1)
        )

    jobs = joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(first_batches)() for _ in range(2))
    assert jobs == [4, 4]


class Refusing(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        raise InputError(f"photo {i} cannot be read: it is damaged; replace it")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_refusal_in_a_worker_stays_one_sentence(workers):
    loader = Loader(Refusing(), num_workers=workers, multiprocessing_context=worker_context(workers))
    with pytest.raises(InputError, match=r"\Aphoto 0 cannot be read: it is damaged; replace it\Z"):
        next(iter(loader))
