"""A stand-in for the OpenPose annotator that tools around ControlNet call."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from bupose import geometry, viz
from bupose.errors import OptionsError
from bupose.estimate.estimator import load
from bupose.estimate.stream import Failure
from bupose.images import Photo, read
from bupose.media.sources import open_media
from bupose.options import check, declared, from_dict, option
from bupose.people import People
from bupose.skeletons import COCO18, OPENPOSE_PARTS

# Networks that callers name by habit; they mean bupose's own.
USUAL = ("lllyasviel/ControlNet", "lllyasviel/Annotators")
MULTIPLE = 64  # of both sides of a pose picture (controlnet_aux, util.py)


@dataclass
class PosePictureOptions:
    """How a pose picture is made; the names and their order are controlnet_aux's.

    Parameters
    ----------
    detect_resolution : int
        The shorter side of the picture that people are drawn in, pixels; both sides are rounded to multiples of 64. The
        network sees pictures in the size that suits it.
    image_resolution : int
        The same of the picture that is returned; None is detect_resolution.
    include_body, include_hand, include_face : bool
        What is drawn; hands and faces if the network has all their joints.
    hand_and_face : bool
        Sets the last two.
    output_type : pil or np
        A PIL.Image.Image, or an array.
    image_and_json : bool
        Return a tuple of the picture and of people as :func:`as_controlnet` gives them.
    """

    detect_resolution: int = option(512, 64, 8192)
    image_resolution: int | None = option(None, 64, 8192)
    include_body: bool = option(True)
    include_hand: bool = option(False)
    include_face: bool = option(False)
    hand_and_face: bool | None = option(None)
    output_type: str = option("pil", among=("pil", "np"))
    image_and_json: bool = option(False)

    @classmethod
    def given(cls, arguments: Sequence[Any], named: Mapping[str, Any]) -> PosePictureOptions:
        """Of a call's arguments.

        Raises
        ------
        OptionsError
            Too many arguments, or a name that is no option.
        """
        names = list(declared(cls))
        if len(arguments) > len(names):
            raise OptionsError(f"a pose picture has {len(arguments)} options; give at most {', '.join(names)}")
        return from_dict(cls, dict(zip(names, arguments, strict=False)) | dict(named), "a pose picture")

    def __post_init__(self) -> None:
        check(self)
        self.image_resolution = self.image_resolution or self.detect_resolution
        if self.hand_and_face is not None:
            self.include_hand = self.include_face = self.hand_and_face


class OpenposeDetector:
    """Pose pictures for ControlNet: called as ``controlnet_aux.OpenposeDetector``, with a network of bupose's inside.

    Parameters
    ----------
    weights : str or path, optional
        As for :func:`bupose.load`.
    **options
        Those of :class:`bupose.Estimator`.
    """

    def __init__(self, weights: str | None = None, **options: Any) -> None:
        self._weights, self._options = weights, options
        self.estimator = load(weights, **options)

    @classmethod
    def from_pretrained(cls, pretrained_model_or_path: str | None = None, **options: Any) -> OpenposeDetector:
        """A detector; ``lllyasviel/ControlNet`` and ``lllyasviel/Annotators`` mean the network shipped with bupose."""
        return cls(None if pretrained_model_or_path in USUAL else pretrained_model_or_path, **options)

    def to(self, device: Any) -> OpenposeDetector:
        """Move the network to a device, as ``"cuda"``; returns the detector."""
        self._options["device"] = str(device)
        self.estimator = load(self._weights, **self._options)
        return self

    def __call__(self, input_image: Any, *arguments: Any, **named: Any) -> Any:
        """The pose picture of a picture.

        Parameters
        ----------
        input_image : PIL.Image.Image, array (H, W, 3) in RGB, or path
        *arguments, **named
            Of :class:`PosePictureOptions`.

        Returns
        -------
        PIL.Image.Image, or uint8 array (H, W, 3), RGB; with ``image_and_json`` a tuple of that and a dict

        Raises
        ------
        InputError
            It is no picture.
        OptionsError
            An option out of its range, or that is none.
        """
        options = PosePictureOptions.given(arguments, named)
        is_path = isinstance(input_image, (str, os.PathLike))
        photo = read(input_image) if is_path else Photo.whole(viz.as_rgb(input_image))
        return _pose_picture(self.estimator(photo), photo.size, options)

    def frames(self, source: Any, *arguments: Any, **named: Any) -> Iterator[Any]:
        """What a call returns, of each frame of a video or each picture of a folder, in order.

        Raises
        ------
        InputError
            There is no such video or folder, or a frame cannot be read.
        """
        options = PosePictureOptions.given(arguments, named)
        for estimate in self.estimator.stream(open_media(source)):
            if isinstance(estimate, Failure):
                raise estimate.problem
            yield _pose_picture(estimate.people, estimate.size, options)


def as_controlnet(people: People, size: tuple[int, int], options: PosePictureOptions) -> dict[str, Any]:
    """People of a picture of ``size`` as tools around ControlNet write them into JSON.

    It differs from OpenPose's: places are shares of the picture, a joint's score is 1, or 0 where it is absent, a part
    that is not drawn is None, and ``canvas_width`` and ``canvas_height`` are the picture's.
    """
    wanted = {"face": options.include_face, "hand_left": options.include_hand, "hand_right": options.include_hand}
    index, body = people.skeleton.index, people.to(COCO18).xy
    parts = {part: [index[j] for j in joints] for part, joints in OPENPOSE_PARTS.items() if set(joints) <= set(index)}
    listed = []
    for n, xy in enumerate(people.xy):
        person: dict[str, list[float] | None] = {"pose_keypoints_2d": _shares(body[n], size)}
        for part in OPENPOSE_PARTS:
            drawn = wanted[part] and part in parts
            person[f"{part}_keypoints_2d"] = _shares(xy[parts[part]], size) if drawn else None
        listed.append(person)
    return {"people": listed, "canvas_width": size[0], "canvas_height": size[1]}


def _shares(xy: np.ndarray, size: tuple[int, int]) -> list[float]:
    """x, y as shares, and 1, of each joint; 0, 0, 0 where it is absent."""
    here = ~np.isnan(xy[:, :1])
    triples = np.concatenate([np.where(here, xy.astype(np.float64) / size, 0), here], 1)
    return triples.round(6).reshape(-1).tolist()


def _pose_picture(people: People, size: tuple[int, int], options: PosePictureOptions) -> Any:
    """Of people in a picture of ``size`` = (width, height)."""
    drawn, shown = (_rounded(size, n) for n in (options.detect_resolution, options.image_resolution or 0))
    which = {"body": options.include_body, "hands": options.include_hand, "face": options.include_face}
    picture: Any = viz.draw_openpose(_resized(people, size, drawn), drawn, **which)
    if shown != drawn:
        picture = cv2.resize(picture, shown, interpolation=cv2.INTER_LINEAR)
    if options.output_type == "pil":
        from PIL import Image

        picture = Image.fromarray(picture)
    return (
        (picture, as_controlnet(_resized(people, size, shown), shown, options)) if options.image_and_json else picture
    )


def _resized(people: People, size: tuple[int, int], other: tuple[int, int]) -> People:
    return people.transform(geometry.scale(other[0] / size[0], other[1] / size[1]))


def _rounded(size: tuple[int, int], shorter: int) -> tuple[int, int]:
    """Width and height with this shorter side, to the nearest multiples of 64."""
    width, height = (max(1, round(side * shorter / min(size) / MULTIPLE)) * MULTIPLE for side in size)
    return width, height
