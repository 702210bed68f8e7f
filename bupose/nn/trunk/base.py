"""What every trunk has."""

from __future__ import annotations

from torch import nn

from bupose.nn.normalisation import NORMALISATIONS, Normalisation


class Trunk(nn.Module):
    """A picture in, features out: built as ``Trunk(options)``, called on normalised images (B, 3, H, W).

    Attributes
    ----------
    Options : dataclass
        What can be chosen; each has ``normalisation``, the name of the input the weights want.
    ADDED : tuple of str
        Prefixes of parameters that the published files do not have; they stay as initialised.
    LEFT_OUT : tuple of str
        Prefixes of published parameters that the trunk has no use for.
    KEEP_FLOAT : tuple of str
        Prefixes of the parts whose numbers are of such different sizes that 8 bits lose the small ones.
    channels, stride : int
        The features are (B, channels, H / stride, W / stride).
    multiple : int
        H and W must be multiples of this.
    """

    Options: type
    ADDED: tuple[str, ...] = ()
    LEFT_OUT: tuple[str, ...] = ()
    KEEP_FLOAT: tuple[str, ...] = ()
    channels: int
    stride: int
    multiple: int

    def __init__(self, options):
        super().__init__()
        self.options = options

    @property
    def normalisation(self) -> Normalisation:
        """The input its weights want."""
        return NORMALISATIONS[self.options.normalisation]
