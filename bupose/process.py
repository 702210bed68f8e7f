"""Process handling for commands: exit status, signals, and broken output streams."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bupose.errors import BuposeError
from bupose.messages import messages_shown

USAGE, INTERRUPTED = 2, 130  # exit statuses
NO_THREADS = (
    "the system allows no further threads (a limit of the user's processes or address space, or of the container); "
    "raise it (ulimit -u, ulimit -v, the container's pids limit), or set OMP_NUM_THREADS=1"
)
_STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_AS_STARTED = (signal.SIG_DFL, signal.default_int_handler)
_READER_GONE = {errno.EPIPE, errno.EBADF, errno.EINVAL}  # the last on Windows


class Stopped(KeyboardInterrupt):
    """SIGTERM or SIGHUP (``number``), handled like Ctrl-C."""

    number: int = signal.SIGTERM


def run(work: Callable[[], int | None]) -> int:
    """Run a command and report how it ended.

    Returns
    -------
    int
        The exit status: what ``work`` returns, 2 after a user error, reported in one sentence on stderr, and 128 plus
        the signal's number after Ctrl-C (130), SIGTERM (143) or SIGHUP; a second signal ends at once. With
        ``BUPOSE_DEBUG=1`` errors are raised instead.
    """
    with _lasting_output() as out, _stopped_by_signals(), _noted_warnings(), messages_shown():
        try:
            status = work() or 0
        except (KeyboardInterrupt, BuposeError) as problem:
            status = tell(problem)
        except RuntimeError as problem:
            if str(problem) != "can't start new thread":  # Python's own words
                raise
            status = tell(BuposeError(NO_THREADS))
        out.flush()
        if out.failure is not None and not status:
            print(f"error: cannot write to the standard output: {out.failure.strerror}", file=sys.stderr)
            status = USAGE
    return status


def tell(problem: BaseException) -> int:
    """Report on stderr why a command ends early; returns its exit status.

    Raises
    ------
    BuposeError
        With ``BUPOSE_DEBUG=1``.
    """
    if isinstance(problem, KeyboardInterrupt):
        print(f"interrupted {problem}".strip(), file=sys.stderr)
        return 128 + problem.number if isinstance(problem, Stopped) else INTERRUPTED
    if os.environ.get("BUPOSE_DEBUG") == "1":
        raise problem
    print(f"error: {problem}", file=sys.stderr)
    return USAGE


def stop_for(number: int) -> KeyboardInterrupt:
    """The exception to raise for a signal."""
    if number == signal.SIGINT:
        return KeyboardInterrupt()
    stop = Stopped()
    stop.number = number
    return stop


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Termination signals raise once; ignored ones (nohup) and those handled elsewhere are left alone."""
    owner = os.getpid()
    before: dict[signal.Signals, Any] = {}

    def stop(number: int, _: object) -> None:
        for taken in before:
            signal.signal(taken, signal.SIG_DFL)  # again: at once
        if os.getpid() != owner:  # a worker process, which has nothing to save
            os.kill(os.getpid(), number)
        raise stop_for(number)

    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in _STOPS}
        before = {number: handler for number, handler in before.items() if handler in _AS_STARTED}
    try:
        for number in before:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Lasting:
    """A text stream that survives the loss of its target.

    After a closed pipe (``>&-``) or on a full disk, further output is dropped; ``failure`` holds the error unless only
    the reader went away. Characters that the encoding lacks are escaped.
    """

    def __init__(self, stream):
        self._stream, self.failure = stream, None
        if stream is None:
            self._give_up()

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            encoding = self._stream.encoding
            return self.write(text.encode(encoding, "backslashreplace").decode(encoding))
        except (OSError, ValueError) as problem:  # the second of a stream that was closed
            self._give_up(problem)
        return len(text)

    def writelines(self, lines) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as problem:
            self._give_up(problem)

    def _give_up(self, problem: Exception | None = None) -> None:
        if isinstance(problem, OSError) and problem.errno not in _READER_GONE:
            self.failure = problem
        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        with suppress(OSError, ValueError, AttributeError):
            if self._stream.fileno() in (1, 2):  # buffered text and what libraries write goes there, too
                os.dup2(nowhere.fileno(), self._stream.fileno())
        self._stream = nowhere


@contextmanager
def _lasting_output() -> Iterator[Lasting]:
    """Wrap the standard streams in ``Lasting``."""
    for number in range(3):  # a result's file must not get the number of a closed stream
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, _ = Lasting(sys.stdout), Lasting(sys.stderr)
    try:
        yield out
    finally:
        out.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


@contextmanager
def _noted_warnings() -> Iterator[None]:
    """Show warnings on one line, without Python's second line and path."""

    def note(message, category, *_, **__) -> None:
        if category.__name__ == "TracerWarning":  # torch's; its filter is lost while another thread changes them
            return
        print(f"note: {' '.join(str(message).split())}", file=sys.stderr)

    before, warnings.showwarning = warnings.showwarning, note
    try:
        yield
    finally:
        warnings.showwarning = before
