"""Progress messages, through ``logging`` under the logger ``bupose``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LOGGER = logging.getLogger("bupose")


class _PlainHandler(logging.Handler):
    """Prints bare messages: warnings to the current standard error, all else to the standard output."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            stream = sys.stderr if record.levelno >= logging.WARNING else sys.stdout
            print(self.format(record), file=stream, flush=True)
        except Exception:
            self.handleError(record)


_HANDLER = _PlainHandler()
_TOLD: set[str] = set()  # why somebody had to wait


def show_messages(level: int | str = "INFO") -> None:
    """Print bupose's progress messages, as its commands do; by default Python shows warnings only.

    Parameters
    ----------
    level : int or str
        The lowest level that is printed, as in ``logging``. Warnings and errors go to the standard error.
    """
    LOGGER.setLevel(level)
    LOGGER.addHandler(_HANDLER)
    LOGGER.propagate = False  # a handler of the root logger would print them again


def tell_waiting(why: str) -> None:
    """Say on a terminal why nothing happens for a while, once, in place of a progress bar that has just begun."""
    if sys.stderr.isatty() and why not in _TOLD:
        _TOLD.add(why)
        print(f"\r{why:<79}", file=sys.stderr, flush=True)


@contextmanager
def messages_shown() -> Iterator[None]:
    """``show_messages()`` while a command runs."""
    before = LOGGER.level, LOGGER.propagate, _HANDLER in LOGGER.handlers
    show_messages()
    try:
        yield
    finally:
        LOGGER.level, LOGGER.propagate, there = before
        if not there:
            LOGGER.removeHandler(_HANDLER)
