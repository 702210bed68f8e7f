"""Validation: whole pictures through the very estimator that users run, and COCO's numbers from the people found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import lightning.pytorch as pl
import numpy as np
import torch.distributed
from lightning.pytorch.callbacks import Callback

from bupose.data.datasets import DataOptions
from bupose.data.picture import picture_of
from bupose.errors import OptionsError
from bupose.evaluate import Truth, coco_ap, read_truth
from bupose.infer.estimator import Estimator
from bupose.people import Labels, People
from bupose.skeleton import Skeleton
from bupose.train.album import Album
from bupose.train.keeping import KeepNetworks
from bupose.train.module import PoseModule

_TOGETHER = 8  # pictures that the estimator gets at once
SHOWN = ("AP", "AP50", "AP75", "AR")


class Referee(Callback):
    """Measures the network at each validation.

    It must stand before the moving average among the callbacks: that one takes the averaged weights away again when
    validation ends.

    Parameters
    ----------
    truth : Truth
        Of the pictures that the validation loader gives.
    height : int
        Pictures are resized to it, network pixels.
    networks : KeepNetworks
        Gets each measured network.
    album : Album, optional
        Gets the first pictures.
    """

    def __init__(self, truth: Truth, height: int, networks: KeepNetworks, album: Album | None = None):
        self.truth, self.height, self.networks, self.album = truth, height, networks, album
        self._estimator: Estimator | None = None
        self._waiting: list[tuple[int, np.ndarray]] = []
        self._found: dict[int, People] = {}

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: PoseModule, outputs, batch: dict, number: int, loader: int = 0
    ) -> None:
        """Find the people of a picture."""
        if self._estimator is None:
            net = pl_module.net.eval()
            self._estimator = Estimator(net, height=self.height, device=str(pl_module.device), batch=_TOGETHER)
        self._waiting.append((batch["image_id"], batch["image"]))
        if len(self._waiting) == _TOGETHER:
            self._estimate()
        if self.album is not None:
            self.album.add(trainer, batch, self._estimator)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: PoseModule) -> None:
        """Count, log, and keep the network if it is good."""
        if self._estimator is None:
            return
        self._estimate()
        found = _gather(self._found)
        metrics = coco_ap(found, self.truth)
        shown = {name: metrics[name] for name in SHOWN}
        pl_module.log_dict(shown, prog_bar=True, sync_dist=trainer.world_size > 1)
        self.networks.offer(pl_module.net, metrics | {"step": trainer.global_step}, write=trainer.is_global_zero)
        self._estimator, self._found = None, {}

    def _estimate(self) -> None:
        people = self._estimator([image for _, image in self._waiting]) if self._waiting else []
        self._found |= {image_id: p for (image_id, _), p in zip(self._waiting, people, strict=True)}
        self._waiting = []


def truth_of(options: DataOptions, samples, count: int) -> Truth:
    """What the first ``count`` samples of a set show; of a COCO file as the file itself has it.

    Raises
    ------
    OptionsError
        Nobody is labelled.
    InputError, LabelsError
        As :func:`bupose.evaluate.read_truth`.
    """
    pictures = [picture_of(samples, n) for n in range(count)]
    if options.kind == "coco":
        category = options.category or None
        truth = read_truth(options.annotations, category=category, image_ids=[p.image_id for p in pictures])
    else:
        truth = read_truth(describe_labels(samples.skeleton, [(p.image_id, p.size, p.labels) for p in pictures]))
    if not any(a["num_keypoints"] and not a["iscrowd"] for a in truth.annotations):
        raise OptionsError(f"val={options.kind} shows no labelled people in its {count} pictures; give more or others")
    return truth


def describe_labels(
    skeleton: Skeleton, pictures: Sequence[tuple[int, tuple[int, int], Labels]]
) -> Mapping[str, list[dict]]:
    """Labels in COCO's keypoint format: (image id, (width, height), labels) of each picture."""
    annotations = [
        {
            "image_id": image_id,
            "category_id": 1,
            "keypoints": np.concatenate([np.nan_to_num(xy), v[:, None]], 1, dtype=np.float64).reshape(-1).tolist(),
            "area": float(area),
            "bbox": [float(side) for side in box],
        }
        for image_id, _, labels in pictures
        for xy, v, area, box in zip(labels.xy, labels.visibility, labels.area, labels.box, strict=True)
    ]
    return {
        "images": [{"id": image_id, "width": size[0], "height": size[1]} for image_id, size, _ in pictures],
        "annotations": [{"id": n, **annotation} for n, annotation in enumerate(annotations, 1)],
        "categories": [{"id": 1, "name": "person", "keypoints": list(skeleton.joints)}],
    }


def _gather(found: dict[int, People]) -> dict[int, People]:
    """The people of all processes' pictures."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return found
    parts: list[dict] = [{} for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather_object(parts, found)
    return {image_id: people for part in parts for image_id, people in part.items()}
