"""Training and validation data, and the skeleton that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bupose import skeletons
from bupose.annotations.categories import CategoryOptions
from bupose.data.limb_choice import all_pairs, choose_limbs
from bupose.data.limb_lengths import learn_lengths
from bupose.data.part import hold_out
from bupose.skeleton import Skeleton
from bupose.train.options import TrainOptions
from bupose.wording import counted


@dataclass(frozen=True)
class Sets:
    """Training and validation samples of one skeleton.

    Parameters
    ----------
    train, val : sequences of samples
    skeleton : Skeleton
        With limb lengths measured from the labels of ``train``, unless declared.
    category : CategoryOptions
        The category that ``train`` labels.
    notes : sentences
        How the data was read: joints matched, oddities, omissions.
    """

    train: Any
    val: Any
    skeleton: Skeleton
    category: CategoryOptions
    notes: tuple[str, ...] = ()


def open_sets(options: TrainOptions) -> Sets:
    """Open the data of a training.

    Raises
    ------
    BuposeError
        Data that cannot be read, or an invalid skeleton.
    """
    wanted = None if options.skeleton == "auto" else skeletons.get(options.skeleton)
    train = options.data.open(wanted or "auto")
    notes: list[str] = []
    if options.limbs == "auto":
        choice = choose_limbs(train, wanted or train.skeleton)
        notes.append(str(choice))
        wanted = choice.skeleton
        train = options.data.open(wanted)
    if options.limbs == "all":
        wanted = all_pairs(wanted or train.skeleton)
        train = options.data.open(wanted)
    skeleton = wanted or train.skeleton
    if options.hold_out and options.val.annotations is None:
        train, val = hold_out(train, options.hold_out, options.seed)
        notes += getattr(train, "notes", ())
        notes.append(f"Held out for validation: {len(val)} of {counted(len(train) + len(val), 'picture')}.")
    else:
        val = options.val.open(skeleton)
        for what, samples in (("train", train), ("val", val)):
            notes += [f"{what}: {note}" for note in getattr(samples, "notes", ())]
    skeleton, learned = learn_lengths(train, skeleton)
    category = getattr(train, "category", CategoryOptions())
    return Sets(train, val, skeleton, category, tuple(note for note in (*notes, learned) if note))
