"""Controls for the decoder options of a method, with ranges and descriptions."""

from __future__ import annotations

import inspect
import re
from typing import Any, TypeAlias

import gradio as gr

from bupose.options import declared

RANGES = {  # low, high, step of a slider if its option's own range is too wide; a network's own value extends it
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
WIDEST = 4  # upper end of a slider relative to the default, if an option's range is wide
ORDER = (  # the first options on the page; then options of other methods, unless they are in LATER
    "peak_threshold", "paf_threshold", "limb_threshold", "limb_share", "min_joints", "min_joint_score",
    "min_person_score", "matching", "completion",
)  # fmt: skip
LATER = (
    "smooth", "duplicate_similarity", "max_limb_ratio", "joint_score_exponent", "localization_sigma", "samples",
    "prune_above",
)  # fmt: skip


def sort_options(kind: type) -> tuple[list[str], list[str]]:
    """The most used decoder options, and the others."""
    names = list(declared(kind))
    first = [n for n in ORDER if n in names] + [n for n in names if n not in ORDER and n not in LATER]
    return first, [n for n in names if n in LATER]


def describe_options(kind: type) -> dict[str, str]:
    """Description of each decoder option from its docstring, with its unit, if any."""
    docs = [inspect.cleandoc(part.__dict__.get("__doc__") or "") for part in reversed(kind.__mro__[:-1])]
    text = "\n".join(docs).replace("``", "`")
    entry = re.compile(r"^(\w+) : ([^\n]*)\n((?:    [^\n]+\n?)+)", re.M)
    told = {name: (kind, " ".join(lines.split())) for name, kind, lines in entry.findall(text)}
    units = {name: kind.partition(", ")[2] for name, (kind, _) in told.items() if "," in kind}
    return {name: sentence + (f" ({units[name]})" if units.get(name) else "") for name, (_, sentence) in told.items()}


Control: TypeAlias = gr.Radio | gr.Checkbox | gr.Slider | gr.Number


def make_control(kind: type, name: str, value, sentence: str) -> Control:
    """A slider, radio button, checkbox or number field, with the option's name as label and ``elem_id``."""
    look: dict[str, Any] = {"label": name, "info": sentence, "elem_id": name, "interactive": True}
    hint, rules = declared(kind)[name]
    if rules.get("among"):
        return gr.Radio(list(rules["among"]), value=value, **look)
    if isinstance(value, bool):
        return gr.Checkbox(value, **look)
    if (span := _span(name, hint, rules, value)) is not None:
        low, high, step = span
        return gr.Slider(min(low, value), max(high, value), value, step=step, **look)
    return gr.Number(value, precision=0 if hint is int else None, **look)


def _span(name: str, hint, rules, value) -> tuple[float, float, float] | None:
    """Low, high and step of a slider; None for whole numbers, and numbers without bounds, of no known range."""
    if name in RANGES:
        return RANGES[name]
    low, high = rules.get("low"), rules.get("high")
    if hint is not float or low is None or high is None:
        return None
    high = high if high <= 1 or not value else min(high, WIDEST * value)
    return low, high, (high - low) / 200
