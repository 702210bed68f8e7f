"""What detectors give: the usual layouts of boxes, scores and classes, told apart by their shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

MOST_FINISHED = 1000  # rows of a finished list; raw ones have thousands
SOFTMAX = 92  # DETR's classes, of which the last is nothing

# Corners (N, 4), left, top, right, bottom, pixels of the input, and scores (N,), of a class, from the outputs of one
# picture without its batch axis, and the input's (width, height).
Reader = Callable[[Sequence[np.ndarray], int, tuple[int, int]], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Layout:
    """A form of output.

    Parameters
    ----------
    shapes : str
        In words, for messages.
    fits : callable
        Whether outputs, without their batch axis, have this form.
    read : Reader
    pixels : str
        What such detectors usually take, as in ``CropsOptions``.
    stretched : bool
        Whether they were trained on pictures stretched to their input, else on ones fitted into it.
    label : callable
        Number of the class of people, from the outputs.
    """

    shapes: str
    fits: Callable[[Sequence[np.ndarray]], bool]
    read: Reader
    pixels: str = "unit"
    stretched: bool = False
    label: Callable[[Sequence[np.ndarray]], int] = lambda outputs: 0


def choose_layout(outputs: Sequence[np.ndarray]) -> Layout | None:
    """The first layout that outputs without their batch axis have; None for others."""
    return next((layout for layout in LAYOUTS if layout.fits(outputs)), None)


def without_batch(outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Outputs of one picture, without the axis of pictures where they have one."""
    return [one[0] for one in outputs] if any(one.ndim == 3 for one in outputs) else list(outputs)


def _corners(centred: np.ndarray) -> np.ndarray:
    """From centre, width and height."""
    corners: np.ndarray = np.concatenate(
        [centred[:, :2] - centred[:, 2:4] / 2, centred[:, :2] + centred[:, 2:4] / 2], 1
    )
    return corners


def _is_whole(one: np.ndarray) -> bool:
    return one.dtype.kind in "iu"


def _read_finished(outputs: Sequence[np.ndarray], label: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    mine = outputs[0][outputs[0][:, 5] == label]
    return mine[:, :4], mine[:, 4]


def _read_columns(outputs: Sequence[np.ndarray], label: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    rows = outputs[0].T
    return _corners(rows), rows[:, 4 + label]


def _read_rows(outputs: Sequence[np.ndarray], label: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    rows = outputs[0]
    return _corners(rows), rows[:, 4] * rows[:, 5 + label]


def _read_listed(outputs: Sequence[np.ndarray], label: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    (boxes,) = (one for one in outputs if one.ndim == 2)
    (labels,) = (one for one in outputs if one.ndim == 1 and _is_whole(one))
    (scores,) = (one for one in outputs if one.ndim == 1 and not _is_whole(one))
    return boxes[labels == label], scores[labels == label]


def _read_scored(outputs: Sequence[np.ndarray], label: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    boxes, labels = sorted(outputs, key=_is_whole)
    mine = boxes[labels == label]
    return mine[:, :4], mine[:, 4]


def _read_queries(outputs: Sequence[np.ndarray], label: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    centred, logits = sorted(outputs, key=lambda one: one.shape[1] != 4)
    logits = logits.astype(np.float64)
    if logits.shape[1] == SOFTMAX:
        share = np.exp(logits - logits.max(1, keepdims=True))
        score = share[:, label] / share.sum(1)
    else:
        score = 1 / (1 + np.exp(-logits[:, label]))
    return _corners(centred) * np.tile(np.array(size, np.float64), 2), score


def _is_listed(outputs: Sequence[np.ndarray]) -> bool:
    shapes = sorted((one.ndim, _is_whole(one)) for one in outputs)
    return shapes == [(1, False), (1, True), (2, False)] and all(o.shape[1] == 4 for o in outputs if o.ndim == 2)


def _is_scored(outputs: Sequence[np.ndarray]) -> bool:
    kinds = sorted((one.ndim, _is_whole(one)) for one in outputs)
    return kinds == [(1, True), (2, False)] and all(one.shape[1] == 5 for one in outputs if one.ndim == 2)


def _is_queries(outputs: Sequence[np.ndarray]) -> bool:
    two = len(outputs) == 2 and all(one.ndim == 2 and not _is_whole(one) for one in outputs)
    return two and sum(one.shape[1] == 4 for one in outputs) == 1 and len(outputs[0]) == len(outputs[1])


def _is_one(outputs: Sequence[np.ndarray]) -> bool:
    return len(outputs) == 1 and outputs[0].ndim == 2


LAYOUTS = (
    Layout(
        "(1, n, 6): corners, score, class (YOLOv10, exports with suppression)",
        lambda o: _is_one(o) and o[0].shape[1] == 6 and len(o[0]) <= MOST_FINISHED,
        _read_finished,
    ),
    Layout(
        "(1, 4 + classes, n): centre, size, scores (YOLOv8, YOLO11)",
        lambda o: _is_one(o) and 5 <= o[0].shape[0] < o[0].shape[1],
        _read_columns,
    ),
    Layout(
        "(1, n, 5 + classes): centre, size, objectness, scores (YOLOv5, YOLOv7)",
        lambda o: _is_one(o) and 6 <= o[0].shape[1] < o[0].shape[0],
        _read_rows,
    ),
    Layout("boxes (n, 4), scores (n), labels (n) (torchvision)", _is_listed, _read_listed, label=lambda o: 1),
    Layout("dets (1, n, 5), labels (1, n) (YOLOX, RTMDet by mmdeploy)", _is_scored, _read_scored, "bytes_bgr"),
    Layout(
        "logits (1, n, classes), pred_boxes (1, n, 4) (DETR, RT-DETR)",
        _is_queries,
        _read_queries,
        stretched=True,
        label=lambda o: int(max(one.shape[1] for one in o) > 90),
    ),
)
