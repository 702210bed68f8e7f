"""The base class of trunks."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from bupose.nn.normalisation import NORMALISATIONS, Normalisation


class Trunk(nn.Module):
    """Built as ``Trunk(options)``; maps normalised images (B, 3, H, W) to features.

    Attributes
    ----------
    Options : dataclass
        Options class; each has ``normalisation``, the name of the weights' input normalisation.
    ADDED : tuple of str
        Prefixes of parameters that published files lack; they stay as initialised.
    LEFT_OUT : tuple of str
        Prefixes of published parameters that the trunk does not use.
    KEEP_FLOAT : tuple of str
        Prefixes of parts whose values span too large a range for 8 bits.
    channels, stride : int
        The features are (B, channels, H / stride, W / stride).
    level_channels : tuple of int
        Of a trunk that gives a list of features, finest first, each of half the resolution of the one before, the
        channels of each; ``channels`` and ``stride`` are then the first one's.
    multiple : int
        H and W must be multiples of this.
    """

    Options: type
    ADDED: tuple[str, ...] = ()
    LEFT_OUT: tuple[str, ...] = ()
    KEEP_FLOAT: tuple[str, ...] = ()
    level_channels: tuple[int, ...] = ()
    channels: int
    stride: int
    multiple: int

    def __init__(self, options):
        super().__init__()
        self.options = options

    @property
    def normalisation(self) -> Normalisation:
        """The input normalisation of its weights."""
        return NORMALISATIONS[self.options.normalisation]

    def centre(self, means: Mapping[str, Tensor]) -> set[str]:
        """As :meth:`bupose.nn.PoseNet.centre`, where the trunk has linear layers that follow each other."""
        return set()
