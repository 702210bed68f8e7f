"""Pictures of validation photos during training."""

from __future__ import annotations

from pathlib import Path

import lightning.pytorch as pl
import numpy as np
from lightning.pytorch.loggers import TensorBoardLogger

from bupose import viz
from bupose.estimate.estimator import Estimator
from bupose.predict.output import write_image


class ValidationImages:
    """Draws the first pictures of each validation into ``pictures/``, and into TensorBoard where that is used.

    Parameters
    ----------
    folder : Path
        The run's.
    count : int
    """

    def __init__(self, folder: Path, count: int):
        self.folder, self.count = folder / "pictures", count

    def add(self, trainer: pl.Trainer, batch: dict, estimator: Estimator) -> None:
        """Draw a validation picture if it is one of the first."""
        if batch["number"] >= self.count:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        picture = draw_estimate(batch["image"], estimator)
        write_image(self.folder / f"{batch['number']:02d}-step-{trainer.global_step:07d}.jpg", picture)
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image(
                    f"picture {batch['number']}", picture, trainer.global_step, dataformats="HWC"
                )


def draw_estimate(image: np.ndarray, estimator: Estimator) -> np.ndarray:
    """uint8 RGB: people over the photo, and the maps, side by side in network pixels."""
    trace = estimator.explain(image)
    fields = viz.fields_picture(trace.maps, image, estimator.matrix(image))
    width, height = trace.maps.size
    photo = viz.warp_photo(image, (width, height), estimator.matrix(image))
    people = viz.draw_people(photo, trace.people)
    gap = np.full((height, 4, 3), 255, np.uint8)
    return np.concatenate([people, gap, fields[:height]], 1)
