"""Batch norms folded into the convolutions before them: the same output in evaluation, fewer steps."""

from __future__ import annotations

import copy

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse_batch_norm(module: nn.Module) -> nn.Module:
    """A copy in evaluation mode, every batch norm that directly follows a convolution folded into it.

    Our modules declare each batch norm right after its convolution; that order is what is read here.
    """
    module = copy.deepcopy(module).eval()
    for parent in module.modules():
        before, before_name = None, ""
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and isinstance(before, nn.Conv2d | nn.ConvTranspose2d):
                fused = fuse_conv_bn_eval(before, child, transpose=isinstance(before, nn.ConvTranspose2d))
                setattr(parent, before_name, fused)
                setattr(parent, name, nn.Identity())
            before, before_name = child, name
    return module
