"""What a command needs of its process: an end that is told, signals that lose nothing, output that goes nowhere."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from bupose.errors import BuposeError
from bupose.messages import messages_shown

USAGE, INTERRUPTED = 2, 130  # exit statuses
_STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_AS_STARTED = (signal.SIG_DFL, signal.default_int_handler)
_READER_GONE = {errno.EPIPE, errno.EBADF, errno.EINVAL}  # the last on Windows


class Stopped(KeyboardInterrupt):
    """SIGTERM or SIGHUP came; ``number`` says which. What holds for Ctrl-C holds for it."""

    number = signal.SIGTERM


def run(work: Callable[[], int | None]) -> int:
    """Do a command's work, and tell how it ended.

    Returns
    -------
    int
        The exit status: what ``work`` gives, 2 after a mistake, told in one sentence on stderr, and 128 and the
        signal's number after Ctrl-C (130), SIGTERM (143) or SIGHUP; the same again ends at once. With
        ``BUPOSE_DEBUG=1`` errors are raised instead.
    """
    with _lasting_output() as out, _stopped_by_signals(), _noted_warnings(), messages_shown():
        try:
            status = work() or 0
        except (KeyboardInterrupt, BuposeError) as problem:
            status = tell(problem)
        out.flush()
        if out.failure is not None and not status:
            print(f"error: cannot write to the standard output: {out.failure.strerror}", file=sys.stderr)
            status = USAGE
    return status


def tell(problem: BaseException) -> int:
    """Say on stderr why a command ends early; gives its exit status.

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
    """What is raised where a signal asks for an end."""
    if number == signal.SIGINT:
        return KeyboardInterrupt()
    stop = Stopped()
    stop.number = number
    return stop


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Signals that ask for an end raise, once; ignored ones (nohup) stay so, and those that others handle theirs."""
    owner, before = os.getpid(), {}

    def stop(number: int, _) -> None:
        for taken in before:
            signal.signal(taken, signal.SIG_DFL)  # again: at once
        if os.getpid() != owner:  # a worker's process, which has nothing to lose
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
    """A text stream that outlives what it is written to.

    Where nobody reads any more (a closed pipe, ``>&-``) or nothing fits (a full disk), what follows is dropped, and
    ``failure`` says why unless the reader went. Characters that its encoding lacks are escaped.
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
            if self._stream.fileno() in (1, 2):  # what is buffered still, and what libraries write, goes there, too
                os.dup2(nowhere.fileno(), self._stream.fileno())
        self._stream = nowhere


@contextmanager
def _lasting_output() -> Iterator[Lasting]:
    """The standard streams as such that last."""
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
    """Warnings on one line, in place of Python's two with a path of the installation."""

    def note(message, *_, **__) -> None:
        print(f"note: {' '.join(str(message).split())}", file=sys.stderr)

    before, warnings.showwarning = warnings.showwarning, note
    try:
        yield
    finally:
        warnings.showwarning = before
