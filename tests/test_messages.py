"""What bupose reports: silent in a program that does not ask, plain lines where one does, once."""

import io
import logging
import subprocess
import sys

import pytest

import bupose
from bupose import kernels, messages, process
from bupose.runtimes import cached

LOGGER = logging.getLogger("bupose.of.a.room")


@pytest.fixture(autouse=True)
def as_before():
    yield
    messages.LOGGER.removeHandler(messages._HANDLER)
    messages.LOGGER.level, messages.LOGGER.propagate = logging.NOTSET, True


def report():
    LOGGER.debug("too fine")
    LOGGER.info("50%% done of %s", "it")
    LOGGER.warning("a photo is damaged")


def test_a_command_prints_plain_lines(capsys):
    assert process.run(report) == 0
    told = capsys.readouterr()
    assert told.out == "50% done of it\n"
    assert told.err == "a photo is damaged\n"
    report()  # the command is over
    assert capsys.readouterr().out == ""


def test_each_line_is_printed_once(capsys):
    """A notebook's server and many libraries print what comes to the root logger."""
    root = logging.StreamHandler(sys.stdout)
    logging.getLogger().addHandler(root)
    try:
        bupose.show_messages()
        bupose.show_messages()
        process.run(report)
        assert capsys.readouterr().out == "50% done of it\n"
        report()  # what was asked for outside lasts longer than a command
        assert capsys.readouterr().out == "50% done of it\n"
    finally:
        logging.getLogger().removeHandler(root)


@pytest.mark.parametrize(("asks", "said"), [("pass", ""), ("bupose.show_messages()", "reported\n")])
def test_a_program_asks_for_them(asks, said):
    code = f"import logging, bupose; {asks}; log = logging.getLogger('bupose.x'); log.info('reported')"
    code += "; log.warning('!')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (said, "!\n")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_first_use_says_why_it_takes_long(monkeypatch, tmp_path):
    """Where somebody looks on, and only where something has to be made."""
    file = tmp_path / "network.safetensors"
    file.write_bytes(b"weights")
    monkeypatch.setattr(cached, "_homes", lambda: (tmp_path / "graphs", tmp_path / "temporary"))
    monkeypatch.setattr(kernels, "_warm", {})
    monkeypatch.setattr(kernels, "_WARM_UP", {"decode": lambda module: (tmp_path / "kernels" / "a.nbc").touch()})
    monkeypatch.setattr(kernels.cache, "place", lambda folder: tmp_path / "kernels")
    (tmp_path / "kernels").mkdir()
    for first in (True, False):
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        kernels._warm.clear()
        messages._TOLD.clear()
        if kernels.name() == "compiled":
            kernels.load("decode")
            assert ("compiling the grouping" in terminal.getvalue()) == first
        cached.prepare(file, "graph", "1", lambda folder: {})
        assert ("preparing the network" in terminal.getvalue()) == first
    monkeypatch.setattr(sys, "stderr", io.StringIO())  # nobody looks on
    messages.tell_waiting("just a moment")
    assert sys.stderr.getvalue() == ""
