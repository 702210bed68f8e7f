"""What every head has."""

from __future__ import annotations

from torch import nn

from bupose.maps import MapSpec


class Head(nn.Module):
    """Features in, stages out: built as ``Head(channels_in, specs, options)``, gives a list of stages as
    :mod:`bupose.nn.head.stages` says, the final ones last.

    Parameters
    ----------
    specs : tuple of MapSpec
        What it says.
    options : dataclass
        Of ``Options``; one ``background`` asks for a channel for "no joint here" beside the heatmaps.

    Attributes
    ----------
    Options : dataclass
        What can be chosen.
    KEEP_FLOAT : tuple of str
        Prefixes of the parts whose numbers are of such different sizes that 8 bits lose the small ones.
    stride_factor : int
        How much finer its cells are than its input's.
    multiple : int
        What its input's height and width must be multiples of.
    context_scale : float
        Where above 0, it also takes, as a second argument, the features of the picture at about that share of its size.
    """

    Options: type
    KEEP_FLOAT: tuple[str, ...] = ()
    stride_factor = 1
    multiple = 1
    context_scale = 0.0

    def __init__(self, specs: tuple[MapSpec, ...], options) -> None:
        super().__init__()
        self.specs, self.options = specs, options
        background = bool(getattr(options, "background", False))
        self.widths = {s.name: s.channels + (background and s.name == "heat") for s in specs}

    def take_outputs(self, other: Head) -> bool:
        """Take over what a head of the same options says of rows that both have, found by name; a limb also the other
        way round.

        Returns
        -------
        bool
            Whether this head can.
        """
        return False

    def fuse(self) -> None:
        """Change what inference can do with fewer steps, for the same output; batch norms are folded already."""
