"""What an actor does: units of pictures in, shards out."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from bupose import kernels
from bupose.errors import BuposeError, DiskError
from bupose.exchange.rows import Row, schema, writing_rows
from bupose.images import PICTURES
from bupose.images.files import name_once, quote, reason
from bupose.media.remote import open_file, suffix_of
from bupose.predict.mapper import PoseMapper
from bupose.predict.scale.inputs import TARS
from bupose.predict.scale.place import Place
from bupose.predict.scale.units import Unit

TOLD = 5  # problems of a unit that are told; all are in its shard


@dataclass
class Receipt:
    """What became of a unit.

    Parameters
    ----------
    unit : str
        Its name.
    rows, people, failed : int
        Rows written, people in them, rows with an error.
    problems : list of str
        The first few.
    broken : str
        Why the unit is not done, though others may be: an unexpected error.
    fatal : str
        Why the run cannot go on, "" if it can: a full disk, a network that cannot be loaded.
    disk : bool
        It is the disk.
    """

    unit: str
    rows: int = 0
    people: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)
    broken: str = ""
    fatal: str = ""
    disk: bool = False

    def note(self, row: Row) -> None:
        """Count a row."""
        self.rows += 1
        self.people += 0 if row.people is None else len(row.people)
        if row.error:
            self.failed += 1
            if len(self.problems) < TOLD:
                self.problems.append(name_once(row.path, row.error))


class ShardWorker:
    """Takes units, writes their shards and gives receipts.

    Parameters
    ----------
    place : str
        Where shards go.
    about : dict
        For their metadata.
    **options
        Of :class:`PoseMapper`.
    """

    def __init__(self, place: str, about: dict, **options: Any) -> None:
        self._place, self._about, self._problem = Place(place), about, ""
        kernels.load_ahead()
        try:
            self._mapper = PoseMapper(**options)
        except BuposeError as problem:
            self._problem = str(problem)

    def begin(self) -> None:
        """Answers when the network is loaded, or is known not to be."""

    def do(self, unit: Unit) -> Receipt:
        """Write a unit's shard."""
        receipt = Receipt(unit.name)
        if self._problem:
            receipt.fatal = self._problem
            return receipt
        try:
            with self._place.writing(unit.name) as path:
                self._write(unit, path, receipt)
        except DiskError as problem:
            receipt.fatal, receipt.disk = str(problem), True
        except BuposeError as problem:
            receipt.fatal = str(problem)
        except Exception as problem:  # of a network's runtime, say: the unit is tried again in parts
            receipt = Receipt(unit.name, broken=f"{type(problem).__name__}: {reason(problem)}")
        return receipt

    def _write(self, unit: Unit, path: str, receipt: Receipt) -> None:
        about = self._about | ({"whole": unit.paths[0]} if unit.whole else {})
        with writing_rows(path, schema(self._mapper.skeleton, about)) as add:
            for row in self._rows(unit):
                add(row)
                receipt.note(row)

    def _rows(self, unit: Unit) -> Iterator[Row]:
        path = unit.paths[0]
        if unit.problem:
            yield from (Row(path, error=unit.problem) for path in unit.paths)
        elif unit.whole and suffix_of(path) in TARS:
            yield from self._rows_of_tar(path)
        else:
            yield from (row for _, row in self._mapper.rows((path, None) for path in unit.paths))

    def _rows_of_tar(self, path: str) -> Iterator[Row]:
        """A row for each picture of a tar file, and one of what is wrong with the file."""
        problems: list[str] = []

        def members() -> Iterator[tuple[str, bytes]]:
            try:
                with open_file(path) as file, tarfile.open(fileobj=file, mode="r|*") as tar:
                    for member in tar:
                        name = PurePosixPath(member.name)
                        if member.isfile() and name.suffix.lower() in PICTURES and not name.name.startswith("."):
                            content = tar.extractfile(member)
                            yield f"{path}#{member.name}", content.read() if content else b""
            except (OSError, EOFError, tarfile.TarError, BuposeError) as problem:
                told = str(problem) if isinstance(problem, BuposeError) else reason(problem)
                problems.append(f"cannot read the tar file {quote(path)} to its end: {told}")

        empty = True
        for _, row in self._mapper.rows(members()):
            empty = False
            yield row
        if empty and not problems:
            problems.append(f"the tar file {quote(path)} holds no picture")
        yield from (Row(path, error=problem) for problem in problems)
