"""Start and stop of the explorer's server."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from threading import Event

from bupose.errors import DependencyError, OptionsError
from bupose.explore.options import ExploreOptions
from bupose.explore.storage import Uploads, temporary_folder

_LOG = logging.getLogger(__name__)

HOST, PORT, TRIES = "127.0.0.1", 7860, 100
UNHEARD = (
    "GRADIO_",
    "SPACE_",
    "SPACES_",
    "OAUTH_",
    "KAGGLE_",
    "SYSTEM",
)  # these could share the page, and expose the disk


def explore(options: ExploreOptions) -> int:
    """Open the explorer's page, and serve it until Ctrl-C or SIGTERM.

    Returns
    -------
    int
        0.

    Raises
    ------
    BuposeError
        The photo or the network cannot be read, the port is in use, or gradio is not installed.
    """
    stopped, before = [], {}

    def stop(*_) -> None:
        stopped.append(True)  # whoever may catch what is raised here
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():  # uploads are removed, too, when another ends it
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _serve(options, stopped)
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _serve(options: ExploreOptions, stopped: list) -> None:
    if find_spec("gradio") is None:
        raise DependencyError("the explorer needs gradio; pip install 'bupose[explore]'")
    port = free_port(options.port)
    from bupose import estimate
    from bupose.explore.observation import draw_crowd, find, look

    source = None if options.photo is None else find(options.photo)
    estimator = estimate.load(options.weights, accept_license=options.accept_license, **options.for_estimator())
    first = look(estimator, *draw_crowd()) if source is None else look(estimator, source)
    with temporary_folder() as folder:
        set_environment(folder)
        from bupose.explore.page import Page
        from bupose.explore.server import serve

        uploads = Uploads(folder)
        blocks = Page(estimator, first, uploads, options.overlay, options.track, options.look_every).blocks
        try:
            address = serve(blocks, port, uploads)
            _LOG.info("the explorer is at %s, for this machine only; Ctrl-C ends it", address)
            if options.browser:
                webbrowser.open(address)
            while not stopped:
                Event().wait(0.5)
        finally:
            blocks.close(verbose=False)


def set_environment(folder: Path) -> None:
    """Replace the environment variables that gradio reads by our own."""
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
        It is taken.
    """
    for port in range(PORT, PORT + TRIES) if wanted is None else (wanted,):
        if _is_free(port):
            return port
    if wanted is None:
        raise OptionsError(f"the ports {PORT} to {PORT + TRIES - 1} are all taken; give a free one by port=")
    raise OptionsError(f"port {wanted} is taken, or needs more rights; give another, or leave out port=")


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        if os.name == "posix":  # as the server will: a port just given back counts as free
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True
