"""Labelled frames of videos as picture files, which training reads in any order."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bupose.annotations.slp_file import open_h5
from bupose.atomic import write_bytes
from bupose.errors import InputError
from bupose.images import Video
from bupose.wording import counted

_LOG = logging.getLogger(__name__)
NAMED = 1.4  # SLEAP's files say the order of channels from this format on; OpenCV wrote those before


def bring_frames(images: Iterable[Mapping], folder: Path) -> None:
    """Store the images that are a ``frame`` of a ``video`` under their ``file_name``, those that are not there yet.

    Parameters
    ----------
    images : iterable of dicts
        As of :class:`~bupose.annotations.Annotations`; with ``dataset``, the video is an HDF5 file with pictures.
    folder : Path

    Raises
    ------
    InputError
        A video or frame cannot be read, or a file cannot be written.
    """
    wanted: dict[tuple[str, str], list[Mapping]] = defaultdict(list)
    for image in images:
        if "video" in image and not (folder / image["file_name"]).is_file():
            wanted[str(image["video"]), str(image.get("dataset", ""))].append(image)
    for (video, dataset), mine in wanted.items():
        _LOG.info("storing %s of %s in %s", counted(len(mine), "frame"), Path(video).name, folder)
        if dataset:
            _store_embedded(Path(video), dataset, mine, folder)
        else:
            _store_decoded(Path(video), mine, folder)


def _store_decoded(video: Path, images: Iterable[Mapping], folder: Path) -> None:
    if not video.is_file():
        raise InputError(f"there is no video {str(video)!r}, which the labels are of; put it beside their file")
    for image in images:
        _write(folder / image["file_name"], Video(video).frame(int(image["frame"])).image)


def _store_embedded(path: Path, dataset: str, images: Iterable[Mapping], folder: Path) -> None:
    with open_h5(path) as file:
        pictures = file[dataset]
        usual = "RGB" if float(file["metadata"].attrs.get("format_id", 1.0)) >= NAMED else "BGR"
        numbers = file[f"{dataset.rpartition('/')[0]}/frame_numbers"][()].tolist()
        for image in images:
            if image["frame"] not in numbers:
                raise InputError(f"{path.name} has no picture of frame {image['frame']} in {dataset}; export it again")
            _write(folder / image["file_name"], _decode(pictures, numbers.index(image["frame"]), usual))


def _decode(pictures: Any, n: int, usual: str) -> np.ndarray:
    """uint8 RGB of a picture, encoded or as numbers; "BGR" are those that were encoded as if blue were red."""
    stored = np.asarray(pictures[n])
    if stored.ndim == 3:
        return np.broadcast_to(stored, (*stored.shape[:2], 3)) if stored.shape[2] == 1 else stored
    code = stored.astype(np.int8).view(np.uint8)
    image = cv2.imdecode(code, cv2.IMREAD_COLOR)
    if image is None:
        raise InputError(f"a picture of {pictures.name} is damaged; export the labels again")
    return image if pictures.attrs.get("channel_order", usual) == "BGR" else image[..., ::-1]


def _write(path: Path, image: np.ndarray) -> None:
    done, code = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    assert done
    write_bytes(path, code, sync=False)
