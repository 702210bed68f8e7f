"""Layout of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import gradio as gr

from bupose.explore.canvas import list_views
from bupose.explore.controls import Control, describe_options, make_control, sort_options
from bupose.explore.player import Player
from bupose.maps import Maps
from bupose.methods.trace import Trace
from bupose.viz.fields import limb_title

ALL = -1  # in the lists of joints and limbs


class Layout:
    """The page's components, made inside the ``gr.Blocks`` they belong to.

    Parameters
    ----------
    trace : Trace
        Of any photo: its maps and links are what can be shown, its options are where the controls stand at first.
    clear_desk : callable
        Removes the folder, or None, that a tab's files are written to.
    """

    def __init__(self, trace: Trace, clear_desk: Callable) -> None:
        self.session = gr.State(None)
        self.desk = gr.State(None, delete_callback=clear_desk)
        with gr.Row():
            with gr.Column(scale=5, min_width=560, elem_id="main"):
                self.player = Player(trace.maps.skeleton.joints)
                self._add_views(trace.maps)
                self._add_picture()
                self._add_choice(trace)
            with gr.Column(scale=2, min_width=340):
                self._add_input()
                self._add_people()
                self._add_controls(trace.options)

    def _add_views(self, maps: Maps) -> None:
        skeleton, rows = maps.skeleton, [spec.rows for spec in maps.specs]
        joints = [("all joints", ALL), *((name.replace("_", " "), n) for n, name in enumerate(skeleton.joints))]
        limbs = [("all limbs", ALL), *((limb_title(name), n) for n, name in enumerate(skeleton.limb_names))]
        with gr.Row(equal_height=True):
            self.view = gr.Radio(
                list(list_views(maps)), value="people", label="show", elem_id="view", scale=5, min_width=440
            )
            self.joint = gr.Dropdown(joints, value=ALL, label="heatmap of", elem_id="joint", scale=2, min_width=130)
            self.limb = gr.Dropdown(
                limbs, value=ALL, label="field of", elem_id="limb", scale=3, min_width=170,
                visible=skeleton.limb_names in rows,
            )  # fmt: skip
            self.peaks = gr.Checkbox(False, label="peaks", elem_id="peaks", scale=1, min_width=80)

    def _add_picture(self) -> None:
        self.canvas = gr.Image(elem_id="canvas", interactive=False, show_label=False, buttons=["fullscreen"])
        self.summary = gr.HTML(elem_id="summary")
        with gr.Row():
            self.json = gr.DownloadButton("Download COCO JSON", size="sm", elem_id="json")
            self.picture = gr.DownloadButton("Download this picture", size="sm", elem_id="picture")

    def _add_choice(self, trace: Trace) -> None:
        words = trace.evidence_words
        number: Literal["number"] = "number"
        wide = [8 if len(word) < 8 else 11 for word in words]
        self.headline = gr.HTML(elem_id="headline")
        self.candidates = gr.Dataframe(
            headers=[trace.link_word, "to", *words, "joined", "why"],
            datatype=["str", "str", *(number for _ in words), "str", "str"],
            column_widths=["17%", "14%", *(f"{n}%" for n in wide), "9%", f"{60 - sum(wide)}%"],
            interactive=False,
            wrap=True,
            visible=False,
            show_label=False,
            max_height=320,
            buttons=[],
            elem_id="candidates",
        )
        self.plot = gr.Image(elem_id="plot", interactive=False, show_label=False, visible=False, buttons=[])

    def _add_input(self) -> None:
        self.drop = gr.File(label="drop a photo or a video", show_label=False, height=140, elem_id="drop")
        self.message = gr.HTML(elem_id="message", visible=False)
        with gr.Row():
            self.portrait = gr.Button("a portrait", size="sm", elem_id="portrait")
            self.crowd = gr.Button("a drawn crowd", size="sm", elem_id="crowd")
        self.frame = gr.Slider(0, 1, 0, step=1, label="frame", visible=False, elem_id="frame")

    def _add_people(self) -> None:
        self.people = gr.Dataframe(
            headers=["person", "score", "joints", "completed", "hidden"],
            datatype="number",
            interactive=False,
            show_label=False,
            max_height=250,
            buttons=[],
            elem_id="people",
        )

    def _add_controls(self, decoder) -> None:
        kind, values = type(decoder), vars(decoder)
        sentences = describe_options(kind)
        self.options: dict[str, Control] = {}
        for names, title in zip(sort_options(kind), ("grouping", "more of the grouping"), strict=True):
            if names:
                with gr.Accordion(title, open=title == "grouping"):
                    for name in names:
                        self.options[name] = make_control(kind, name, values[name], sentences.get(name, ""))
        self.reset = gr.Button("reset the grouping", size="sm", elem_id="reset")

    @property
    def inputs(self) -> set:
        """Inputs of handlers."""
        plain = (self.session, self.desk, self.view, self.joint, self.limb, self.peaks, self.drop, self.frame)
        return {*plain, *self.player.inputs, *self.options.values()}

    @property
    def shown(self) -> list:
        """Components that show a session."""
        return [
            self.session, self.canvas, self.summary, self.json, self.picture, self.headline, self.candidates, self.plot,
            self.people, self.message,
        ]  # fmt: skip
