"""The explorer's command line."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import NoReturn

from bupose.errors import BuposeError, DependencyError, OptionsError
from bupose.explore.storage import Uploads, temporary_folder

HOST, PORT, TRIES = "127.0.0.1", 7860, 100
UNHEARD = ("GRADIO_", "SPACE_", "SPACES_", "OAUTH_", "KAGGLE_", "SYSTEM")  # they share, and open the disk
USAGE = 2  # exit status after a mistake


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the explorer's page, and serve it until Ctrl-C.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the command line.

    Returns
    -------
    int
        0, or 2 after a mistake, told in one sentence on stderr. With ``BUPOSE_DEBUG=1`` errors are raised instead.
    """
    stopped, before = [], {}

    def stop(*_) -> None:
        stopped.append(True)  # whoever may catch what is raised here
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():  # uploads are removed, too, when another ends it
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _serve(_parser().parse_args(arguments), stopped)
    except KeyboardInterrupt:
        pass
    except BuposeError as problem:
        if os.environ.get("BUPOSE_DEBUG") == "1":
            raise
        print(f"error: {problem}", file=sys.stderr)
        return USAGE
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


class _Parser(argparse.ArgumentParser):
    """Tells a mistake as every command does."""

    def error(self, message: str) -> NoReturn:
        raise OptionsError(f"{message}; bupose explore --help lists the options")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "bupose explore",
        description="See people, heatmaps and limb fields of a photo, move the grouping's thresholds, and click a "
        "joint to learn why it was joined or not, on a page that only this machine can open.",
    )
    add = parser.add_argument
    add("photo", nargs="?", help="a picture or video to begin with; others can be dropped onto the page")
    add("--weights", metavar="FILE", help="a network file or a published network's name; by default bupose's own")
    add("--accept-license", action="store_true", help="you have read and accept a non-commercial network's licence")
    add("--height", type=int, metavar="PX", help="pictures are resized to this height, network pixels")
    add("--device", default="auto", metavar="NAME", help="auto, cpu, cuda, cuda:N or mps")
    add("--port", type=int, metavar="N", help=f"by default the first free one from {PORT}")
    add("--no-browser", action="store_true", help="only say the address")
    return parser


def _serve(options: argparse.Namespace, stopped: list) -> None:
    if find_spec("gradio") is None:
        raise DependencyError("the explorer needs gradio; pip install 'bupose[explore]'")
    port = free_port(options.port)
    from bupose import infer
    from bupose.explore.sight import draw_crowd, look

    estimator = infer.load(
        options.weights, accept_license=options.accept_license, height=options.height, device=options.device
    )
    first = look(estimator, *draw_crowd()) if options.photo is None else look(estimator, options.photo)
    with temporary_folder() as folder:
        set_environment(folder)
        from bupose.explore.page import Page
        from bupose.explore.server import serve

        uploads = Uploads(folder)
        blocks = Page(estimator, first, uploads).blocks
        try:
            address = serve(blocks, port, uploads)
            print(f"the explorer is at {address}, for this machine only; Ctrl-C ends it", flush=True)
            if not options.no_browser:
                webbrowser.open(address)
            while not stopped:
                Event().wait(0.5)
        finally:
            blocks.close(verbose=False)


def set_environment(folder: Path) -> None:
    """What gradio reads from the environment, when it is imported and later: nothing of the user's, but this."""
    for name in os.environ:
        if name.startswith(UNHEARD):
            del os.environ[name]
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", GRADIO_TEMP_DIR=str(folder))
    for name in ("no_proxy", "NO_PROXY"):  # the server asks itself whether it is there
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), HOST, "localhost")))


def free_port(wanted: int | None) -> int:
    """The wanted port, or the first free one from 7860.

    Raises
    ------
    OptionsError
        It is taken, or out of range.
    """
    if wanted is not None and not 1 <= wanted <= 65535:
        raise OptionsError(f"--port is {wanted}; give a number from 1 to 65535")
    for port in range(PORT, PORT + TRIES) if wanted is None else (wanted,):
        if _is_free(port):
            return port
    if wanted is None:
        raise OptionsError(f"the ports {PORT} to {PORT + TRIES - 1} are all taken; give a free one with --port")
    raise OptionsError(f"port {wanted} is taken, or needs more rights; give another, or leave out --port")


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        if os.name == "posix":  # as the server will: a port just given back counts as free
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True
