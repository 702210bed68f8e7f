"""Keypoint heatmaps and part affinity fields: the maps of this method."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bupose import skeletons
from bupose.errors import FieldsError
from bupose.maps import Grid, Maps, MapSpec, float_array
from bupose.methods.paf.resampling import collect_votes, resample, smooth_discs
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO17, COCO18
from bupose.wording import counted


@lru_cache(maxsize=64)
def field_specs(skeleton: Skeleton) -> tuple[MapSpec, MapSpec]:
    """Heatmaps in [0, 1], and fields of at most about length 1, saved in steps of a hundredth."""
    heat = MapSpec.of_joints("heat", skeleton)
    return heat, MapSpec.of_limbs("paf", skeleton, vector=True, stored="int8", step=1 / 100)


class Fields(Maps):
    """Heatmaps and part affinity fields of one picture.

    Parameters
    ----------
    heat : float32 array (K, h, w)
        For each joint the confidence in [0, 1] that it lies in a cell; no background channel.
    paf : float32 array (L, 2, h, w)
        For each limb the unit vector (x, y) from its first to its second joint, shorter where uncertain.
    grid : Grid
    skeleton : Skeleton
        Names the K joints and L limbs; anything that :func:`bupose.skeletons.get` takes.

    Raises
    ------
    FieldsError
        Shapes do not fit the skeleton or each other, or the arrays are not numeric. Other number types and memory
        orders are converted; NaN and infinite values are allowed and count as no evidence when decoded.
    """

    def __init__(self, heat: np.ndarray, paf: np.ndarray, grid: Grid, skeleton: Skeleton) -> None:
        skeleton = skeletons.get(skeleton)
        k, n = len(skeleton.joints), len(skeleton.limbs)
        heat, paf = float_array(heat, "heat"), float_array(paf, "paf")
        if paf.ndim == 3 and paf.shape[0] == 2 * n:
            paf = paf.reshape(n, 2, *paf.shape[1:])
        if heat.ndim != 3 or heat.shape[0] != k:
            raise FieldsError(f"heat has shape {heat.shape}; skeleton {skeleton.name!r} needs ({k}, h, w)")
        if paf.ndim != 4 or paf.shape != (n, 2, *heat.shape[1:]):
            want = (n, 2, *heat.shape[1:])
            raise FieldsError(f"paf has shape {paf.shape}; skeleton {skeleton.name!r} and this heat need {want}")
        super().__init__({"heat": heat, "paf": paf}, grid, skeleton, field_specs(skeleton), "paf")

    @property
    def heat(self) -> np.ndarray:
        """float32 (K, h, w)."""
        return self.arrays["heat"]

    @property
    def paf(self) -> np.ndarray:
        """float32 (L, 2, h, w)."""
        return self.arrays["paf"]

    def _made(self, arrays: dict[str, np.ndarray], grid: Grid) -> Fields:
        return Fields(arrays["heat"], arrays["paf"], grid, self.skeleton)

    @classmethod
    def from_openpose(
        cls, heat: np.ndarray, paf: np.ndarray, *, stride: int = 8, skeleton: str | Skeleton = "coco18"
    ) -> Fields:
        """Fields from arrays in OpenPose's channel order (lightweight OpenPose and tf-pose share it).

        Parameters
        ----------
        heat : array (18 or 19, h, w) for coco18, (25 or 26, h, w) for body25
            A last channel beyond the joints is the background and is dropped.
        paf : array (38, h, w) for coco18, (52, h, w) for body25
            Channels counted from the first PAF channel.
        stride : int
            Pixels of the network's input per cell: 8, or 1 if you resized the maps to the input.
        skeleton : "coco18" or "body25"

        Raises
        ------
        FieldsError
            Channel counts of another network, or a skeleton OpenPose does not have.

        Notes
        -----
        OpenPose, src/openpose/pose/poseParameters.cpp, ``POSE_MAP_INDEX``.
        """
        skeleton = skeletons.get(skeleton)
        if skeleton not in (COCO18, BODY25):
            raise FieldsError(f"OpenPose has no {skeleton.name!r}; choose one of {', '.join(OPENPOSE_PAF_CHANNELS)}")
        heat, paf, k = float_array(heat, "heat"), float_array(paf, "paf"), len(skeleton.joints)
        first = np.array(OPENPOSE_PAF_CHANNELS[skeleton.name])
        if heat.ndim != 3 or heat.shape[0] not in (k, k + 1):
            raise FieldsError(f"heat has shape {heat.shape}; OpenPose {skeleton.name} gives ({k} or {k + 1}, h, w)")
        if paf.ndim != 3 or paf.shape[0] != 2 * len(first):
            raise FieldsError(f"paf has shape {paf.shape}; OpenPose {skeleton.name} gives ({2 * len(first)}, h, w)")
        return cls(heat[:k], paf[np.stack([first, first + 1], 1)], Grid(stride), skeleton)

    @classmethod
    def from_trt_pose(
        cls,
        cmap: np.ndarray,
        paf: np.ndarray,
        topology: np.ndarray,
        *,
        stride: int = 4,
        skeleton: str | Skeleton | None = None,
    ) -> Fields:
        """Fields from trt_pose's arrays.

        Parameters
        ----------
        cmap : array (K, h, w)
        paf : array (2L, h, w)
            For each link a row component and a column component.
        topology : int array (L, 4)
            For each link the two PAF channels (row, column) and its first and second part
            (trt_pose, ``coco_category_to_topology``).
        skeleton : Skeleton, optional
            Names the K parts in order; by default trt_pose's 17 COCO joints and the neck.

        Raises
        ------
        FieldsError
            Channel counts that do not fit the topology, or a topology that points outside them.
        """
        names = (*COCO17.joints, "neck")
        cmap, paf, links = float_array(cmap, "cmap"), float_array(paf, "paf"), float_array(topology, "topology")
        if links.ndim != 2 or links.shape[1] != 4 or (links % 1 != 0).any():
            raise FieldsError(f"topology has shape {links.shape}; trt_pose gives whole numbers (L, 4)")
        topology = links.astype(np.int32)
        if skeleton is not None:
            names = skeletons.get(skeleton).joints
        if cmap.ndim != 3 or cmap.shape[0] != len(names):
            raise FieldsError(f"cmap has shape {cmap.shape}; {counted(len(names), 'part')} need ({len(names)}, h, w)")
        channels, parts = topology[:, :2], topology[:, 2:]
        if paf.ndim != 3 or channels.min(initial=0) < 0 or channels.max(initial=-1) >= len(paf):
            low, high = channels.min(initial=0), channels.max(initial=-1)
            raise FieldsError(f"paf has shape {paf.shape}; the topology asks for its channels {low} to {high}")
        if parts.min(initial=0) < 0 or parts.max(initial=-1) >= len(names):
            low, high = parts.min(initial=0), parts.max(initial=-1)
            raise FieldsError(f"the topology points at parts {low} to {high}; there are {len(names)}, from 0")
        known = dict(zip(COCO18.joints, COCO18.sigmas, strict=True))
        declared = skeletons.get(skeleton).sigmas if skeleton is not None else tuple(known[n] for n in names)
        limbs = tuple((names[a], names[b]) for a, b in parts)
        derived = () if skeleton is not None else COCO18.derived
        return cls(cmap, paf[topology[:, 1::-1]], Grid(stride), Skeleton("trt_pose", names, limbs, declared, derived))

    @classmethod
    def from_deeplabcut(
        cls,
        heat: np.ndarray,
        paf: np.ndarray,
        skeleton: Skeleton,
        *,
        locref: np.ndarray | None = None,
        stride: int = 8,
        locref_std: float = 7.2801,
    ) -> Fields:
        """Fields from the maps of a multi-animal network of DeepLabCut's.

        Parameters
        ----------
        heat : array (K, h, w)
            After the sigmoid, as ``poses`` of its PyTorch networks.
        paf : array (2L, h, w)
            x and y for each edge of its ``paf_graph``.
        skeleton : Skeleton
            Names the K bodyparts in order; its L limbs are the edges, in order and direction.
        locref : array (2K, h, w), optional
            Offsets from cells to joints; they place joints more exactly than the discs of ``heat``.
        stride : int
            Pixels per cell.
        locref_std : float, pixels
            Unit of ``locref``, from the network's configuration.

        Raises
        ------
        FieldsError
            Channel counts that do not fit the skeleton.

        Notes
        -----
        DeepLabCut's cell u is centred at pixel ``u * stride + stride / 2``.
        """
        skeleton = skeletons.get(skeleton)
        heat, paf, grid = _of_joints(heat, skeleton), _of_limbs(paf, skeleton), Grid(stride)
        cells, origin = (heat.shape[1], heat.shape[2]), stride / 2
        if locref is None:
            heat = resample(np.stack([smooth_discs(h) for h in heat]), stride, origin, grid, cells, 3)
        else:
            offsets = float_array(locref, "locref")
            if offsets.shape != (2 * len(heat), *cells):
                raise FieldsError(f"locref has shape {offsets.shape}; this heat needs {(2 * len(heat), *cells)}")
            heat = collect_votes(heat, offsets.reshape(-1, 2, *cells) * locref_std, stride, origin, grid)
        return cls(heat, resample(paf, stride, origin, grid, cells, 1), grid, skeleton)

    @classmethod
    def from_sleap(
        cls, heat: np.ndarray, paf: np.ndarray, skeleton: Skeleton, *, heat_stride: int = 4, paf_stride: int = 8
    ) -> Fields:
        """Fields from the maps of a bottom-up network of SLEAP's, on a grid of the finer stride.

        Parameters
        ----------
        heat : array (K, h, w)
            Confidence maps (SLEAP gives channels last: move them first).
        paf : array (2L, h', w')
            x and y for each edge.
        skeleton : Skeleton
            Names the K nodes in order; its L limbs are the edges, in order and direction.
        heat_stride, paf_stride : int
            Pixels per cell of each.

        Raises
        ------
        FieldsError
            Channel counts that do not fit the skeleton.

        Notes
        -----
        SLEAP's cell u is centred at pixel ``u * stride``.
        """
        skeleton = skeletons.get(skeleton)
        heat, paf = _of_joints(heat, skeleton), _of_limbs(paf, skeleton)
        grid = Grid(min(heat_stride, paf_stride))
        cells = tuple(n * heat_stride // grid.stride for n in heat.shape[1:])
        size = (cells[0], cells[1])
        heat = resample(heat, heat_stride, 0.0, grid, size, 3)
        return cls(heat, resample(paf, paf_stride, 0.0, grid, size, 1), grid, skeleton)


def _of_joints(heat: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    heat = float_array(heat, "heat")
    if heat.ndim != 3 or len(heat) != len(skeleton.joints):
        raise FieldsError(f"heat has shape {heat.shape}; {skeleton.name!r} needs ({len(skeleton.joints)}, h, w)")
    return heat


def _of_limbs(paf: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    paf = float_array(paf, "paf")
    if paf.ndim != 3 or len(paf) != 2 * len(skeleton.limbs):
        raise FieldsError(f"paf has shape {paf.shape}; {skeleton.name!r} needs ({2 * len(skeleton.limbs)}, h, w)")
    return paf


# First PAF channel (x; the next is y) of each limb, in the order in which skeletons.py declares the limbs.
OPENPOSE_PAF_CHANNELS = {
    "coco18": (12, 20, 14, 16, 22, 24, 0, 2, 4, 6, 8, 10, 28, 30, 34, 32, 36, 18, 26),
    "body25": (
        0, 14, 22, 16, 18, 24, 26, 6, 2, 4, 8, 10, 12, 30, 32, 36, 34, 38, 20, 28, 40, 42, 44, 46, 48, 50,
    ),
}  # fmt: skip
