"""The base class of heads."""

from __future__ import annotations

from typing import Any

from torch import nn

from bupose.maps import MapSpec


class Head(nn.Module):
    """Built as ``Head(channels_in, specs, options)``; maps features to a list of stages, see
    :mod:`bupose.nn.head.stages`, the final one last.

    Parameters
    ----------
    channels_in : int, or tuple of int
        Of the features; of each level for a head that ``reads_levels``.
    specs : tuple of MapSpec
        What it says.
    options : dataclass
        Of ``Options``; ``background`` adds a background channel to the heatmaps.

    Attributes
    ----------
    Options : dataclass
        Options class.
    KEEP_FLOAT : tuple of str
        Prefixes of parts whose values span too large a range for 8 bits.
    stride_factor : int
        Factor by which its output is finer than its input.
    multiple : int
        What its input's height and width must be multiples of.
    reads_levels : bool
        It takes the list of a trunk with ``level_channels``, and these instead of ``channels_in``.
    context_scale : float
        If above 0, features of the picture at about that scale are passed as a second argument.
    """

    Options: type
    KEEP_FLOAT: tuple[str, ...] = ()
    stride_factor = 1
    multiple = 1
    reads_levels = False
    context_scale = 0.0

    def __init__(self, channels_in: Any, specs: tuple[MapSpec, ...], options: Any) -> None:
        super().__init__()
        self.specs, self.options = specs, options
        background = bool(getattr(options, "background", False))
        self.widths = {s.name: s.channels + (background and s.name == "heat") for s in specs}

    def take_outputs(self, other: Head) -> bool:
        """Copy the output rows shared with a head of the same options, matched by name, limbs also in reverse.

        Returns
        -------
        bool
            Whether this head supports it.
        """
        return False

    def fuse(self) -> None:
        """Simplify for inference with the same output; batch norms are folded already."""
