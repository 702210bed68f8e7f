"""Options of the method ``regression``: targets, decoder and loss."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.options import check, option


@dataclass
class RegressionTargetOptions:
    """Target options.

    Parameters
    ----------
    likelihood : bool
        The network also says how sure it is of each joint, and learns by likelihood (Li et al. 2021); else positions
        alone, by squared error (DeepPose, Toshev and Szegedy 2014).
    """

    likelihood: bool = option(True)

    def __post_init__(self) -> None:
        check(self, "target")


@dataclass
class RegressionDecodeOptions:
    """Decoder options. Without ``target.likelihood`` every joint has score 1.

    Parameters
    ----------
    min_joint_score : float
        Joints below are left out; 0 keeps all.
    min_joints : int
        Somebody with fewer joints left is nobody; of a skeleton with several parts, only joints of the first count.
    min_person_score : float
        Somebody below is nobody; 0 keeps everybody.
    """

    min_joint_score: float = option(0.05, 0, 1)
    min_joints: int = option(3, 1, 1000)
    min_person_score: float = option(0.1, 0, 1)

    def __post_init__(self) -> None:
        check(self, "decoder")


@dataclass
class RegressionLossOptions:
    """Loss options.

    Parameters
    ----------
    flow : bool
        With ``target.likelihood``: the density of errors is learned, too, by a normalising flow; else it is Laplace's.
    """

    flow: bool = option(True)

    def __post_init__(self) -> None:
        check(self, "loss")
