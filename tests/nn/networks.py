"""Networks without memory, for counting and asking."""

import torch

from bupose.nn import NetworkConfig, PoseNet


def network(trunk, head, skeleton, *, method="paf", target=None, head_options=None, **trunk_options) -> PoseNet:
    config = NetworkConfig(skeleton, trunk, head, trunk_options, head_options or {}, method=method, target=target or {})
    with torch.device("meta"):
        return PoseNet(config).eval()
