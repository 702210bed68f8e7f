"""A network that knows a few drawn scenes by sight and paints their fields, so that the truth is known to the pixel."""

import logging
import os
import re
import shutil
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from bupose import Estimator, FieldCodec, synthetic
from bupose.explore.observation import look
from bupose.explore.session import Session
from bupose.explore.storage import Uploads, temporary_folder
from bupose.maps import Grid
from bupose.skeletons import COCO18

SIZE = (640, 368)
PATIENCE = 30_000  # ms, for machines that do much else
LOCAL = re.compile(r"(http://127\.0\.0\.1:\d+/|data:|blob:)")


@pytest.fixture(scope="session", autouse=True)
def handlers_stay_open():
    """Gradio's server makes logging close all handlers; absl's, which training brings, would close pytest's stderr."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging, "_handlerList", [])
        yield


class Painter:
    """A :class:`bupose.runtimes.network.Network` that counts how often it runs; strange pictures have nobody."""

    skeleton, grid, multiple, pad, decoder, preprocess = COCO18, Grid(8), 8, (0, 0, 0), {}, {}
    target, category, method = {}, {}, "paf"

    def __init__(self, scenes):
        self.scenes, self.runs = scenes, 0

    def __call__(self, images):
        self.runs += 1
        painted = [self._paint(image) for image in images]
        return np.stack([p[0] for p in painted]), np.stack([p[1] for p in painted])

    def _paint(self, image):
        codec = FieldCodec(self.skeleton, self.grid)
        for scene in self.scenes:
            if image.shape == scene.image.shape and cv2.absdiff(image, scene.image).mean() < 10:
                fields = codec.encode(scene.labels, SIZE)
                return fields.heat, fields.paf
        h, w = self.grid.shape(image.shape[1], image.shape[0])
        joints, limbs = len(self.skeleton.joints), len(self.skeleton.limbs)
        return np.zeros((joints, h, w), np.float32), np.zeros((limbs, 2, h, w), np.float32)


@pytest.fixture(scope="session")
def scenes():
    """Two scenes of whole people who keep their distance."""
    options = synthetic.SceneOptions(spread=8, height=(0.5, 0.7), beyond=0)
    return [synthetic.draw_scene(seed, SIZE, people, COCO18, options) for seed, people in ((1, 4), (3, 2))]


@pytest.fixture(scope="module")
def served(scenes, tmp_path_factory):
    """The page of the first scene, and every address that this process has connected to."""
    pytest.importorskip("gradio", reason="needs the extra 'explore'")
    from bupose.explore.command import free_port
    from bupose.explore.page import Page
    from bupose.explore.server import serve

    called, connect = [], socket.socket.connect
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("served")))
        uploads = Uploads(stack.enter_context(temporary_folder()))
        patch.setenv("GRADIO_TEMP_DIR", str(uploads.folder))
        patch.setattr(socket.socket, "connect", lambda own, to: (called.append(to), connect(own, to))[1])
        painter = Painter(scenes)
        estimator = Estimator(painter, height=368, threads=1)
        first = look(estimator, scenes[0].image, "scene.png")
        page = Page(estimator, first, uploads)
        yield SimpleNamespace(
            address=serve(page.blocks, free_port(None), uploads),
            page=page,
            painter=painter,
            called=called,
            session=Session.begin(first, estimator.decoder),
            folder=uploads.folder,
        )
        page.blocks.close(verbose=False)


@pytest.fixture
def painter(scenes):
    return Painter(scenes)


@pytest.fixture
def estimator(painter):
    return Estimator(painter, height=SIZE[1], threads=1)


@pytest.fixture
def session(estimator, scenes):
    """The first scene, as it was drawn."""
    return Session.begin(look(estimator, scenes[0].image, "scene.png"), estimator.decoder)


@pytest.fixture
def save():
    """Writes a picture (RGB) or some bytes, and gives the path."""

    def write(path, content):
        path = Path(path)
        if isinstance(content, np.ndarray):
            done, encoded = cv2.imencode(path.suffix, content[..., ::-1])
            assert done
            content = encoded.tobytes()
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def film(tmp_path):
    """A video whose frame n is grey of brightness 10 n."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, SIZE)
    for n in range(20):
        writer.write(np.full((*SIZE[::-1], 3), 10 * n, np.uint8))
    writer.release()
    return path


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra 'dev'")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for found in map(shutil.which, names) if found), None)
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_tab(browser, served):
    """Opens the page in a tab of its own, and watches that all it asks for is here and nothing goes wrong in it."""
    contexts, problems = [], []

    def open_it():
        context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE)
        tab.on("request", lambda request: LOCAL.match(request.url) or problems.append(request.url))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("console", lambda said: said.type == "error" and problems.append(said.text))
        tab.goto(served.address)
        tab.locator("#summary", has_text="scene.png").wait_for()
        tab.locator("#canvas img").wait_for()
        return tab

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def tab(open_tab, request):
    """The page in a tab; ``BUPOSE_SCREENSHOTS=folder`` keeps a picture of it at the end of each test."""
    tab = open_tab()
    yield tab
    if folder := os.environ.get("BUPOSE_SCREENSHOTS"):
        tab.screenshot(path=Path(folder) / f"{request.node.name}.png", full_page=True)
