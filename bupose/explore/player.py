"""The part of the page for videos: people followed through a part, played, and their joints over time."""

from __future__ import annotations

import html
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import gradio as gr

from bupose.errors import BuposeError, InputError
from bupose.explore.followed import Followed, follow
from bupose.explore.observation import Film
from bupose.viz import OverlayOptions
from bupose.wording import counted

if TYPE_CHECKING:
    from bupose.explore.page import Page

LONGEST = 120  # seconds
CLIPS, CURVES = "clips", "curves"  # folders in a tab's folder
KEPT = {CLIPS: 2, CURVES: 8}  # the latest: what has just gone from the page may still be on its way to the browser


class Player:
    """Components and handlers; made inside the ``gr.Blocks`` they belong to.

    Parameters
    ----------
    joints : sequence of names
        Of the network's skeleton.
    """

    def __init__(self, joints: Sequence[str]) -> None:
        self._running: dict[str, Event] = {}  # by the tab's desk; set when that is enough
        self.followed, self.who = gr.State(None), gr.State(None)
        with gr.Accordion("people over time", open=False, visible=False, elem_id="player") as self.box:
            with gr.Row(equal_height=True):
                self.seconds = gr.Number(10, label="seconds", minimum=0.1, maximum=LONGEST, elem_id="seconds", scale=1)
                self.begin = gr.Button("follow people from this frame on", elem_id="follow", scale=3, size="md")
                self.stop = gr.Button("stop", elem_id="stop", scale=1, size="md")
            self.progress = gr.HTML(elem_id="progress")
            self.clip = gr.Video(
                elem_id="clip", interactive=False, show_label=False, visible=False, buttons=["download"], loop=True
            )
            with gr.Row(visible=False, elem_id="spans") as self.spans:
                self.list = gr.Dataframe(
                    headers=["person", "from second", "to second", "frames"],
                    datatype="number",
                    interactive=False,
                    show_label=False,
                    max_height=220,
                    buttons=[],
                    elem_id="followed",
                    scale=3,
                )
                names = [(name.replace("_", " "), n) for n, name in enumerate(joints)]
                first = next((n for n, name in enumerate(joints) if "wrist" in name), 0)
                self.joint = gr.Dropdown(names, value=first, label="joint over time", elem_id="over_time", scale=1)
            self.curves = gr.Image(elem_id="curves", interactive=False, show_label=False, visible=False, buttons=[])

    @property
    def inputs(self) -> list:
        """What handlers need."""
        return [self.followed, self.who, self.seconds, self.joint]

    @property
    def shown(self) -> list:
        """What shows a followed part."""
        return [self.followed, self.who, self.box, self.progress, self.clip, self.spans, self.list, self.curves]

    def connect(self, page: Page, inputs: set, message: gr.HTML, quiet: dict[str, Any], slow: dict[str, Any]) -> None:
        """Attach the handlers."""
        self.page, self.message = page, message
        alone = {**slow, "trigger_mode": "once", "show_progress": "hidden"}
        del alone["show_progress_on"]
        self.begin.click(self.follow, inputs, [*self.shown, message], **alone)
        self.stop.click(self.ask_to_stop, inputs, self.progress, **quiet)
        self.list.select(self.pick, inputs, [self.who, self.curves, message], **quiet)
        self.joint.input(self.draw, inputs, [self.curves, message], **quiet)

    def fit(self, said: dict, film: Film | None) -> dict:
        """Another photo or frame: what was followed stays for other frames of the same video."""
        box = {self.box: gr.update(visible=film is not None and film.count > 1)}
        before = said[self.followed]
        if before is not None and film is not None and before.film.path == film.path:
            return box
        return {**box, **self._empty()}

    def _empty(self) -> dict:
        gone = gr.update(value=None, visible=False)
        return {
            self.followed: None,
            self.who: None,
            self.progress: "",
            self.clip: gone,
            self.spans: gr.update(visible=False),
            self.curves: gone,
        }

    # --- handlers ---

    def follow(self, said: dict) -> Iterator[dict]:
        """The button: progress each second, then the part as a video, and its people."""
        session, page = said[self.page.on.session], self.page
        try:
            desk = page.desk(said)
            if session is None or session.observation.film is None:
                raise InputError("only people in a video can be followed; drop one")
            if not said[self.seconds]:
                raise InputError("seconds is empty; give a number")
            enough = self._running[str(desk)] = Event()
            yield {**self._empty(), self.message: gr.update(visible=False)}
            estimator = page.estimator.with_decoder(**page.options(said))
            part, told = None, 0.0
            film = session.observation.film
            for step in follow(estimator, film, said[self.seconds], page.track, enough.is_set, page.look_every):
                if isinstance(step, Followed):
                    part = step
                elif time.monotonic() - told > 1:
                    told = time.monotonic()
                    yield {self.progress: f"{counted(step, 'frame')} seen"}
            if part is None or not desk.is_dir():  # the tab was closed
                return
            yield {self.progress: f"{counted(len(part.frames), 'frame')} seen; drawing"}
            folder = _new_place(desk, CLIPS)
            path = part.write(folder, page.overlay or OverlayOptions(), estimator.max_pixels)
        except BuposeError as problem:
            yield {self.message: sentence(problem), self.progress: ""}
            return
        finally:
            self._running.pop(str(said[self.page.on.desk]), None)
        spans = part.spans()
        rows = [[span.who, round(span.first, 2), round(span.last, 2), span.frames] for span in spans]
        start, end = part.times[[0, -1]]
        yield {
            self.followed: part,
            self.progress: f"{counted(len(spans), 'person')} in {counted(len(part.frames), 'frame')}, "
            f"second {start:.2f} to {end:.2f}",
            self.clip: gr.update(value=str(path), visible=True),
            self.spans: gr.update(visible=bool(rows)),
            self.list: rows,
            **self._show(part, spans[0].who if spans else None, said),
        }

    def ask_to_stop(self, said: dict) -> str | dict:
        """The other button."""
        return "stopping" if self.end(str(said[self.page.on.desk])) else gr.skip()

    def end(self, desk: str) -> bool:
        """What a tab has followed by now is enough; whether it was following anybody."""
        running = self._running.get(desk)
        if running is not None:
            running.set()
        return running is not None

    def pick(self, said: dict, event: gr.SelectData) -> dict:
        """A person of the list."""
        return self._show(said[self.followed], int(event.row_value[0]), said)

    def draw(self, said: dict) -> dict:
        """Another joint."""
        shown = self._show(said[self.followed], said[self.who], said)
        return {component: value for component, value in shown.items() if component is not self.who}

    def _show(self, part: Followed | None, who: int | None, said: dict) -> dict:
        """A person's curves."""
        if part is None or who is None:
            return {self.who: None, self.curves: gr.update(visible=False)}
        try:
            path = _new_place(self.page.desk(said), CURVES) / f"person_{who}.png"
        except BuposeError as problem:
            return {self.message: sentence(problem)}
        part.plot(who, said[self.joint]).savefig(path, dpi=110)
        return {self.who: who, self.curves: gr.update(value=str(path), visible=True)}


def _new_place(desk: Path, kind: str) -> Path:
    """A folder of a new name, so that the browser sees a new address; of those before the latest stay."""
    folder = desk / kind / str(time.time_ns())
    folder.mkdir(parents=True)
    for old in sorted(folder.parent.iterdir())[: -KEPT[kind]]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def sentence(problem: BuposeError) -> dict:
    """A message on the page."""
    return gr.update(value=f"<p>{html.escape(str(problem))}</p>", visible=True)
