"""How commands end: signals, and output that nobody reads."""

import errno
import io
import os
import signal
import subprocess
import sys
import time
import warnings

import pytest

from bupose import process
from bupose.errors import InputError
from bupose.process import Lasting, Stopped

posix = pytest.mark.skipif(os.name != "posix", reason="signals and shells of POSIX")


@pytest.mark.parametrize(
    ("number", "status", "kind"),
    [("SIGINT", 130, KeyboardInterrupt), ("SIGTERM", 143, Stopped), ("SIGHUP", 129, Stopped)],
)
@posix
def test_a_signal_is_an_interruption(number, status, kind, capsys):
    seen, number = [], getattr(signal, number)
    before = signal.getsignal(number)

    def work():
        try:
            os.kill(os.getpid(), number)
            time.sleep(60)
        except KeyboardInterrupt as stop:
            seen.append(type(stop))
            assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL  # once more: at once
            stop.args = ("after 3 pictures",)
            raise

    if before not in (signal.SIG_DFL, signal.default_int_handler):
        pytest.skip("this signal is ignored or taken here")
    assert process.run(work) == status
    assert seen == [kind]
    assert signal.getsignal(number) is before
    assert capsys.readouterr().err == "interrupted after 3 pictures\n"


@posix
def test_a_second_signal_ends_at_once():
    code = """
import time
from bupose import process
def work():
    try:
        print("there", flush=True)
        time.sleep(600)
    finally:
        print("ending", flush=True)
        time.sleep(600)
process.run(work)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    for line in ("there\n", "ending\n"):
        assert child.stdout.readline() == line
        child.send_signal(signal.SIGINT)
    assert child.wait(60) == -signal.SIGINT


def test_mistakes_are_told(capsys, monkeypatch):
    monkeypatch.delenv("BUPOSE_DEBUG", raising=False)

    def work():
        raise InputError("there is no photo")

    assert process.run(work) == 2
    assert capsys.readouterr().err == "error: there is no photo\n"
    monkeypatch.setenv("BUPOSE_DEBUG", "1")
    with pytest.raises(InputError):
        process.run(work)


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="limits of Linux")
def test_a_system_without_further_threads():
    code = """if True:
        import resource, sys, threading
        from pathlib import Path
        from bupose import process
        held = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held, held))
        sys.exit(process.run(threading.Thread(target=print).start))
    """
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: the system allows no further threads")
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="threads of Linux")
def test_numpy_starts_no_threads_of_its_own():
    """A limit on them would end it, by a signal that looks like Ctrl-C."""
    code = (
        "import os; from bupose import cli; cli.main(['nothing']); import numpy; print(*os.listdir('/proc/self/task'))"
    )
    plain = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    ended = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True)
    assert len(ended.stdout.split()) == 1


def test_notes_are_of_use(capsys):
    """What torch says of a trace is not, and its filter may be lost where threads change those of the process."""
    tracer = pytest.importorskip("torch").jit.TracerWarning

    def work():
        warnings.warn("a limb is long", stacklevel=1)
        warnings.warn("a tensor was a boolean", tracer, stacklevel=1)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert process.run(work) == 0
    assert capsys.readouterr().err == "note: a limb is long\n"


class Broken(io.StringIO):
    """A stream that fails."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def write(self, text):
        raise OSError(self.number, os.strerror(self.number))

    def flush(self):
        self.write("")


@pytest.mark.parametrize(("number", "told"), [(errno.EPIPE, False), (errno.EBADF, False), (errno.ENOSPC, True)])
def test_output_that_goes_nowhere(number, told, monkeypatch, capsys):
    done = []
    monkeypatch.setattr(sys, "stdout", Broken(number))

    def work():
        print("a", flush=True)
        print("b", flush=True)
        done.append(True)

    assert process.run(work) == (process.USAGE if told else 0)
    assert done == [True]
    assert ("cannot write to the standard output" in capsys.readouterr().err) == told


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "cp1252"])
def test_characters_that_an_encoding_lacks(encoding):
    data = io.BytesIO()
    stream = Lasting(io.TextIOWrapper(data, encoding=encoding, newline="\n"))
    print("日\udc80 a", file=stream, flush=True)
    assert data.getvalue().decode(encoding) == ("日" if encoding == "utf-8" else "\\u65e5") + "\\udc80 a\n"
    assert stream.encoding == encoding


@posix
@pytest.mark.parametrize(
    "shell",
    ['"$@" >&-', '"$@" 2>&-', '"$@" <&- >&- 2>&-', 'exec "$@" >/dev/null', 'set -o pipefail; "$@" | head -1'],
)
def test_in_a_shell(shell, tmp_path):
    """Whatever is closed, the work is done, its file holds what was written into it alone, and the status says so."""
    code = f"""
import contextlib, os, sys
from bupose import process
def work():
    with open({str(tmp_path / "x")!r}, "w") as file:
        print("out " * 100000, flush=True)
        print("err " * 100, file=sys.stderr, flush=True)
        for number in (1, 2):
            with contextlib.suppress(OSError):
                os.write(number, b"library")
        file.write("result")
    return 1
sys.exit(process.run(work))
"""
    command = ["bash", "-c", shell, "bash", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr, "Exception" in done.stderr) == (1, False, False), done.stderr
    assert (tmp_path / "x").read_text(encoding="utf-8") == "result"
