"""The pipeline of people found one by one: boxes, crops, a network for one person, and suppression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bupose import geometry
from bupose.annotations.detections import Boxes
from bupose.estimate.closer import AT_ONCE, Each, Look
from bupose.estimate.crops.finders import BottomUp, Finder
from bupose.estimate.crops.options import CropsOptions
from bupose.estimate.merging import Sighting, join_people
from bupose.estimate.pipeline import Pipeline
from bupose.estimate.preprocess import View, prepare_crop
from bupose.estimate.suppress import keep_unlike, pose_similarity
from bupose.estimate.windows import Window
from bupose.images import Photo
from bupose.maps import Maps
from bupose.methods import Codec
from bupose.methods.codec import finite
from bupose.methods.scoring import expected_similarity
from bupose.methods.single import SingleCodec
from bupose.methods.single.candidates import Candidates, read_candidates, share_out
from bupose.people import People

SAME_BOX = 0.7  # intersection over union from which two boxes of a crowd are one
SURE = 0.2  # score of joints that a person's score counts: ``in_vis_thre`` of Simple Baselines and HRNet


@dataclass(frozen=True, kw_only=True)
class CropsPipeline(Pipeline):
    """People one by one: each box of a photo becomes a crop, in which the network finds one person.

    Parameters
    ----------
    finder : Finder
        Where people are.
    crops : CropsOptions
    shape : (width, height)
        Of the network's input.
    """

    finder: Finder
    crops: CropsOptions
    shape: tuple[int, int]

    @property
    def least(self) -> int | None:
        """Photos are decoded at full size."""
        return None

    @property
    def looks_closer(self) -> bool:
        """Crops are cut from the photos."""
        return True

    def plan(self, photo: Photo, source: object = None) -> list[View]:
        """What the finder has to see."""
        return self.finder.plan(photo, source)

    def refining(self, budget: float) -> CropsPipeline:
        """The same with another ``refine`` of what finds people."""
        finder = self.finder
        if isinstance(finder, BottomUp):
            finder = BottomUp(finder.pipeline.refining(budget))
        return replace(self, refine=budget, finder=finder)

    def look(
        self,
        views: Sequence[Sequence[View]],
        photos: Sequence[Photo | None],
        each: Each = map,
        sources: Sequence[object] = (),
    ) -> list[Look]:
        """Find the people of photos; crops of all of them are batched."""
        there = [photo for photo in photos if photo is not None]
        found = self.finder.find(views, there, sources or [None] * len(there), each)
        boxes = [self._chosen(one, photo.size) for one, photo in zip(found, there, strict=True)]
        jobs = [(n, self._window(box)) for n, one in enumerate(boxes) for box in one.xywh]
        read: list[list[Any]] = [[] for _ in there]
        codec, many = self.codec.showing_everybody(), max(1, AT_ONCE // (self.shape[0] * self.shape[1]))
        for start in range(0, len(jobs), many):
            batch = jobs[start : start + many]
            crops = list(each(self._prepare, [there[n] for n, _ in batch], [window for _, window in batch]))
            views = [self.mirror(view) for view in crops]
            look = _candidates if self.crops.crowd else _person
            merged = [self.merge(maps, several) for maps, several in zip(self.run(views), views, strict=True)]
            firsts = [several[0] for several in views]
            for (n, _), one in zip(batch, each(look, [codec] * len(crops), merged, firsts), strict=True):
                read[n].append(one)
        gather = self._share_out if self.crops.crowd else self._join
        return [Look(None, geometry.IDENTITY, one) for one in each(gather, read, boxes)]

    def _chosen(self, boxes: Boxes, size: tuple[int, int]) -> Boxes:
        """The best boxes, of those that lie in a photo."""
        low, high = boxes.xywh[:, :2], boxes.xywh[:, :2] + boxes.xywh[:, 2:]
        inside = ((np.minimum(high, size) - np.maximum(low, 0)) >= 1).all(1)
        best = boxes[inside].best(self.crops.most, self.crops.min_box_score)
        return best[keep_unlike(best.overlap(), SAME_BOX)] if self.crops.crowd else best

    def _window(self, box: np.ndarray) -> Window:
        """A box, extended to the crop's aspect and enlarged by the margin (Xiao et al. 2018, section 3)."""
        x, y, width, height = box.tolist()
        aspect = self.shape[0] / self.shape[1]
        across = self.crops.margin * max(width, height * aspect) / 2
        middle, centre, down = x + width / 2, y + height / 2, across / aspect
        return Window((middle - across, centre - down, middle + across, centre + down), self.shape)

    def _prepare(self, photo: Photo, window: Window) -> View:
        return prepare_crop(photo, window.box, window.shape, self.network.pad)

    def _join(self, read: Sequence[People], boxes: Boxes) -> Sighting:
        """A photo's people, of each crop one or nobody."""
        rows = np.array([n for n, one in enumerate(read) if len(one)], int)
        return self._rank(join_people([People.nobody(self.codec.skeleton), *read]), boxes[rows])

    def _share_out(self, read: Sequence[Candidates], boxes: Boxes) -> Sighting:
        """A photo's people, among whom the joints of all crops are shared out."""
        skeleton, cell = self.codec.skeleton, self.codec.grid.stride / self._scale(boxes)
        xy, score = share_out(read, boxes.score, len(skeleton.joints))
        sigma = float(self.codec.decoder.localization_sigma)
        score = score * np.sqrt(expected_similarity(xy / cell[:, None, None], skeleton.sigmas, sigma))
        some = (score > 0).any(1)
        return self._rank(People(xy, np.clip(score, 0, 1), boxes.score, skeleton)[some], boxes[some])

    def _rank(self, people: People, boxes: Boxes) -> Sighting:
        """With their scores, best first, without those who are much like a surer one."""
        people.person_score[:] = boxes.score * mean_score(people)
        order = np.argsort(-people.person_score, kind="stable")
        people, boxes = people[order], boxes[order]
        kept = keep_unlike(pose_similarity(people, boxes.xywh[:, 2:].max(1, initial=0)), self.crops.suppress)
        return Sighting(people[kept], self._scale(boxes)[kept])

    def _scale(self, boxes: Boxes) -> np.ndarray:
        """float64 (N,): crop pixels per photo pixel."""
        return np.array([self._window(box).scale for box in boxes.xywh])


def _person(codec: Codec, maps: Maps, view: View) -> People:
    """The person of a crop, in the photo's pixels, whatever the score; or nobody."""
    return codec.decode(maps).transform(geometry.invert(view.matrix))


def _candidates(codec: SingleCodec, maps: Maps, view: View) -> Candidates:
    """The joints of whoever is seen in a crop, in the photo's pixels."""
    return read_candidates(codec, finite(maps)).transform(geometry.invert(view.matrix))


def mean_score(people: People) -> np.ndarray:
    """float64 (P,): mean score of each person's joints that are surer than ``SURE``; of several parts, of the first.

    Notes
    -----
    A person's score is this times the box's, as in the evaluation of Simple Baselines and HRNet: both have it in
    ``lib/dataset/coco.py``.
    """
    score = people.score[:, people.skeleton.joint_parts == 0].astype(np.float64)
    sure = score > SURE
    mean: np.ndarray = (score * sure).sum(1) / np.maximum(sure.sum(1), 1)
    return mean
