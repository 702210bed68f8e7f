"""The command line: mistakes are one sentence, Ctrl-C is quiet, and nothing is left."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from contextlib import suppress

import pytest

from bupose import cli, estimate
from bupose.errors import InputError, OptionsError
from bupose.explore import command


def main(arguments=()):
    """The command line."""
    return cli.main(["explore", *arguments])


@pytest.fixture
def refused(capsys, monkeypatch, estimator):
    """The sentence a user gets."""
    monkeypatch.setattr(estimate, "load", lambda *_, **__: estimator)

    def run(*arguments):
        assert main(arguments) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        return said.err[7:]

    return run


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_without_gradio(monkeypatch, refused):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    assert "pip install 'bupose[explore]'" in refused()


class TestWithGradio:
    @pytest.fixture(autouse=True)
    def gradio(self):
        pytest.importorskip("gradio", reason="needs the extra 'explore'")

    def test_a_missing_photo(self, refused):
        assert "cannot read 'nowhere.jpg'" in refused("nowhere.jpg")

    def test_a_missing_photo_costs_no_loading(self, refused, monkeypatch):
        monkeypatch.setattr(estimate, "load", lambda *_, **__: pytest.fail("loaded"))
        assert "cannot read 'nowhere.mp4'" in refused("nowhere.mp4")

    def test_a_broken_photo(self, refused, tmp_path, save):
        assert "'broken.jpg' is damaged" in refused(str(save(tmp_path / "broken.jpg", b"rubbish")))

    def test_no_such_network(self, capsys):
        assert main(["weights=no-such-network"]) == 2
        assert "no-such-network" in capsys.readouterr().err

    def test_a_taken_port(self, refused, taken):
        assert f"port {taken} is taken" in refused(f"port={taken}")

    @pytest.mark.parametrize("port", ["0", "-1", "65536"])
    def test_no_such_port(self, refused, port):
        assert f"port is {port}" in refused(f"port={port}")

    def test_errors_can_be_seen(self, monkeypatch, refused):
        monkeypatch.setenv("BUPOSE_DEBUG", "1")
        with pytest.raises(InputError, match="nowhere"):
            main(["nowhere.jpg"])

    def test_it_serves_until_interrupted_and_leaves_nothing(
        self, capsys, monkeypatch, tmp_path, estimator, scenes, save
    ):
        monkeypatch.setattr(estimate, "load", lambda *_, **__: estimator)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
        monkeypatch.setenv("GRADIO_TEMP_DIR", "")
        monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "")
        (tmp_path / "temporary").mkdir()
        opened, seen = [], {}
        monkeypatch.setattr(command.webbrowser, "open", opened.append)

        class Interrupted(threading.Event):
            def wait(self, timeout=None):
                if threading.current_thread() is threading.main_thread():
                    with urllib.request.urlopen(opened[0]) as answer:
                        seen["page"] = answer.read()
                    seen["folders"] = [f.name for f in (tmp_path / "temporary").glob("bupose-explore-*")]
                    raise KeyboardInterrupt
                return super().wait(timeout)

        monkeypatch.setattr(command, "Event", Interrupted)
        assert main([str(save(tmp_path / "a.png", scenes[0].image))]) == 0
        said = capsys.readouterr()
        assert said.err == ""
        assert opened[0] in said.out
        assert opened[0].startswith("http://127.0.0.1:")
        assert b"bupose" in seen["page"]
        assert len(seen["folders"]) == 1
        assert list((tmp_path / "temporary").iterdir()) == []
        with pytest.raises(OSError):
            urllib.request.urlopen(opened[0], timeout=2)


def test_the_environment_opens_nothing(tmp_path, scenes, save):
    """Everything that gradio would hear, at once, in a process of its own."""
    pytest.importorskip("gradio", reason="needs the extra 'explore'")
    secret = save(tmp_path / "secret.txt", b"secret")
    environment = {
        "GRADIO_ALLOWED_PATHS": "/", "GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "1", "GRADIO_SHARE": "true",
        "GRADIO_ROOT_PATH": "http://evil.example/", "GRADIO_TEMP_DIR": str(tmp_path / "elsewhere"),
        "GRADIO_LOCAL_DEV_MODE": "1", "GRADIO_MCP_SERVER": "true", "GRADIO_NUM_WORKERS": "many",
        "GRADIO_ANALYTICS_ENABLED": "True", "GRADIO_SSR_MODE": "true", "GRADIO_PROFILING": "1", "GRADIO_DEBUG": "1",
        "GRADIO_WATCH_DIRS": "/", "GRADIO_VIBE_MODE": "1", "GRADIO_NODE_SERVER_PORT": "x",
        "SYSTEM": "spaces", "SPACE_ID": "a/b", "KAGGLE_KERNEL_RUN_TYPE": "Batch",
        "http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "TMPDIR": str(tmp_path),
        "BROWSER": "true",
    }  # fmt: skip
    photo = save(tmp_path / "a.png", scenes[0].image)
    server = subprocess.Popen(
        [sys.executable, "-m", "bupose", "explore", str(photo), "device=cpu"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = server.stdout.readline()
        assert said, server.communicate()[1]
        address, port = re.search(r"(http://127\.0\.0\.1:(\d+)/), for this machine only", said).groups()
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        assert b"evil" not in direct.open(address).read()
        with pytest.raises(urllib.error.HTTPError) as refusal:
            direct.open(f"{address}gradio_api/file={secret}")
        assert refusal.value.code == 403
        if sys.platform == "linux":  # where all of 127.0.0.0/8 is this machine
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", int(port)), timeout=5)
    finally:
        server.terminate()
        _, errors = server.communicate(timeout=100)
    assert errors == ""
    assert server.returncode == 0
    left = {path.name for path in tmp_path.iterdir()}  # torch may leave a folder of its own
    assert not [name for name in left if name == "elsewhere" or name.startswith("bupose")]


def test_an_interrupt_that_somebody_catches_ends_it_all_the_same(monkeypatch, tmp_path, estimator, scenes, save):
    """As one does that arrives while a browser is started, or in a callback of the garbage collector."""
    pytest.importorskip("gradio", reason="needs the extra 'explore'")
    monkeypatch.setattr(estimate, "load", lambda *_, **__: estimator)
    for name in ("GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_ENABLED"):
        monkeypatch.setenv(name, "")
    for number in (signal.SIGINT, signal.SIGTERM):
        monkeypatch.setattr(command.webbrowser, "open", lambda _, n=number: _send_and_catch(n))
        assert main([str(save(tmp_path / "a.png", scenes[0].image))]) == 0


def _send_and_catch(number):
    with suppress(KeyboardInterrupt):
        os.kill(os.getpid(), number)
        threading.Event().wait(5)


def test_the_next_free_port(monkeypatch, taken):
    monkeypatch.setattr(command, "PORT", taken)
    assert taken < command.free_port(None) < taken + command.TRIES
    monkeypatch.setattr(command, "TRIES", 1)
    with pytest.raises(OptionsError, match="all taken"):
        command.free_port(None)


def test_mistakes_are_told_as_by_every_command(capsys):
    for argument, words in {
        "--no-such": "no option", "no_such=1": "no_such", "decoder.min_joints=0": "min_joints", "height=1": "height",
        "overlay.colors=red": "overlay.colors", "overlay.labels=[name]": "overlay.labels",
    }.items():  # fmt: skip
        assert main([argument]) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ")
        assert words in said
        assert said.count("\n") == 1


def test_it_takes_the_options_that_other_commands_take(monkeypatch, estimator):
    """All of the network's; what it opens with is what they say."""
    got = {}
    monkeypatch.setattr(estimate, "load", lambda weights, **values: got.update(values, weights=weights) or estimator)
    monkeypatch.setattr(command, "find_spec", lambda name: True)

    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "temporary_folder", stop)
    given = [
        "weights=net",
        "height=96",
        "scales=[1,0.5]",
        "flip=true",
        "decoder=sure",
        "decoder.min_joints=4",
        "threads=1",
    ]
    assert main([*given, "overlay.colors=person", "browser=false"]) == 0
    assert (got["weights"], got["height"], got["scales"], got["flip"], got["threads"]) == ("net", 96, [1, 0.5], True, 1)
    assert got["decoder"]["min_joints"] == 4
    assert len(got["decoder"]) > 1


def test_help(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(
        word in said for word in ("PHOTO", "weights", "port", "browser", "height", "device", "overlay", "decoder")
    )
