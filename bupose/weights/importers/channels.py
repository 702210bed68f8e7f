"""Reordering of OpenPose's PAF channels to ours, where limb l has the channels 2l (x) and 2l + 1 (y)."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from bupose.methods.paf.fields import OPENPOSE_PAF_CHANNELS


def paf_order(skeleton: str) -> list[int]:
    """For each of our 2L PAF channels the channel in OpenPose's network.

    Notes
    -----
    OpenPose, src/openpose/pose/poseParameters.cpp, ``POSE_MAP_INDEX``.
    """
    first = np.array(OPENPOSE_PAF_CHANNELS[skeleton])
    return np.stack([first, first + 1], 1).ravel().tolist()


def reorder_output(tensor: Tensor, order: list[int]) -> Tensor:
    """Weight or bias of a convolution with reordered output channels."""
    return tensor[order].contiguous()


def reorder_inputs(weight: Tensor, order: list[int]) -> Tensor:
    """Weight of a convolution with reordered input channels."""
    return weight[:, order].contiguous()
