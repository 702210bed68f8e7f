"""Individuals of a recording as arrays, as laboratories' files have them: frames by individuals."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from weakref import WeakSet

import numpy as np

from bupose.errors import LabelsError
from bupose.exchange.recording import Recording
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.wording import counted

_LOG = logging.getLogger(__name__)
_TOLD: WeakSet[Recording] = WeakSet()  # whose people without an id have been told of
MOST_BYTES = 16e9  # of the arrays


@dataclass(frozen=True)
class Individuals:
    """N individuals in F frames.

    Parameters
    ----------
    ids : int32 array (N,)
        Rising.
    xy : float32 array (F, N, K, 2), pixels
        NaN where absent.
    score : float32 array (F, N, K)
        NaN where absent.
    person_score : float32 array (F, N)
        NaN where absent.
    """

    ids: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    person_score: np.ndarray

    @classmethod
    def of(cls, recording: Recording, every_frame: bool = True) -> Individuals:
        """Those of a recording: by their ids or, where nobody has one, by their rank in each frame.

        Parameters
        ----------
        recording : Recording
        every_frame : bool
            A row for each frame of a video up to the last one, also where ``numbers`` leaves some out.

        Raises
        ------
        LabelsError
            Two people of a frame have one id, or the arrays would not fit in memory.
        """
        followed, joints = recording.followed, len(recording.skeleton.joints)
        ids = [_ids(people, followed) for people in recording.people]
        known = np.unique(np.concatenate([np.zeros(0, np.int32), *ids]))
        known = known[known >= 0].astype(np.int32)
        left = sum(int((i < 0).sum()) for i in ids)
        if left and recording not in _TOLD:  # several formats may ask
            _TOLD.add(recording)
            _LOG.warning("%s: %s without an id in their frames, left out", recording.name, counted(left, "person"))
        rows = recording.numbers if every_frame and recording.files is None else np.arange(len(recording))
        count = int(rows[-1]) + 1 if len(rows) else 0
        if count * len(known) * joints * 12 > MOST_BYTES:
            many = f"{counted(count, 'frame')}, {counted(len(known), 'individual')} and {counted(joints, 'joint')}"
            raise LabelsError(f"{recording.name!r} has {many}, too many for one table; convert a part of the video")
        xy = np.full((count, len(known), joints, 2), np.nan, np.float32)
        score = np.full(xy.shape[:3], np.nan, np.float32)
        person_score = np.full(xy.shape[:2], np.nan, np.float32)
        for row, number, people, mine in zip(rows, recording.numbers, recording.people, ids, strict=True):
            here = np.flatnonzero(mine >= 0)
            if len(np.unique(mine[here])) < len(here):
                raise LabelsError(f"{recording.name!r} has two people of one id in frame {number}; give each its own")
            place = np.searchsorted(known, mine[here])
            xy[row, place] = people.xy[here]
            score[row, place] = np.where(people.present, people.score, np.nan)[here]
            person_score[row, place] = people.person_score[here]
        return cls(known, xy, score, person_score)

    def people(self, skeleton: Skeleton, with_ids: bool = True) -> list[People]:
        """F People, the best first; individuals without a joint in a frame are not in it."""
        found = []
        for xy, score, person_score in zip(self.xy, self.score, self.person_score, strict=True):
            present = ~np.isnan(xy).any(2)
            here = np.flatnonzero(present.any(1))
            worth = np.where(np.isnan(person_score[here]), 0, person_score[here])
            here = here[np.argsort(-worth, kind="stable")]
            found.append(
                People(
                    np.where(present[here][..., None], xy[here], np.nan),
                    np.where(present[here], np.nan_to_num(score[here]), 0),
                    np.nan_to_num(person_score[here]),
                    skeleton,
                    ids=self.ids[here] if with_ids else None,
                )
            )
        return found


def _ids(people: People, followed: bool) -> np.ndarray:
    if not followed:
        return np.arange(len(people), dtype=np.int32)
    return np.full(len(people), -1, np.int32) if people.ids is None else people.ids
