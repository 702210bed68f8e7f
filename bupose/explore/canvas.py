"""The large picture: people, or one of the network's maps, over the photo, with the selection."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from bupose import viz
from bupose.explore.session import Session
from bupose.geometry import IDENTITY
from bupose.maps import Maps
from bupose.viz.captions import CASING
from bupose.viz.fields import spec_of
from bupose.viz.overlay import OverlayOptions
from bupose.viz.rgb import lay_over

VIEW_NAMES = {"heat": "heatmap", "paf": "limbs"}  # views with other names than their maps
WIDTHS = {"used": 1.6, "matched": 1.0, "rejected": 0.5}  # of candidates' lines
SHIFT = 4  # cv2 draws at 1/16 px


def list_views(maps: Maps) -> dict[str, str | None]:
    """The views: the name of each, and of its map, if any."""
    return {"people": None, **{VIEW_NAMES.get(name, name): name for name in maps.arrays}, "photo": None}


def draw_view(
    session: Session,
    view: str,
    joint: int | None = None,
    limb: int | None = None,
    peaks: bool = False,
    overlay: OverlayOptions | None = None,
) -> np.ndarray:
    """One of :func:`list_views`.

    Parameters
    ----------
    joint : int, optional
        Joint whose heat, or other map, is shown; all by default. Its peaks are ringed.
    limb : int, optional
        Limb whose field is shown; all by default. Its candidates are drawn, used ones thick.
    peaks : bool
        Put a dot on every peak.
    overlay : OverlayOptions, optional
        How people are drawn.

    Returns
    -------
    uint8 array (H, W, 3), RGB, canvas pixels
    """
    trace, photo = session.trace, session.observation.image
    height, width = photo.shape[:2]
    unit, name = np.sqrt(width * height) / 500, list_views(trace.maps)[view]
    joint, limb = _rows_shown(session, view, joint, limb)
    picture = photo.copy()
    if view == "people":
        picture = _draw_people(session, overlay or OverlayOptions())
    elif name is not None:
        row = limb if joint is None else joint
        picture = viz.map_picture(trace.maps, name, row, photo, IDENTITY, wheel=False)
    picture = np.ascontiguousarray(picture[:height, :width])
    if name is not None and spec_of(trace.maps, name).vector:
        _add_wheel(picture)
    if joint is not None:
        _ring(picture, session, np.flatnonzero(trace.peaks.joint == joint), 4 * unit, (255, 255, 255))
    if limb is not None and trace.link_word == "limb":
        _draw_candidates(picture, session, np.flatnonzero(trace.links.kind == limb), unit)
    if peaks:
        colors = viz.peak_colors(trace).tolist()
        for row in range(len(trace.peaks)):
            _dot(picture, session, row, 2.2 * unit, colors[row])
    if session.joint is not None:
        _draw_candidates(picture, session, trace.links_of(session.joint), unit)
        _ring(picture, session, [session.joint], 7 * unit, (255, 255, 255))
    return picture


def shown_joints(session: Session, view: str, joint: int | None, limb: int | None) -> tuple[int, ...] | None:
    """The joints that a click into a view can select; None for all."""
    joint, limb = _rows_shown(session, view, joint, limb)
    if joint is not None:
        return (joint,)
    return None if limb is None else tuple(session.trace.maps.skeleton.limb_joints[limb].tolist())


def _rows_shown(session: Session, view: str, joint: int | None, limb: int | None) -> tuple[int | None, int | None]:
    """The joint or limb if the view is of a map of joints or limbs."""
    maps = session.trace.maps
    name = list_views(maps)[view]
    rows = () if name is None else spec_of(maps, name).rows
    return joint if rows == maps.skeleton.joints else None, limb if rows == maps.skeleton.limb_names else None


def _draw_people(session: Session, overlay: OverlayOptions) -> np.ndarray:
    people, photo, picked = session.trace.people, session.observation.image, session.person
    if picked is None:
        return viz.draw_overlay(photo, people, overlay)
    faint = replace(overlay, opacity=min(overlay.opacity, 0.2), labels=(), boxes=False)
    others = viz.draw_overlay(photo, people, faint, only=[n for n in range(len(people)) if n != picked])
    named = replace(overlay, labels=("number",), min_person_score=0.0)
    return viz.draw_overlay(others, people, named, only=[picked])


def _add_wheel(picture: np.ndarray) -> None:
    """The legend of directions, in the corner of the field without padding."""
    size = min(picture.shape[:2]) // 7
    bottom, right = (side - size // 12 for side in picture.shape[:2])
    corner, wheel = picture[bottom - size : bottom, right - size : right], viz.color_wheel(size)
    corner[:] = lay_over(corner, wheel[..., :3], wheel[..., 3:] / np.float32(255))


def _draw_candidates(picture: np.ndarray, session: Session, rows: np.ndarray, unit: float) -> None:
    """Lines between the ends of candidates: the used thick, matched ones thinner, others thin and white."""
    trace, links = session.trace, session.trace.links
    colors, fates = viz.link_colors(trace).tolist(), {m: trace.fate(m) for m in rows.tolist()}
    for m in rows[np.lexsort((links.weight[rows], [fates[m] == "used" for m in rows.tolist()]))].tolist():
        start, end = (_pixel(session, row) for row in (links.first[m], links.second[m]))
        wide = WIDTHS[fates[m]] * unit * (1.6 if m == session.candidate else 1)
        color = colors[m] if fates[m] != "rejected" or m == session.candidate else (235, 235, 235)
        for paint, width in ((CASING, wide + (1.2 if fates[m] != "rejected" else 0.5) * unit), (color, wide)):
            cv2.line(picture, start, end, paint, max(1, round(width)), cv2.LINE_AA, SHIFT)


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
    return tuple(np.rint(trace.maps.grid.to_pixels(trace.peaks.xy[row]) * 2**SHIFT).astype(int).tolist())
