"""People listed as objects whose joints have places in a row, without names: OpenPose's and openpifpaf's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bupose.annotations.values import flat_keypoints, numbers_of
from bupose.errors import InputError
from bupose.skeleton import Skeleton
from bupose.wording import counted

Entries = Sequence[Mapping]


def read_joints(found: Entries, skeleton: Skeleton, name: str, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Places (P, K, 2), float64, NaN where absent, and scores (P, K) from 0 to 1, 0 where absent.

    Raises
    ------
    LabelsError
        Keypoints that are no numbers, or not of every joint.
    """
    joints = len(skeleton.joints)
    rows = [flat_keypoints(one.get(key), joints, f"{name}: entry {n}", key) for n, one in enumerate(found)]
    triples = numbers_of(rows, name, key).reshape(len(rows), -1, 3)
    score = np.clip(np.nan_to_num(triples[..., 2]), 0, 1)
    return np.where(score[..., None] > 0, triples[..., :2], np.nan), score  # places of absent joints mean nothing


def guess_skeleton(frames: Sequence[Entries], name: str, key: str, known: Sequence[Skeleton]) -> Skeleton:
    """That of the known ones which has as many joints; the first if nobody is found.

    Raises
    ------
    InputError
        None has.
    """
    listed = next((one.get(key) for people in frames for one in people if one.get(key)), None)
    length = len(listed) if isinstance(listed, list) else 3 * len(known[0].joints)
    if length % 3:
        raise InputError(f"{name} has {length} numbers as {key}; write x, y and score of each joint")
    for skeleton in known:
        if len(skeleton.joints) == length // 3:
            return skeleton
    names = ", ".join(f"{one.name} ({len(one.joints)})" for one in known)
    raise InputError(f"{name} has {counted(length // 3, 'joint')}, without names, as none of {names}; give skeleton=")
