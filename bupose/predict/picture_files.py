"""The files of a single picture: OpenPose's JSON, fields, overlay."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from bupose import viz
from bupose.errors import BuposeError, DiskError
from bupose.estimate.stream import Estimate
from bupose.fields_file import write_fields
from bupose.images.files import FAULTS
from bupose.predict import output
from bupose.predict.options import InferOptions

OF_ONE = (BuposeError, *FAULTS)  # errors that can concern a single picture


class PictureFiles:
    """Writes what a run gives for each picture, as soon as its people are found.

    Parameters
    ----------
    options : InferOptions
    folder : Path
        Of the run's results.
    how : dict
        What the fields' files say of the run.
    """

    def __init__(self, options: InferOptions, folder: Path, how: dict) -> None:
        self._options, self._folder, self._how = options, folder, how

    def write(self, estimate: Estimate, trails: Iterable[viz.Trail] = ()) -> tuple[np.ndarray | None, str]:
        """Write them; returns the overlay if it was drawn, and what failed.

        Raises
        ------
        DiskError
            The disk is full or failing.
        """
        video = estimate.source.video
        at_once = video is None or video.live  # what is known at the end of a video file is written then
        tasks: list[Callable[[], np.ndarray | None]] = [lambda: self._write_fields(estimate)]
        if at_once:
            tasks.insert(0, lambda: self._write_openpose(estimate))
        if (at_once and self._options.overlays) or self._options.show:
            tasks.append(lambda: self._write_overlay(estimate, trails))
        overlay, problem = None, ""
        for task in tasks:
            try:
                overlay = task()
            except DiskError:
                raise
            except OF_ONE as failure:  # the people found are kept
                problem = problem or " ".join(str(failure).split()) or type(failure).__name__
        return overlay, problem

    def _write_openpose(self, estimate: Estimate) -> None:
        if output.wants_openpose(self._options.openpose, estimate.people.skeleton):
            output.write_openpose(self._path("openpose", f"{estimate.source.name}_keypoints", "json"), estimate.people)

    def _write_fields(self, estimate: Estimate) -> None:
        options, frame = self._options, estimate.source
        if options.fields and estimate.fields is not None:
            info = {"file_name": frame.file_name, "matrix": estimate.matrix, **self._how}
            info |= {"image_width": estimate.size[0], "image_height": estimate.size[1]}
            path = self._path("fields", frame.name, "npz")
            write_fields(path, {frame.name: estimate.fields}, info={frame.name: info})
        if options.fields_pictures and estimate.fields is not None:
            picture = viz.fields_picture(estimate.fields, estimate.image, estimate.matrix)
            output.write_image(self._path("fields_pictures", frame.name, options.overlay_format), picture)

    def _write_overlay(self, estimate: Estimate, trails: Iterable[viz.Trail]) -> np.ndarray | None:
        options, frame = self._options, estimate.source
        if estimate.image is None:
            return None
        overlay = viz.draw_overlay(estimate.image, estimate.people, options.overlay, trails=trails)
        if options.overlays and frame.video is None:
            output.write_image(self._path("overlays", frame.name, options.overlay_format), overlay)
        return overlay

    def _path(self, kind: str, name: str, suffix: str) -> Path:
        return self._folder / kind / f"{name}.{suffix}"
