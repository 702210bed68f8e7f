"""Heads by name: features in, one or several stages of heatmaps and part affinity fields out."""

from __future__ import annotations

from bupose.errors import OptionsError
from bupose.nn.head.base import Head
from bupose.nn.head.light import LightHead
from bupose.nn.head.openpose2017 import OpenPose2017Head
from bupose.nn.head.openpose2019 import OpenPose2019Head
from bupose.nn.head.plain import PlainHead
from bupose.nn.head.stage_output import StageOutput, final_fields
from bupose.options import choose, from_dict
from bupose.skeleton import Skeleton

HEADS: dict[str, type[Head]] = {
    "openpose2017": OpenPose2017Head,
    "openpose2019": OpenPose2019Head,
    "light": LightHead,
    "plain": PlainHead,
}

__all__ = ["HEADS", "StageOutput", "build_head", "final_fields"]


def build_head(name: str, channels: int, skeleton: Skeleton, **options) -> Head:
    """The head of that name for ``channels`` features and the skeleton's joints and limbs.

    Raises
    ------
    OptionsError
        No such head or option, or an option out of its range.
    """
    choose(name, HEADS, "head")
    if not skeleton.limbs:
        raise OptionsError(f"a network needs a skeleton with limbs; {skeleton.name!r} has none")
    head = HEADS[name]
    made = from_dict(head.Options, options, f"head {name!r}")
    return head(channels, len(skeleton.joints), len(skeleton.limbs), made)
