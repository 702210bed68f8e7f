"""The live tracker: people linked from frame to frame, knowing nothing of the frames to come."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from bupose.errors import InputError, OptionsError
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.track.motion import corners, correct, predict, sizes
from bupose.track.options import TrackOptions
from bupose.track.similarity import FAR, box_overlap, joint_similarity, mutual_similarity, near_pairs, squared_distance
from bupose.track.tracks import LEAST_HITS, NOISE, Tracks

BOX_WORTH = 2.0  # a pair's boxes count as much as this many joints of score 1
CLEARLY = 1.25  # times ``sure``: people seen so clearly choose first
LEAST_UNSURE = 0.4  # similarity from which anybody else continues a track
REPEATED = 0.4  # similarity from which somebody is the same as one who is followed already
CLEAR = 0.4  # similarity below which it is doubtful who somebody is
RIVAL = 0.5  # so it is if another similarity is at least this share of theirs
LOST = 0.3  # s: and after so long a gap
MEMORY = 1.0  # s: an unseen joint is no longer expected
STEADY = 0.3  # s: time constant of a person's size


class Tracker:
    """Follows people through a video: ``update`` gives each frame's people with ``ids``.

    It is causal and deterministic: the same people at the same times get the same ids. Its memory is that of the people
    followed at the moment.

    Parameters
    ----------
    options : TrackOptions, optional

    Notes
    -----
    Each person is expected where its velocity takes it (:mod:`bupose.track.motion`), and compared with the people found
    by the similarity of the joints that both have and the overlap of their boxes. Pairs are chosen by the best
    assignment (Kuhn 1955, Munkres 1957), in two rounds as of Zhang et al. 2022, ByteTrack: Multi-Object Tracking by
    Associating Every Detection Box: people seen clearly first, then the others, who must fit better.
    """

    def __init__(self, options: TrackOptions | None = None) -> None:
        self.options = TrackOptions() if options is None else options
        self.reset()

    def reset(self) -> None:
        """Forget everybody; ids begin at 0 again."""
        self._skeleton: Skeleton | None = None
        self._tracks = Tracks.nobody(0)
        self._time = -math.inf
        self._next_number = self._next_id = 0

    def update(self, people: People, time: float) -> People:
        """Who is who in the next frame.

        Parameters
        ----------
        people : People
            Its people, of any number.
        time : float, s
            Not earlier than the frame before.

        Returns
        -------
        People
            The same people in the same order. ``ids`` are small numbers in order of appearance, −1 for people not (yet)
            confirmed; ``data["tracklet"]``, int32 (P,), numbers stretches of everybody followed, from the first frame
            on, with a new number wherever it is doubtful who is who; −1 for unsure people who continue nothing, and for
            somebody found twice.

        Raises
        ------
        InputError
            The time is not finite, or earlier than the last.
        OptionsError
            The people have another skeleton than those before.
        """
        if not math.isfinite(time) or time < self._time:
            raise InputError(f"frames must follow in time; got {time} s after {self._time} s; reset() begins anew")
        xy = people.xy.astype(np.float64)
        if self._skeleton is None:
            self._skeleton, self._tracks = people.skeleton, Tracks.nobody(xy.shape[1])
        elif people.skeleton != self._skeleton:
            raise OptionsError(f"people are of {people.skeleton.name}, those before of {self._skeleton.name}; "
                               "one Tracker follows people of one skeleton")  # fmt: skip
        self._advance(time)
        sigmas = np.asarray(people.skeleton.sigmas)
        box = corners(xy)
        alike = mutual_similarity(xy, box, sigmas)
        track_of = self._match(people, xy, box, alike)
        self._see(people, xy, time, track_of)
        self._begin(people, xy, time, track_of, alike)
        ids, tracklet = self._names(track_of)
        self._end(time)
        return replace(people, ids=ids, data={**people.data, "tracklet": tracklet})

    def _advance(self, time: float) -> None:
        """Move everybody to where they are expected now."""
        tracks, dt = self._tracks, time - self._time if self._time > -math.inf else 0.0
        tracks.xy = tracks.xy + tracks.velocity[:, None] * dt
        tracks.covariance = predict(tracks.covariance, dt, self.options.restless)
        self._time = time

    def _match(
        self, people: People, xy: np.ndarray, box: tuple[np.ndarray, np.ndarray], alike: np.ndarray
    ) -> np.ndarray:
        """int64 (P,): the track that each person continues, −1 for none."""
        o, clear = self.options, people.person_score >= CLEARLY * self.options.sure
        track_of, free = np.full(len(people), -1), np.ones(len(self._tracks), bool)
        value, near = self._compare(people, xy, box)
        for least, these in ((o.similarity, clear), (LEAST_UNSURE, ~clear)):
            these = these & ~_repeats(alike, track_of)
            rows, columns = np.flatnonzero(free), np.flatnonzero(these)
            worth = np.where(near >= least, value, 0)[np.ix_(rows, columns)]
            row, column = linear_sum_assignment(worth, maximize=True)
            good = worth[row, column] > 0
            track_of[columns[column[good]]] = rows[row[good]]
            free[rows[row[good]]] = False
        self._cut(value, near, (alike <= REPEATED) & ~np.eye(len(people), dtype=bool), track_of)
        return track_of

    def _cut(self, value: np.ndarray, near: np.ndarray, other: np.ndarray, track_of: np.ndarray) -> None:
        """Begin a new tracklet where it is doubtful who is who: ``other``, bool (P, P), may be meant instead."""
        tracks, b = self._tracks, np.flatnonzero(track_of >= 0)
        a = track_of[b]
        taken, own = np.arange(len(b)), value[a, b]
        rivals = np.concatenate([np.where(other[b], value[a], 0), value[:, b].T], 1)
        rivals[taken, value.shape[1] + a] = 0
        rivaled = rivals.max(1, initial=0) > RIVAL * own
        doubtful = a[rivaled | (near[a, b] < CLEAR) | (self._time - tracks.seen[a] > LOST)]
        tracks.number[doubtful] = self._next_number + np.arange(len(doubtful))
        self._next_number += len(doubtful)

    def _compare(
        self, people: People, xy: np.ndarray, found: tuple[np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Two float64 (N, P): similarity of those followed and those found, and how well the places agree."""
        tracks = self._tracks
        box = corners(tracks.xy)
        unsure = np.sqrt(tracks.covariance[:, 0]) * tracks.size
        a, b = near_pairs(box, found, FAR * tracks.size + 3 * unsure)
        squared = squared_distance(tracks.xy[a], xy[b])
        near, sharp = joint_similarity(squared, tracks.size[a], unsure[a], np.asarray(people.skeleton.sigmas))
        weight = np.where(np.isnan(squared), 0, people.score[b].astype(np.float64))
        overlap = BOX_WORTH * box_overlap(box[0][a], box[1][a], found[0][b], found[1][b])
        both = np.zeros((2, len(tracks), len(people)))
        for table, joints in zip(both, (near * sharp, near), strict=True):
            table[a, b] = ((weight * joints).sum(1) + overlap) / (weight.sum(1) + BOX_WORTH)
        return both[0], both[1]

    def _see(self, people: People, xy: np.ndarray, time: float, track_of: np.ndarray) -> None:
        """Correct the tracks by the people who continue them."""
        tracks, found = self._tracks, np.flatnonzero(track_of >= 0)
        rows, xy, sigmas = track_of[found], xy[found], np.asarray(people.skeleton.sigmas)
        here, known = ~np.isnan(xy[..., 0]), ~np.isnan(tracks.xy[rows][..., 0])
        off = xy - tracks.xy[rows]
        weight = np.where(here & known, 1 / sigmas**2, 0)
        total = weight.sum(1)
        step = np.einsum("nk,nkd->nd", weight, np.nan_to_num(off)) / np.maximum(total, 1e-12)[:, None]
        if not total.all():  # no joint in common: the middle of the boxes
            (low, high), (found_low, found_high) = corners(tracks.xy[rows]), corners(xy)
            step = np.where(total[:, None] > 0, step, (found_low + found_high - low - high) / 2)
        _, swift, tracks.covariance[rows] = correct(tracks.covariance[rows], NOISE)
        dt = time - tracks.seen[rows]
        tracks.velocity[rows] += swift[:, None] * step
        tracks.xy[rows] = np.where(here[..., None], xy, tracks.xy[rows] + step[:, None])
        tracks.joint_seen[rows] = np.where(here, time, tracks.joint_seen[rows])
        share = 1 - np.exp(-dt / STEADY)
        tracks.size[rows] += share * (sizes(*corners(tracks.xy[rows])) - tracks.size[rows])
        tracks.seen[rows] = time
        tracks.hits[rows] += 1
        tracks.score[rows] += people.person_score[found]
        tracks.xy[time - tracks.joint_seen > MEMORY] = np.nan

    def _begin(self, people: People, xy: np.ndarray, time: float, track_of: np.ndarray, alike: np.ndarray) -> None:
        """Follow sure people who continue nobody."""
        sure = (people.person_score >= self.options.sure) & people.present.any(1)
        new: list[int] = []
        for n in np.flatnonzero((track_of < 0) & sure & ~_repeats(alike, track_of)).tolist():
            if not (alike[n, new] > REPEATED).any():  # nor a better one who is new
                new.append(n)
        if new:
            numbers = self._next_number + np.arange(len(new))
            track_of[new] = len(self._tracks) + np.arange(len(new))
            self._tracks = self._tracks.join(Tracks.begin(numbers, xy[new], people.person_score[new], time))
            self._next_number += len(new)
        tracks = self._tracks
        old = (tracks.ids < 0) & (tracks.hits >= LEAST_HITS) & (time - tracks.born >= self.options.confirm - 1e-6)
        tracks.ids[old] = self._next_id + np.arange(old.sum())
        self._next_id += int(old.sum())

    def _names(self, track_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        known = track_of >= 0
        ids, tracklet = np.full((2, len(track_of)), -1, np.int32)
        tracks, rows = self._tracks, track_of[known]
        doubted = tracks.score[rows] < self.options.sure * tracks.hits[rows]
        ids[known], tracklet[known] = np.where(doubted, -1, tracks.ids[rows]), tracks.number[rows]
        return ids, tracklet

    def _end(self, time: float) -> None:
        """Forget those who were not seen for too long."""
        tracks = self._tracks
        patience = np.where(tracks.ids >= 0, self.options.patience, self.options.patience / 4)
        kept = time - tracks.seen <= patience
        if not kept.all():
            self._tracks = tracks.select(kept)


def _repeats(alike: np.ndarray, track_of: np.ndarray) -> np.ndarray:
    """bool (P,): people who are hardly another than one who continues a track."""
    repeated: np.ndarray = np.any(alike[:, track_of >= 0] > REPEATED, axis=1)
    return repeated
