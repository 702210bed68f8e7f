"""Visualisation of people, maps and decoding, as pictures (RGB uint8 arrays) and plots (matplotlib figures)."""

from bupose.viz.candidate import explain_candidate
from bupose.viz.captions import draw_legend
from bupose.viz.curves import training_curves
from bupose.viz.explain import explain_joint, explain_limb, explain_person, nearest_peak, peak_colors
from bupose.viz.fields import color_wheel, heatmap, paf_hue, paf_quiver
from bupose.viz.grouping import explain_assembly, explain_matching, explain_peaks
from bupose.viz.links import explain_link, explain_member, link_colors
from bupose.viz.maps import fields_picture, map_picture
from bupose.viz.overlay import OverlayOptions, draw_overlay
from bupose.viz.panels import distinct_colors, name_joints, panels
from bupose.viz.people import draw_people
from bupose.viz.rgb import Plot, as_rgb, warp_photo
from bupose.viz.tags import explain_tags
from bupose.viz.targets import explain_targets

__all__ = [
    "OverlayOptions",
    "Plot",
    "as_rgb",
    "color_wheel",
    "distinct_colors",
    "draw_legend",
    "draw_overlay",
    "draw_people",
    "explain_assembly",
    "explain_candidate",
    "explain_joint",
    "explain_limb",
    "explain_link",
    "explain_matching",
    "explain_member",
    "explain_peaks",
    "explain_person",
    "explain_tags",
    "explain_targets",
    "fields_picture",
    "heatmap",
    "link_colors",
    "map_picture",
    "name_joints",
    "nearest_peak",
    "paf_hue",
    "paf_quiver",
    "panels",
    "peak_colors",
    "training_curves",
    "warp_photo",
]
