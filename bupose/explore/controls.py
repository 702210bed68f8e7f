"""One control for each decode option: its range, and what ``DecodeOptions`` says of it."""

from __future__ import annotations

import dataclasses
import inspect
import re

import gradio as gr

from bupose.methods.paf import DecodeOptions

RANGES = {  # low, high, step of a slider; a network's own value widens it
    "smooth": (0.0, 3.0, 0.1),
    "peak_threshold": (0.0, 0.6, 0.001),
    "paf_threshold": (0.0, 0.6, 0.001),
    "limb_threshold": (0.0, 1.0, 0.005),
    "limb_share": (0.0, 1.0, 0.01),
    "min_joint_score": (0.0, 1.0, 0.005),
    "min_person_score": (0.0, 1.0, 0.005),
    "min_joints": (1, 18, 1),
    "duplicate_similarity": (0.0, 1.0, 0.01),
    "max_limb_ratio": (1.0, 10.0, 0.1),
    "joint_score_exponent": (0.0, 4.0, 0.05),
    "localization_sigma": (0.0, 5.0, 0.05),
    "samples": (2, 40, 1),
}
CHOICES = {"matching": ["hungarian", "greedy"]}
FIRST = (
    "peak_threshold", "paf_threshold", "limb_threshold", "limb_share", "min_joints", "min_joint_score",
    "min_person_score", "matching", "completion",
)  # fmt: skip
OTHERS = tuple(f.name for f in dataclasses.fields(DecodeOptions) if f.name not in FIRST)


def describe_options() -> dict[str, str]:
    """What the docstring of ``DecodeOptions`` says of each option, with its unit where it has one."""
    text = (inspect.getdoc(DecodeOptions) or "").replace("``", "`")
    entry = re.compile(r"^(\w+) : ([^\n]*)\n((?:    [^\n]+\n?)+)", re.M)
    told = {name: (kind, " ".join(lines.split())) for name, kind, lines in entry.findall(text)}
    units = {name: kind.partition(", ")[2] for name, (kind, _) in told.items() if name not in CHOICES}
    return {name: sentence + (f" ({units[name]})" if units.get(name) else "") for name, (_, sentence) in told.items()}


def make_control(name: str, value, sentence: str) -> gr.components.Component:
    """A slider, radio button, checkbox or number field, called as the option is, with an ``elem_id`` of its name."""
    look = {"label": name, "info": sentence, "elem_id": name, "interactive": True}
    if name in CHOICES:
        return gr.Radio(CHOICES[name], value=value, **look)
    if isinstance(value, bool):
        return gr.Checkbox(value, **look)
    if name in RANGES:
        low, high, step = RANGES[name]
        return gr.Slider(min(low, value), max(high, value), value, step=step, **look)
    return gr.Number(value, precision=0, **look)
