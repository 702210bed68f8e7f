"""Networks: a trunk computes features, a head predicts maps from them, ``PoseNet`` combines both."""

from bupose.nn.head import HEADS, build_head
from bupose.nn.model import NetworkConfig, PoseNet
from bupose.nn.trunk import TRUNKS, build_trunk

__all__ = ["HEADS", "TRUNKS", "NetworkConfig", "PoseNet", "build_head", "build_trunk"]
