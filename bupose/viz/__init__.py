"""Seeing: people, fields and decisions as pictures (RGB uint8 arrays) and plots (matplotlib figures)."""

from bupose.viz.explain import explain_joint, explain_limb, explain_person, nearest_peak
from bupose.viz.fields import color_wheel, fields_picture, heatmap, paf_hue, paf_quiver
from bupose.viz.people import draw_legend, draw_people
from bupose.viz.picture import Plot, as_rgb, warp_photo

__all__ = [
    "Plot",
    "as_rgb",
    "color_wheel",
    "draw_legend",
    "draw_people",
    "explain_joint",
    "explain_limb",
    "explain_person",
    "fields_picture",
    "heatmap",
    "nearest_peak",
    "paf_hue",
    "paf_quiver",
    "warp_photo",
]
