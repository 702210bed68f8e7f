"""Training data: items are determined by seed, epoch and index, in any process."""

from __future__ import annotations

import logging
import signal
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from bupose import geometry, kernels
from bupose.data.affine import move_labels, people_near, plan_crop
from bupose.data.augment import AugmentOptions, augment, augment_options
from bupose.data.color import color_matrix
from bupose.data.picture import BORDER, picture_of, reduction
from bupose.errors import InputError, LabelsError, OptionsError
from bupose.methods import Codec
from bupose.options import choose

_LOG = logging.getLogger(__name__)

SUBSTITUTES = 10  # pictures tried in place of one that cannot be read
DELIVERIES = ("targets", "joints", "photos")


class PoseDataset(Dataset):
    """Augmented pictures of a data set, as network input.

    Parameters
    ----------
    samples : sequence of samples
        With the codec's skeleton.
    codec : Codec
        Encodes the targets.
    augment : AugmentOptions, preset's name or dict
    size : (width, height), px
        Of the crops; a multiple of the codec's stride.
    seed : int
    deliver : "targets", "joints" or "photos"
        What the CPU prepares; the rest is done by :mod:`bupose.data.batch` on the device. ``targets`` does everything.
        ``joints`` leaves the encoding. ``photos`` also leaves warping and colours, and supports no pasting, mosaic,
        occlusion and camera effects.

    Notes
    -----
    Items are indexed by ``(epoch, index)``, or an index for epoch 0; each is a dict. Always: ``image`` uint8 (3, H, W)
    RGB; ``matrix`` float32 (2, 3) from the picture to the crop (for ``photos``: from the decoded image to it);
    ``index`` int.

    * targets: those of the codec by name (:class:`bupose.methods.targets.Targets`); of part affinity fields ``heat``
      (K, h, w), ``paf`` (L, 2, h, w) and ``weight`` (h, w), float32.
    * joints, photos: ``xy`` float32 (P, K, 2) px of the crop, ``present`` and ``visible`` bool (P, K), ``ignore`` bool
      (H, W) of the crop; for photos also ``color`` float32 (3, 4).

    A picture that cannot be read is replaced by the next one that can, with a warning.

    Raises
    ------
    LabelsError
        The samples are of another skeleton than the codec.
    OptionsError
        A size that is not a multiple of the stride, or an option that ``photos`` does not support.
    """

    def __init__(
        self,
        samples,
        codec: Codec,
        augment: AugmentOptions | str | Mapping = "none",
        size: tuple[int, int] = (368, 368),
        seed: int = 0,
        deliver: str = "targets",
    ) -> None:
        self.samples, self.codec, self.options = samples, codec, augment_options(augment)
        self._told: set[str] = set()
        self.size, self.seed, self.deliver = (int(size[0]), int(size[1])), int(seed), deliver
        if samples.skeleton != codec.skeleton:
            raise LabelsError(
                f"the data gives joints of {samples.skeleton.name!r}, the codec paints {codec.skeleton.name!r}; "
                f"open the data with skeleton={codec.skeleton.name}"
            )
        if self.size[0] % codec.grid.stride or self.size[1] % codec.grid.stride or min(self.size) <= 0:
            raise OptionsError(f"crops of {self.size} px are not multiples of the stride {codec.grid.stride}")
        choose(deliver, DELIVERIES, "deliver")
        o = self.options
        if deliver == "photos" and (o.paste or o.mosaic or o.camera or o.occlusions[1]):
            raise OptionsError("deliver=photos has no paste, mosaic, camera or occlusions; set them to 0")
        if deliver == "targets":
            kernels.load("encode")  # workers started by fork inherit the compiled code

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: int | tuple[int, int]) -> dict:
        epoch, i = key if isinstance(key, tuple) else (0, key)
        i, problem = range(len(self))[i], InputError("there is no picture")
        for n in range(min(SUBSTITUTES, len(self))):
            try:
                return self._item(epoch, (i + n) % len(self))
            except InputError as refusal:
                problem = refusal
                self._tell(f"left out of training: {problem}")
        raise problem

    def _tell(self, sentence: str) -> None:
        """Warn once per process."""
        if sentence not in self._told:
            self._told.add(sentence)
            _LOG.warning("%s", sentence)

    def _item(self, epoch: int, i: int) -> dict:
        rng = np.random.default_rng((self.seed, epoch, i))
        if self.deliver == "photos":
            return self._photo(rng, i)
        sample, matrix = augment(rng, self.samples, i, self.size, self.options)
        matrix = matrix.astype(np.float32)
        item = {"image": _channels_first(sample.image), "matrix": torch.from_numpy(matrix), "index": i}
        if self.deliver == "joints":
            return item | self._joints(sample.labels, sample.ignore)
        targets = self.codec.encode(sample.labels, self.size, sample.ignore)
        return item | {name: torch.from_numpy(array) for name, array in targets.arrays.items()}

    def _photo(self, rng: np.random.Generator, i: int) -> dict:
        picture = picture_of(self.samples, i)
        rng.random(1)  # as the mosaic in augment(), so that both give the same crop
        matrix = plan_crop(rng, picture.labels, picture.size, self.size, self.options)
        rng.random(1)  # and pasting's
        factor = reduction(matrix)
        image, ignore = picture.decode(factor), picture.ignore(matrix, self.size)
        color = color_matrix(rng, self.options.color) if self.options.color else np.eye(3, 4, dtype=np.float32)
        labels = people_near(move_labels(picture.labels, matrix), self.size)
        local = geometry.compose(geometry.scale(factor), matrix).astype(np.float32)
        item = {"image": _channels_first(image), "matrix": torch.from_numpy(local), "color": torch.from_numpy(color)}
        return item | {"index": i} | self._joints(labels, ignore)

    def _joints(self, labels, ignore: np.ndarray | None) -> dict:
        ignore = np.zeros(self.size[::-1], bool) if ignore is None else ignore
        arrays = {"xy": labels.xy, "present": labels.present, "visible": labels.visibility == 2, "ignore": ignore}
        return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def init_worker(worker: int = 0) -> None:
    """For ``DataLoader(worker_init_fn=…)``: one thread per worker, as OpenCV's and torch's own would compete.

    Ctrl-C, and SIGTERM from a job's scheduler, reach every process of a training. Workers ignore the first, so that the
    main process can end its step and save; it ends them, where need be by another SIGTERM.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: signal.signal(number, signal.SIG_DFL))
    cv2.setNumThreads(0)
    torch.set_num_threads(1)


def collate(items: Sequence[dict]) -> dict[str, Tensor]:
    """Stack items into a batch, padding to the largest number of people and the largest photo (grey)."""
    batch = {}
    for name, first in items[0].items():
        values = [item[name] for item in items]
        if not isinstance(first, Tensor):
            batch[name] = torch.tensor(values)
            continue
        shape = [max(v.shape[d] for v in values) for d in range(first.ndim)]
        if all(list(v.shape) == shape for v in values):
            batch[name] = torch.stack(values)
            continue
        batch[name] = torch.full((len(values), *shape), BORDER if name == "image" else 0, dtype=first.dtype)
        for row, v in zip(batch[name], values, strict=True):
            row[tuple(slice(n) for n in v.shape)] = v
    return batch


def _channels_first(image: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
