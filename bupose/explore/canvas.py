"""The large picture: people, a joint's heat or a limb's field over the photo, and what is picked."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from bupose import viz
from bupose.explore.session import Session
from bupose.geometry import IDENTITY
from bupose.viz.captions import CASING
from bupose.viz.overlay import OverlayOptions
from bupose.viz.picture import lay_over

VIEWS = ("people", "heatmap", "limbs", "photo")
SHIFT = 4  # cv2 draws at 1/16 px


def draw_view(
    session: Session,
    view: str,
    joint: int | None = None,
    limb: int | None = None,
    peaks: bool = False,
    overlay: OverlayOptions | None = None,
) -> np.ndarray:
    """One of :data:`VIEWS`.

    Parameters
    ----------
    joint : int, optional
        Whose heat; all by default. Its peaks are ringed.
    limb : int, optional
        Whose field; all by default. Its candidates are drawn, the used ones thick.
    peaks : bool
        Put a dot on every peak.
    overlay : OverlayOptions, optional
        How people are drawn.

    Returns
    -------
    uint8 array (H, W, 3), RGB, canvas pixels
    """
    trace, photo = session.trace, session.sight.image
    height, width = photo.shape[:2]
    unit = np.sqrt(width * height) / 500
    picture = photo.copy()
    if view == "people":
        picture = _draw_people(session, overlay or OverlayOptions())
    elif view == "heatmap":
        picture = viz.heatmap(trace.fields, joint, photo, IDENTITY)
    elif view == "limbs":
        picture = viz.paf_hue(trace.fields, limb, photo, IDENTITY, wheel=False)
    picture = np.ascontiguousarray(picture[:height, :width])
    if view == "limbs":
        _add_wheel(picture)
    if view == "heatmap" and joint is not None:
        _ring(picture, session, np.flatnonzero(trace.peaks.joint == joint), 4 * unit, (255, 255, 255))
    if view == "limbs" and limb is not None:
        _draw_candidates(picture, session, np.flatnonzero(trace.candidates.limb == limb), unit)
    if peaks:
        colors = trace.fields.skeleton.joint_colors.tolist()
        for row, k in enumerate(trace.peaks.joint):
            _dot(picture, session, row, 2.2 * unit, colors[k])
    if session.joint is not None:
        c = trace.candidates
        _draw_candidates(
            picture, session, np.flatnonzero((c.first == session.joint) | (c.second == session.joint)), unit
        )
        _ring(picture, session, [session.joint], 7 * unit, (255, 255, 255))
    return picture


def shown_joints(session: Session, view: str, joint: int | None, limb: int | None) -> tuple[int, ...] | None:
    """The joints that a click into a view can mean; None for all."""
    if view == "heatmap" and joint is not None:
        return (joint,)
    if view == "limbs" and limb is not None:
        return tuple(session.trace.fields.skeleton.limb_joints[limb].tolist())
    return None


def _draw_people(session: Session, overlay: OverlayOptions) -> np.ndarray:
    people, photo, picked = session.trace.people, session.sight.image, session.person
    if picked is None:
        return viz.draw_overlay(photo, people, overlay)
    faint = replace(overlay, opacity=min(overlay.opacity, 0.2), labels=(), boxes=False)
    others = viz.draw_overlay(photo, people, faint, only=[n for n in range(len(people)) if n != picked])
    named = replace(overlay, labels=("number",), min_person_score=0.0)
    return viz.draw_overlay(others, people, named, only=[picked])


def _add_wheel(picture: np.ndarray) -> None:
    """The legend of directions, in the corner of what is left of the field without its padding."""
    size = min(picture.shape[:2]) // 7
    bottom, right = (side - size // 12 for side in picture.shape[:2])
    corner, wheel = picture[bottom - size : bottom, right - size : right], viz.color_wheel(size)
    corner[:] = lay_over(corner, wheel[..., :3], wheel[..., 3:] / np.float32(255))


def _draw_candidates(picture: np.ndarray, session: Session, rows: np.ndarray, unit: float) -> None:
    """Lines between the ends of candidates: the used thick, matched ones thinner, others thin and white."""
    trace, c = session.trace, session.trace.candidates
    colors = trace.fields.skeleton.limb_colors.tolist()
    for m in rows[np.lexsort((c.weight[rows], trace.used[rows]))]:
        ends = [_pixel(session, row) for row in (c.first[m], c.second[m])]
        wide = (
            (1.6 if trace.used[m] else 1 if trace.matched[m] else 0.5) * unit * (1.6 if m == session.candidate else 1)
        )
        color = colors[c.limb[m]] if trace.matched[m] or m == session.candidate else (235, 235, 235)
        for paint, width in ((CASING, wide + (1.2 if trace.matched[m] else 0.5) * unit), (color, wide)):
            cv2.line(picture, *ends, paint, max(1, round(width)), cv2.LINE_AA, SHIFT)


def _ring(picture: np.ndarray, session: Session, rows, radius: float, color: tuple) -> None:
    for row in rows:
        for paint, width in ((CASING, 0.7 * radius), (color, 0.3 * radius)):
            size = round(radius * 2**SHIFT)
            cv2.circle(picture, _pixel(session, row), size, paint, max(1, round(width)), cv2.LINE_AA, SHIFT)


def _dot(picture: np.ndarray, session: Session, row: int, radius: float, color: tuple) -> None:
    for paint, size in ((CASING, 1.45 * radius), (color, radius)):
        cv2.circle(picture, _pixel(session, row), round(size * 2**SHIFT), paint, -1, cv2.LINE_AA, SHIFT)


def _pixel(session: Session, row: int) -> tuple[int, int]:
    """A peak in cv2's fractions of a pixel."""
    trace = session.trace
    return tuple(np.rint(trace.fields.grid.to_pixels(trace.peaks.xy[row]) * 2**SHIFT).astype(int).tolist())
