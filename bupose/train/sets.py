"""What a training learns from and is measured on, and the skeleton that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bupose import skeletons
from bupose.data.lengths import learn_lengths
from bupose.skeleton import Skeleton
from bupose.train.options import TrainOptions


@dataclass(frozen=True)
class Sets:
    """Two sequences of samples, of one skeleton: to learn from, and to measure on.

    Parameters
    ----------
    train, val : sequences of samples
    skeleton : Skeleton
        With the limb lengths that the labels of ``train`` have, unless it says its own.
    notes : sentences
        How the sets were read: joints matched, what was odd or left out.
    """

    train: Any
    val: Any
    skeleton: Skeleton
    notes: tuple[str, ...] = ()


def open_sets(options: TrainOptions) -> Sets:
    """Open the data of a training.

    Raises
    ------
    BuposeError
        A set that cannot be read, or a skeleton that is none.
    """
    wanted = options.skeleton if options.skeleton == "auto" else skeletons.get(options.skeleton)
    train = options.data.open(wanted)
    skeleton, learned = learn_lengths(train, train.skeleton if wanted == "auto" else wanted)
    val = options.val.open(skeleton)
    notes = [f"{what}: {note}" for what, s in (("train", train), ("val", val)) for note in getattr(s, "notes", ())]
    return Sets(train, val, skeleton, (*notes, *([learned] if learned else [])))
