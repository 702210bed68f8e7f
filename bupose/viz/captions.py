"""Labels, boxes and the legend of sides in pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from bupose.skeleton import Skeleton
from bupose.viz.rgb import as_rgb

CASING = (16, 18, 24)  # dark rim that separates a line from the background


def draw_boxes(
    picture: np.ndarray, xy: np.ndarray, shown: np.ndarray, width: np.ndarray, colors: np.ndarray | None
) -> None:
    """Draw boxes around each person's ``shown`` joints (P, K) at ``xy`` (P, K, 2), pixels; half as wide as limbs (P,).

    ``colors`` is RGB (P, 3), or None for white. The best person's box is on top.
    """
    far = max(picture.shape[:2])
    for p in reversed(range(len(xy))):
        if shown[p].any():
            wide = max(1, round(0.5 * float(width[p])))
            margin = 2 * float(width[p])
            # cv2's thick lines are limited to coordinates up to 2**15
            low = np.clip(xy[p, shown[p]].min(0) - margin, -far, 2 * far).round().astype(int).tolist()
            high = np.clip(xy[p, shown[p]].max(0) + margin, -far, 2 * far).round().astype(int).tolist()
            color = (255, 255, 255) if colors is None else tuple(int(c) for c in colors[p])
            for paint, line in ((CASING, wide + 2), (color, wide)):
                cv2.rectangle(picture, low, high, paint, line, cv2.LINE_AA)


def write_labels(picture: np.ndarray, labels: Sequence[str], xy: np.ndarray, shown: np.ndarray) -> None:
    """Write each person's label above their ``shown`` joints (P, K) at ``xy`` (P, K, 2), pixels; "" is no label."""
    for p, text in enumerate(labels):
        if text and shown[p].any():
            low, high = xy[p, shown[p]].min(0), xy[p, shown[p]].max(0)
            write(picture, str(text), ((low[0] + high[0]) / 2, low[1] - 0.12 * (high[1] - low[1])))


def write(picture: np.ndarray, text: str, at: tuple[float, float], align: float = 0.5) -> None:
    """Write text on a dark plate into ``picture`` (uint8 RGB), as near to ``at`` as its borders allow.

    ``at`` is vertically centred, and horizontally at the left end for ``align`` 0, in the middle for 0.5.
    """
    height, width = picture.shape[:2]
    size = max(0.4, 0.0008 * np.sqrt(height * width))
    thick = max(1, round(1.6 * size))
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    pad = round(0.4 * h)
    x = int(np.clip(at[0] - align * w, pad, max(pad, width - w - pad)))
    y = int(np.clip(at[1] + h / 2, h + pad, max(h + pad, height - pad)))
    plate = picture[max(0, y - h - pad) : y + pad, max(0, x - pad) : x + w + pad]
    if not plate.size:  # an empty text
        return
    plate[:] = cv2.addWeighted(plate, 0.35, np.full_like(plate, CASING), 0.65, 0)
    cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), thick, cv2.LINE_AA)


def draw_legend(image: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Draw a legend of left and right colours in the upper left corner.

    Parameters
    ----------
    image : array
        Any picture that :func:`draw_people` takes; not modified.

    Returns
    -------
    uint8 array (H, W, 3), RGB
    """
    picture = as_rgb(image)
    unit = max(11.0, 0.024 * np.sqrt(picture.shape[0] * picture.shape[1]))
    for row, side in enumerate(("left", "right")):
        mine = [j.startswith(side) for j in skeleton.joints]
        y = round(unit * (1 + 1.5 * row))
        colors = list(dict.fromkeys(map(tuple, skeleton.joint_colors[mine].tolist())))
        for n, color in enumerate(colors):
            for radius, paint in ((0.42, CASING), (0.32, color)):
                cv2.circle(picture, (round(unit * (1 + 0.9 * n)), y), round(radius * unit), paint, -1, cv2.LINE_AA)
        write(picture, side, (unit * (1 + 0.9 * len(colors)), y), align=0)
    return picture
