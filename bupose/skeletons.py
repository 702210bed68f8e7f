"""The skeletons bupose knows, as declarations. A new one is a YAML file of the same keys, no code."""

from __future__ import annotations

from pathlib import Path

from bupose.errors import SkeletonError
from bupose.options import shown
from bupose.paths import expand
from bupose.skeleton import Skeleton

MOST_BYTES = 1_000_000  # of a file
_BOTH = ("left_", "right_")


def _both(*limbs: str) -> tuple[tuple[str, str], ...]:
    """Each ``"a b"`` once for the left and once for the right; ``.x`` is a joint of the middle line."""
    pairs = [limb.split() for limb in limbs]
    return tuple(tuple(j[1:] if j.startswith(".") else side + j for j in pair) for pair in pairs for side in _BOTH)


# COCO keypoint evaluation (cocodataset.org, "Keypoint Evaluation"); feet: COCO-WholeBody.
_SIGMAS = {
    "nose": 0.026, "eye": 0.025, "ear": 0.035, "shoulder": 0.079, "elbow": 0.072, "wrist": 0.062,
    "hip": 0.107, "knee": 0.087, "ankle": 0.089, "neck": 0.079, "mid_hip": 0.107, "top_head": 0.079,
    "big_toe": 0.068, "small_toe": 0.066, "heel": 0.066,
}  # fmt: skip


def _sigmas(joints: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(_SIGMAS[j.removeprefix("left_").removeprefix("right_")] for j in joints)


_NECK = {"neck": ("left_shoulder", "right_shoulder")}
_MID_HIP = {"mid_hip": ("left_hip", "right_hip")}

_COCO17_JOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
_COCO17_LIMBS = (
    ("left_shoulder", "right_shoulder"),
    *_both("shoulder elbow", "elbow wrist", "shoulder hip", "hip knee", "knee ankle"),
    *_both(".nose eye", "eye ear", "ear shoulder"),
    ("left_hip", "right_hip"),
    ("left_eye", "right_eye"),
)

# The network's own orders: OpenPose, src/openpose/pose/poseParameters.cpp.
_COCO18_JOINTS = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye",
    "right_ear", "left_ear",
)  # fmt: skip
_COCO18_PAIRS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
    (0, 14), (14, 16), (0, 15), (15, 17), (2, 16), (5, 17),
)  # fmt: skip
_BODY25_JOINTS = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye",
    "left_eye", "right_ear", "left_ear", "left_big_toe", "left_small_toe", "left_heel", "right_big_toe",
    "right_small_toe", "right_heel",
)  # fmt: skip
_BODY25_PAIRS = (
    (1, 8), (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (8, 9), (9, 10), (10, 11), (8, 12), (12, 13), (13, 14),
    (1, 0), (0, 15), (15, 17), (0, 16), (16, 18), (2, 17), (5, 18), (14, 19), (19, 20), (14, 21), (11, 22), (22, 23),
    (11, 24),
)  # fmt: skip
# What BODY_25E and BODY_25B add: shoulder-hip, shoulder-wrist, hip-ankle, wrist-wrist, ankle-ankle, wrist-hip.
_LONG_PAIRS = ((2, 9), (5, 12), (2, 4), (5, 7), (9, 11), (12, 14), (4, 7), (11, 14), (4, 9), (7, 12))


def _named(joints: tuple[str, ...], pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((joints[a], joints[b]) for a, b in pairs)


COCO17 = Skeleton("coco17", _COCO17_JOINTS, _COCO17_LIMBS, _sigmas(_COCO17_JOINTS))
COCO17_DENSE = Skeleton(
    "coco17_dense",
    _COCO17_JOINTS,
    (
        *_COCO17_LIMBS,
        *_both("shoulder wrist", "hip ankle", "wrist hip"),
        ("left_wrist", "right_wrist"),
        ("left_ankle", "right_ankle"),
    ),
    _sigmas(_COCO17_JOINTS),
)
COCO18 = Skeleton("coco18", _COCO18_JOINTS, _named(_COCO18_JOINTS, _COCO18_PAIRS), _sigmas(_COCO18_JOINTS), _NECK)
BODY25 = Skeleton(
    "body25", _BODY25_JOINTS, _named(_BODY25_JOINTS, _BODY25_PAIRS), _sigmas(_BODY25_JOINTS), _NECK | _MID_HIP
)
BODY25_DENSE = Skeleton(
    "body25_dense",
    _BODY25_JOINTS,
    _named(_BODY25_JOINTS, _BODY25_PAIRS + _LONG_PAIRS),
    _sigmas(_BODY25_JOINTS),
    _NECK | _MID_HIP,
)
CROWDPOSE14 = Skeleton(
    "crowdpose14",
    (
        "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
        "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "top_head", "neck",
    ),
    (
        ("neck", "top_head"),
        *_both(".neck shoulder", "shoulder elbow", "elbow wrist", "shoulder hip", "hip knee", "knee ankle"),
        ("left_hip", "right_hip"),
    ),
    # crowdposetools, cocoeval.py
    tuple(s / 10 for s in (0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89, 0.79, 0.79)),
)  # fmt: skip

SKELETONS = {s.name: s for s in (COCO17, COCO17_DENSE, COCO18, BODY25, BODY25_DENSE, CROWDPOSE14)}


def get(name: str | Path | Skeleton | dict) -> Skeleton:
    """The skeleton of a name, of a YAML file's path, or of a declaration's dict.

    Raises
    ------
    SkeletonError
        No such name or file, or the declaration contradicts itself.
    """
    if isinstance(name, Skeleton):
        return name
    if isinstance(name, dict):
        return Skeleton.from_dict(name)
    if str(name) in SKELETONS:
        return SKELETONS[str(name)]
    if isinstance(name, (str, Path)) and Path(name).suffix in (".yaml", ".yml", ".json"):
        return read(name)
    raise SkeletonError(f"no skeleton {shown(str(name))}; choose one of {', '.join(SKELETONS)}, or give a .yaml file")


def read(path: str | Path) -> Skeleton:
    """A skeleton from a YAML (or JSON) file: ``name, joints, limbs``, perhaps ``sigmas, derived, limb_lengths``.

    Raises
    ------
    SkeletonError
        The file is missing, is not YAML, or the declaration contradicts itself.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Plain values; without ``*references``, by which a few lines stand for more than any memory holds."""

        def compose_node(self, parent, index):
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError(f"it refers to another part by *{self.peek_event().anchor}; write that out")
            return super().compose_node(parent, index)

    path = expand(path)
    try:
        if path.exists() and not path.is_file():
            raise SkeletonError(f"the skeleton file {shown(str(path))} is no ordinary file; give another")
        if path.stat().st_size > MOST_BYTES:
            raise SkeletonError(f"the skeleton file {shown(str(path))} is larger than {MOST_BYTES:,} bytes; is it one?")
        values = yaml.load(path.read_text(encoding="utf-8-sig"), Loader)
    except OSError as problem:
        raise SkeletonError(f"cannot read the skeleton file {shown(str(path))}: {problem.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:  # ValueError: not UTF-8, an impossible date
        told = shown(" ".join(str(problem).split()), 300)[1:-1]
        raise SkeletonError(f"{shown(str(path))} is not a YAML file: {told}") from None
    if isinstance(values, dict):
        values.setdefault("name", path.stem)
    return Skeleton.from_dict(values)
