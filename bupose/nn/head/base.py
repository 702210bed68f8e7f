"""What every head has."""

from __future__ import annotations

from torch import Tensor, nn


class Head(nn.Module):
    """Features in, stages out: built as ``Head(channels_in, joints, limbs, options)``, gives a list of
    :class:`StageOutput`, the final stages last.

    Attributes
    ----------
    Options : dataclass
        What can be chosen.
    DELICATE : tuple of str
        Prefixes of the parts whose numbers are of such different sizes that 8 bits lose the small ones.
    stride_factor : int
        How much finer its cells are than its input's.
    multiple : int
        What its input's height and width must be multiples of.
    overview : float
        Where above 0, it also takes, as a second argument, the features of the picture at about that share of its size.
    """

    Options: type
    DELICATE: tuple[str, ...] = ()
    stride_factor = 1
    multiple = 1
    overview = 0.0

    def take_outputs(self, other: Head, joints: Tensor, limbs: Tensor, signs: Tensor) -> bool:
        """Take over what a head of the same options says of joints and limbs that both have.

        Parameters
        ----------
        other : Head
        joints, limbs : int tensors (K,), (L,)
            The other's number of each of these, −1 where it has none.
        signs : float tensor (L,)
            −1 where its limb runs the other way round.

        Returns
        -------
        bool
            Whether this head can.
        """
        return False

    def fuse(self) -> None:
        """Change what inference can do with fewer steps, for the same output; batch norms are folded already."""
