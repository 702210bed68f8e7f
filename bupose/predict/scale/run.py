"""A run over many pictures on a cluster: shards of Parquet instead of one folder of results."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from bupose import __version__, weights
from bupose.errors import DiskError, InputError, OptionsError
from bupose.exchange.formats.shards import SHARDS
from bupose.folder import RUN, UNFINISHED, open_output
from bupose.images import Clip
from bupose.images.files import shorten
from bupose.media.file_names import printable
from bupose.media.passed_over import PassedOver
from bupose.media.remote import is_url
from bupose.paths import expand
from bupose.predict.options import InferOptions, flat_settings
from bupose.predict.scale.done import begin, find_done, refuse_others
from bupose.predict.scale.inputs import Inputs, find_inputs
from bupose.predict.scale.place import Place
from bupose.predict.scale.ray_engine import connected, count_workers, work
from bupose.predict.scale.units import Unit, plan, split, unreadable
from bupose.predict.scale.worker import Receipt
from bupose.wording import counted

SHOWN = 20  # problems that are told one by one
SMALLER = (32, 1)  # pictures of units that are tried again, after their worker ended
KILLED = "the process that read it ended: too little memory, or a file that no decoder survives"
# Options of other results, or of how they are come by.
_OTHERS = (
    "output", "batch", "device", "runtime", "threads", "compile", "resume", "overwrite", "show", "accept_license",
    "input", "json", "csv", "openpose", "overlays", "overlay_format", "fields", "fields_pictures", "tables",
    "overlay", "ray", "also", "write", "engine",
)  # fmt: skip


@dataclass
class Summary:
    """Summary of a run: rows are pictures and frames of videos."""

    place: str = ""
    pictures: int = 0
    people: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    passed_over: PassedOver = field(default_factory=PassedOver)

    def __str__(self) -> str:
        skipped = f", {self.skipped} done before" if self.skipped else ""
        rate = self.pictures / self.seconds if self.seconds else 0
        return (
            f"{counted(self.pictures, 'picture')}, {counted(self.people, 'person')}, {self.failed} failed{skipped}; "
            f"{self.seconds:.1f} s, {rate:.1f} images/s"
        )


def infer_many(options: InferOptions) -> Summary:
    """Find the people in all pictures and videos of ``options.input`` on a Ray cluster, and write shards.

    Raises
    ------
    BuposeError
        There is no input, network, cluster or Ray, or nothing can be written. What single pictures lack is in their
        rows.
    KeyboardInterrupt
        After an interruption; what is finished is kept.
    """
    _check(options)
    local = not (options.output and is_url(options.output))
    exclude = [expand(options.output)] if local and options.output else []
    inputs = find_inputs(options.input, exclude)
    network = weights.resolve(options.weights, options.accept_license)
    settings = _settings(options, network)
    with _output(options, settings) as place, connected(options.ray):
        begin(place, options, settings)
        run = _Run(options, place, inputs)
        try:
            run.go()
        except DiskError as problem:
            told = str(problem).partition(";")[0]
            raise DiskError(f"{told}; what is finished is kept: make room, and go on with resume=true") from None
        except KeyboardInterrupt as stop:
            stop.args = (f"after {counted(run.summary.pictures, 'picture')}; resume=true goes on from here",)
            raise
        return run.summary


class _Run:
    def __init__(self, options: InferOptions, place: Place, inputs: Inputs) -> None:
        self.options, self.place = options, place
        done, self._next = find_done(place)
        self.inputs = inputs.without(done)
        self.summary = Summary(place.base, skipped=len(inputs) - len(self.inputs), passed_over=inputs.passed_over)

    def go(self) -> None:
        begun = time.perf_counter()
        options, summary = self.options, self.summary
        self._workers = count_workers(options.ray)
        total = len(self.inputs) + len(self.inputs.problems)
        with tqdm(total=total, unit=" inputs", disable=None, dynamic_ncols=True) as self._bar:
            try:
                units = [
                    *plan(self.inputs, options.ray.rows, self._workers, self._next),
                    *unreadable(self.inputs.problems, self._next + total),
                ]
                self._do(self._do_again(self._do(units)))
            finally:
                summary.seconds = time.perf_counter() - begun

    def _do_again(self, missing: list[tuple[Unit, str]]) -> list[Unit]:
        """Try lost units again, in ever smaller ones; returns what is left, with what is wrong with each."""
        for most in SMALLER:
            self._remove(missing)
            missing = self._do(split([unit for unit, _ in missing], most, self._next))
        self._remove(missing)
        return unreadable([(unit.paths[0], problem or KILLED) for unit, problem in missing], self._next)

    def _remove(self, missing: list[tuple[Unit, str]]) -> None:
        """Shards whose worker ended between writing and telling: their pictures are done again, in other shards."""
        there = set(self.place.names()) if missing else set()
        for unit, _ in missing:
            if unit.name in there:
                self.place.remove(self.place.where(unit.name))

    def _do(self, units: list[Unit]) -> list[tuple[Unit, str]]:
        """Do units; returns those that are not done, with the reason where it is known."""
        if not units:
            return []
        self._next += len(units)
        left, reasons = {unit.name: unit for unit in units}, {}
        for receipt in work(units, self.options.ray, self._workers, self._construct()):
            if receipt.fatal:
                raise (DiskError if receipt.disk else InputError)(receipt.fatal)
            if receipt.broken:
                reasons[receipt.unit] = receipt.broken
            elif (unit := left.pop(receipt.unit, None)) is not None:
                self._note(receipt, len(unit.paths))
        if len(left) == len(units) > 1 and not reasons:
            raise InputError(
                "every worker ended before it had finished anything: too little memory, or a network that cannot be "
                "loaded there; try the plain command with one picture on that machine, or fewer ray.workers"
            )
        return [(unit, reasons.get(name, "")) for name, unit in left.items()]

    def _construct(self) -> dict:
        """Arguments of a worker."""
        options = self.options
        given = options.weights
        if given is not None and expand(given).exists():
            given = str(expand(given).absolute())
        follow = options.track if options.tracking != "off" else None
        return {
            "place": self.place.base, "about": {"bupose": __version__}, "weights": given,
            "accept_license": options.accept_license, "track": follow, "look_every": options.look_every,
            "clip": Clip(options.start, options.end, options.every),
            **options.for_estimator(), "threads": options.threads or options.ray.cpus,
        }  # fmt: skip

    def _note(self, receipt: Receipt, inputs: int) -> None:
        summary = self.summary
        for problem in receipt.problems[: max(0, SHOWN - summary.failed)]:
            tqdm.write(printable(shorten(problem)), file=sys.stderr)
        summary.pictures += receipt.rows - receipt.failed
        summary.people += receipt.people
        summary.failed += receipt.failed
        self._bar.update(inputs)
        self._bar.set_postfix(people=summary.people, refresh=False)


@contextmanager
def _output(options: InferOptions, settings: dict) -> Iterator[Place]:
    """Where shards go, checked against what is there; a run that ends well is noted."""
    if options.output and is_url(options.output):
        place = Place(f"{options.output.rstrip('/')}/{SHARDS}")
        refuse_others(place, options, settings)
        yield place
        place.write_text(RUN, json.dumps({"bupose": __version__, **settings}, indent=1))
        place.remove(place.beside(UNFINISHED))
        return
    folder = open_output(
        options.output, "out", settings, results=(SHARDS,), overwrite=options.overwrite, resume=options.resume
    )
    with folder:
        place = Place(str(folder.path / SHARDS))
        refuse_others(place, options, settings)
        yield place
        folder.finish()
        place.remove(place.beside(UNFINISHED))


def _check(options: InferOptions) -> None:
    """Refuse what this engine does not write."""
    if options.also:
        raise OptionsError("also= is not for engine=ray; write other formats of its shards by bupose convert")
    if options.tracking == "live":
        raise OptionsError("tracking=live is for cameras; engine=ray takes whole videos: leave it out, or tracking=off")


def _settings(options: InferOptions, network: Path) -> dict:
    """What the rows depend on."""
    values = flat_settings(options)
    values = {key: value for key, value in values.items() if {key, key.split(".")[0]}.isdisjoint(_OTHERS)}
    told = f"{network.name} of {network.stat().st_size} bytes"
    return {"command": "infer", "engine": "ray", **values, "weights": told}
