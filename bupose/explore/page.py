"""Event handlers of the page: each gets the state of the page, and returns the changes."""

from __future__ import annotations

import html
import logging
import os
import shutil
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr
from matplotlib import cbook

from bupose.errors import BuposeError, InputError, OptionsError
from bupose.estimate.estimator import Estimator
from bupose.explore.canvas import draw_view, list_views, shown_joints
from bupose.explore.layout import ALL, Layout
from bupose.explore.observation import Observation, draw_crowd, look
from bupose.explore.player import sentence
from bupose.explore.session import Session
from bupose.explore.storage import TABS, Uploads, release_taken
from bupose.predict.output import write_coco, write_image
from bupose.track import TrackOptions
from bupose.viz import OverlayOptions
from bupose.viz.fields import spec_of

_LOG = logging.getLogger(__name__)

PORTRAIT = "grace_hopper.jpg"  # in the public domain, and in matplotlib
KEPT = 8  # states of a tab whose files stay: downloads and fading pictures may still want them
GONE = "this tab was left alone for too long and its photo is gone; reload the page"
FATES = {"used": "yes", "matched": "matched only", "rejected": "no"}


class Blocks(gr.Blocks):
    """Gradio's Blocks, with any error in a handler reported in one sentence on the page and on stderr."""

    async def process_api(self, *args, **kwargs):
        try:
            return await super().process_api(*args, **kwargs)
        except Exception as problem:
            if os.environ.get("BUPOSE_DEBUG") == "1":
                traceback.print_exc()
            what = problem.message if isinstance(problem, gr.Error) else f"{type(problem).__name__}: {problem}"
            what = " ".join(str(what).split())
            _LOG.error("error: the page's request failed (%s)", what)
            raise gr.Error(html.escape(what), duration=10, print_exception=False) from None


class Page:
    """The page of one estimator.

    Parameters
    ----------
    estimator : Estimator
    first : Observation
        The initial photo of every tab.
    uploads : Uploads
        What is dropped; each tab keeps its files in the same folder.
    overlay : OverlayOptions, optional
        How people are drawn.
    track : TrackOptions, optional
        How people are followed through a video.
    look_every : int
        As of :meth:`bupose.estimate.Estimator.stream`, for a followed video.
    """

    def __init__(
        self,
        estimator: Estimator,
        first: Observation,
        uploads: Uploads,
        overlay: OverlayOptions | None = None,
        track: TrackOptions | None = None,
        look_every: int = 1,
    ) -> None:
        self.estimator, self.first, self.uploads, self.overlay = estimator, first, uploads, overlay
        self.track, self.look_every = track or TrackOptions(), look_every
        self.tabs: dict[str, str] = {}  # a tab's desk by gradio's name of the tab
        session = Session.begin(first, estimator.decoder)  # kernels are compiled before the first grouping is timed
        with Blocks(title="bupose", analytics_enabled=False, fill_width=True) as self.blocks:
            self.on = Layout(session.trace, _clear_desk)
            self._connect()

    def _connect(self) -> None:
        on = self.on
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        last = {**quiet, "trigger_mode": "always_last"}  # of many moves of a slider, the first and the last
        slow = {**last, "show_progress": "minimal", "concurrency_limit": 1, "concurrency_id": "network"}
        slow["show_progress_on"] = on.canvas
        fresh = [*on.shown, on.drop, on.frame, *on.player.shown]
        moved = [control.input for control in on.options.values()]

        self.blocks.load(self.start, on.inputs, [*fresh, on.desk], **quiet)
        self.blocks.unload(self.leave)
        on.drop.upload(self.take_file, on.inputs, fresh, **slow)
        on.portrait.click(self.take_portrait, on.inputs, fresh, **slow)
        on.crowd.click(self.take_crowd, on.inputs, fresh, **slow)
        on.frame.input(self.take_frame, on.inputs, fresh, **slow)
        gr.on(moved, self.regroup, on.inputs, on.shown, **last)
        on.reset.click(self.give_defaults, None, list(on.options.values()), **quiet).then(
            self.regroup, on.inputs, on.shown, **quiet
        )
        gr.on([on.view.input, on.peaks.input], self.redraw, on.inputs, on.shown, **last)
        for which in (on.joint, on.limb):
            choose = partial(self.choose_view, which)
            which.input(choose, on.inputs, on.view, **quiet).then(self.redraw, on.inputs, on.shown, **quiet)
        on.canvas.select(self.click, on.inputs, on.shown, **quiet)
        on.people.select(self.pick_person, on.inputs, on.shown, **quiet)
        on.candidates.select(self.pick_candidate, on.inputs, on.shown, **quiet)
        on.player.connect(self, on.inputs, on.message, quiet, slow)

    # --- handlers ---

    def start(self, said: dict, request: gr.Request) -> dict:
        """A new tab, with a folder of its own."""
        desk = tempfile.mkdtemp(dir=self.uploads.folder / TABS)
        self.tabs[request.session_hash or ""] = desk
        return {**self._see({**said, self.on.desk: desk}, lambda: self.first), self.on.desk: desk}

    def leave(self, request: gr.Request) -> None:
        """A tab was closed."""
        self.on.player.end(self.tabs.get(request.session_hash or "", ""))
        _clear_desk(self.tabs.pop(request.session_hash or "", None))

    def take_file(self, said: dict) -> dict:
        """A file was dropped."""

        def find() -> Observation:
            if said[self.on.drop] is None:
                raise InputError("no file came with that; drop it again")
            return look(self.estimator, self.uploads.take(said[self.on.drop], self.desk(said)))

        return self._see(said, find)

    def take_portrait(self, said: dict) -> dict:
        """The button of that name."""
        return self._see(said, lambda: look(self.estimator, cbook.get_sample_data(PORTRAIT, asfileobj=False)))

    def take_crowd(self, said: dict) -> dict:
        """The button of that name."""
        return self._see(said, lambda: look(self.estimator, *draw_crowd()))

    def take_frame(self, said: dict) -> dict:
        """Another frame of the video."""
        session = said[self.on.session]
        if session is None or session.observation.film is None:
            return {}
        return self._see(said, lambda: look(self.estimator, session.observation.film.at(said[self.on.frame])))

    def regroup(self, said: dict) -> dict:
        """A control was moved."""
        return self._change(said, lambda session: session.regroup(self.options(said)))

    def give_defaults(self) -> list:
        """Where the controls stood at first."""
        return [getattr(self.estimator.decoder, name) for name in self.on.options]

    def redraw(self, said: dict) -> dict:
        """Another view."""
        return self._change(said, lambda session: session)

    def choose_view(self, which: gr.Dropdown, said: dict) -> str:
        """A joint or limb was chosen: the view stays if it is of a map of those, else it is the first such."""
        views, maps = list_views(self.first.maps), self.first.maps
        rows = maps.skeleton.joints if which is self.on.joint else maps.skeleton.limb_names
        fitting = [view for view, name in views.items() if name and spec_of(maps, name).rows == rows]
        return said[self.on.view] if said[self.on.view] in fitting or not fitting else fitting[0]

    def click(self, said: dict, event: gr.SelectData) -> dict:
        """Into the picture."""
        return self._change(said, lambda session: session.click(event.index, shown_joints(session, *self._view(said))))

    def pick_person(self, said: dict, event: gr.SelectData) -> dict:
        """Of the list."""
        return self._change(said, lambda session: session.pick_person(int(event.row_value[0])))

    def pick_candidate(self, said: dict, event: gr.SelectData) -> dict:
        """Of the table."""

        def pick(session: Session) -> Session:
            names = [[candidate.kind, candidate.partner] for candidate in session.candidates()]
            return session.pick_candidate(
                names.index(list(event.row_value[:2]))
            )  # whatever order the user sorted them in

        return self._change(said, pick)

    # --- what they share ---

    def _see(self, said: dict, find: Callable[[], Observation]) -> dict:
        """Another photo; where it cannot be had, a sentence, and all else stays."""
        on, session = self.on, said[self.on.session]
        try:
            self.desk(said)
            observation = find()
            session = Session.begin(observation, self.estimator.codec.with_decoder(**self.options(said)).decoder)
        except BuposeError as problem:
            return {on.message: sentence(problem), on.drop: None}
        finally:
            film = None if session is None else session.observation.film
            if said[on.desk] is not None:
                release_taken(Path(said[on.desk]), None if film is None else film.path)
        film = observation.film
        many, at = (0, 0) if film is None else (film.count - 1, film.frame)
        frame = gr.update(visible=many > 0, maximum=max(many, 1), value=at if many else 0)
        return {**self._show(said, session), on.drop: None, on.frame: frame, **on.player.fit(said, film)}

    def _change(self, said: dict, change: Callable[[Session], Session]) -> dict:
        try:
            if said[self.on.session] is None:
                raise InputError(GONE)
            return self._show(said, change(said[self.on.session]))
        except BuposeError as problem:
            return {self.on.message: sentence(problem)}

    def desk(self, said: dict) -> Path:
        if said[self.on.desk] is None:
            raise InputError(GONE)
        return Path(said[self.on.desk])

    def options(self, said: dict) -> dict:
        values = {name: said[control] for name, control in self.on.options.items()}
        empty = [name for name, value in values.items() if value is None]
        if empty:
            raise OptionsError(f"{empty[0]} is empty; give a number")
        return values

    def _view(self, said: dict) -> tuple[str, int | None, int | None]:
        joint, limb = (None if said[which] == ALL else said[which] for which in (self.on.joint, self.on.limb))
        return said[self.on.view], joint, limb

    def _show(self, said: dict, session: Session) -> dict:
        on, folder, people = self.on, _new_folder(self.desk(said)), session.trace.people
        picture, results = (
            folder / f"{session.observation.stem}.jpg",
            folder / f"{session.observation.stem}_people.json",
        )
        view = draw_view(session, *self._view(said), said[on.peaks], self.overlay)
        write_image(picture, view, quality=95)
        write_coco(results, session.coco())
        told = [None] * len(people) if people.hidden is None else people.hidden.sum(1).tolist()
        rows = [
            [n, round(float(score), 3), int(here.sum()), int(filled.sum()), hidden]
            for n, (score, here, filled, hidden) in enumerate(
                zip(people.person_score, people.present, people.completed, told, strict=True)
            )
        ]
        candidates = [[c.kind, c.partner, *c.evidence, FATES[c.fate], c.reason] for c in session.candidates()]
        return {
            on.session: session,
            on.canvas: str(picture),
            on.picture: str(picture),
            on.json: str(results),
            on.summary: html.escape(session.summary()),
            on.people: rows,
            on.headline: html.escape(session.headline()),
            on.candidates: gr.update(value=candidates, visible=bool(candidates)),
            on.plot: self._plot(session, folder),
            on.message: gr.update(visible=False),
        }

    def _plot(self, session: Session, folder: Path) -> dict:
        plot = session.plot()
        if plot is None:
            return gr.update(visible=False)
        plot.savefig(folder / "plot.png", dpi=110)
        return gr.update(value=str(folder / "plot.png"), visible=True)


def _new_folder(desk: Path) -> Path:
    """A folder for the next files, so that the browser sees a new address; of those before, the last few stay."""
    before = sorted(int(folder.name) for folder in desk.glob("[0-9]*"))
    for n in before[:-KEPT]:
        _clear_desk(str(desk / str(n)))
    for n in count(before[-1] + 1 if before else 0):
        with suppress(FileExistsError):  # a tab may ask for several at once
            (desk / str(n)).mkdir(parents=True)  # of a tab that was cut off, too
            return desk / str(n)
    raise AssertionError


def _clear_desk(folder: str | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
