"""How long the limbs of a human body look beside each other, for skeletons that do not say it of their own limbs."""

from __future__ import annotations

from collections.abc import Sequence

# In thighs. Medians over 4773 people of COCO's training labels, each measured by the median of its own limbs; what
# hangs between two limbs (a wrist and a hip) by its long cases. Feet and the top of the head: Winter 2009,
# Biomechanics and Motor Control of Human Movement, figure 4.1, foreshortened as the shank is.
_USUAL = {
    ("hip", "knee"): 1.0, ("ankle", "knee"): 1.01, ("ankle", "hip"): 1.93, ("elbow", "shoulder"): 0.72,
    ("elbow", "wrist"): 0.57, ("shoulder", "wrist"): 1.07, ("shoulder", "shoulder"): 0.76, ("hip", "hip"): 0.52,
    ("hip", "shoulder"): 1.31, ("hip", "neck"): 1.32, ("mid_hip", "neck"): 1.3, ("hip", "mid_hip"): 0.26,
    ("neck", "shoulder"): 0.38, ("neck", "nose"): 0.53, ("ear", "shoulder"): 0.57, ("ear", "eye"): 0.22,
    ("eye", "eye"): 0.18, ("eye", "nose"): 0.13, ("hip", "wrist"): 1.4, ("wrist", "wrist"): 1.9,
    ("ankle", "ankle"): 1.6, ("neck", "top_head"): 0.75, ("ankle", "big_toe"): 0.5, ("ankle", "heel"): 0.2,
    ("big_toe", "small_toe"): 0.2,
}  # fmt: skip


def usual_length(limb: Sequence[str]) -> float:
    """A human limb's usual length, in thighs, by the names of its two joints; 0 where that is not known."""
    return _USUAL.get(tuple(sorted(j.removeprefix("left_").removeprefix("right_") for j in limb)), 0.0)
