"""Pictures of errors: annotations on the left, predictions on the right, wrong joints ringed."""

from __future__ import annotations

import cv2
import numpy as np

from bupose.evaluate.diagnosis import KINDS, PictureErrors
from bupose.evaluate.results import result_arrays
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.viz import as_rgb, draw_people
from bupose.viz.captions import CASING, write

SIDE = 720  # px, the longer side of each half
GAP = 6
# Found people wear the same colour on both sides.
PAIRS = ((255, 196, 0), (0, 196, 255), (255, 96, 160), (120, 230, 90), (190, 130, 255), (255, 140, 60), (90, 150, 255))
MISSED, FALSE, IGNORED = (255, 40, 40), (255, 40, 40), (150, 150, 150)
RINGS = {"inversion": (255, 60, 200), "swap": (255, 235, 60), "miss": (255, 60, 40)}


def draw_errors(photo: np.ndarray, picture: PictureErrors, skeleton: Skeleton) -> np.ndarray:
    """uint8 (H, W, 3) RGB: both halves side by side.

    Matched people have the same number and colour. Red on the left: missed; red on the right: false positive. Rings
    mark inverted, swapped and missed joints, thin lines lead to the true positions. The text above a person gives its
    similarity and the number of absent joints. Predicted joints fade with lower scores.
    """
    m = picture.matched
    photo = as_rgb(photo)
    scale = SIDE / max(photo.shape[:2])
    photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    truth_xy = (m.truth + 0.5) * scale - 0.5
    xy = (m.xy + 0.5) * scale - 0.5
    counted = np.flatnonzero(~m.ignored).tolist()
    number = {q: n for n, (_, q) in enumerate(m.found, 1)}
    pair = {q: PAIRS[(n - 1) % len(PAIRS)] for q, n in number.items()}
    labels = [str(number.get(q, "missed")) for q in counted]
    seen = m.seen[counted]
    shown = np.where(seen[..., None], truth_xy[counted], np.nan)
    left = _draw(photo, shown, seen, skeleton, [pair.get(q, MISSED) for q in counted], labels)
    colors = [FALSE if q < 0 else pair.get(int(q), IGNORED) for q in m.whose]
    captions = [_caption(picture, p, number) for p in range(len(xy))]
    right = _draw(photo, xy, result_arrays(m.results, xy.shape[1])[1], skeleton, colors, captions)
    for p, q in m.found:
        for kind, color in RINGS.items():
            for k in np.flatnonzero(picture.kinds[p] == KINDS.index(kind)):
                _mark(right, xy[p, k], truth_xy[q, k], color)
    write(left, "annotated", (8, 14), align=0)
    write(right, "predicted", (8, 14), align=0)
    for n, (kind, color) in enumerate(RINGS.items()):
        cv2.circle(right, (14, 40 + 22 * n), 6, color, 2, cv2.LINE_AA)
        write(right, kind, (28, 40 + 22 * n), align=0)
    return np.concatenate([left, np.full((len(left), GAP, 3), 255, np.uint8), right], 1)


def _draw(photo, xy, score, skeleton, colors, labels) -> np.ndarray:
    people = People(xy, np.clip(score, 0, 1), np.ones(len(xy)), skeleton)
    return draw_people(photo, people, labels=labels, person_colors=np.array(colors, np.uint8).reshape(-1, 3))


def _caption(picture: PictureErrors, p: int, number: dict[int, int]) -> str:
    m, q = picture.matched, picture.matched.whose[p]
    if q < 0:
        return "duplicate" if p in picture.duplicate else "nobody"
    if m.ignored[q]:
        return "ignored"
    absent = int((picture.kinds[p] == KINDS.index("absent")).sum())
    return f"{number[q]}: OKS {m.similarity[p, q]:.2f}" + (f", {absent} absent" if absent else "")


def _mark(image: np.ndarray, at: np.ndarray, truth: np.ndarray, color: tuple) -> None:
    """A ring at the predicted joint, and a thin line to the true one."""
    a, b = (tuple(np.rint(np.clip(p, -1e4, 1e4)).astype(int).tolist()) for p in (at, truth))
    for paint, width in ((CASING, 3), (color, 1)):
        cv2.line(image, a, b, paint, width, cv2.LINE_AA)
        cv2.circle(image, a, 8, paint, width + 1, cv2.LINE_AA)
