"""The page's part for videos, in a real browser."""

import re
import time

import cv2
import numpy as np
import pytest

pytest.importorskip("gradio", reason="needs the extra 'explore'")
expect = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra 'dev'").expect
PATIENCE = 60_000  # ms, for machines that do much else


@pytest.fixture
def walk(tab, scenes, tmp_path, request):
    """A tab with a video: four people stand still for 1.2 s, or as many frames as the test says."""
    writer = cv2.VideoWriter(str(tmp_path / "walk.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (640, 368))
    for _ in range(getattr(request, "param", 12)):
        writer.write(np.ascontiguousarray(scenes[0].image[..., ::-1]))
    writer.release()
    expect(tab.locator("#player")).to_be_hidden()
    tab.set_input_files("#drop input[type=file]", tmp_path / "walk.avi")
    tab.get_by_text("people over time").click()
    return tab


def says(tab, text):
    expect(tab.locator("#progress")).to_contain_text(text, timeout=PATIENCE)


def test_people_are_followed_and_played(walk, served):
    walk.locator("#follow").click()
    says(walk, "4 people in 12 frames, second 0.00 to 1.10")
    length = """video => video.readyState ? video.duration
        : new Promise(done => video.onloadedmetadata = video.onerror = () => done(video.duration))"""
    assert walk.locator("#clip video").evaluate(length) == pytest.approx(1.2, abs=0.02)
    rows = walk.locator("#followed").get_by_role("row")
    expect(rows.nth(4)).to_contain_text("12")
    curves = walk.locator("#curves img")
    first = curves.get_attribute("src")
    rows.nth(3).get_by_role("gridcell").nth(1).click()
    expect(curves).not_to_have_attribute("src", first, timeout=PATIENCE)
    second = curves.get_attribute("src")
    assert "person_2.png" in second
    walk.get_by_label("joint over time").click()
    walk.get_by_role("option", name="left ankle").click()
    expect(curves).not_to_have_attribute("src", second, timeout=PATIENCE)

    runs = served.painter.runs
    number = walk.locator("#frame input[type=number]")
    number.fill("9")
    number.press("Enter")
    expect(walk.locator("#summary")).to_contain_text("frame 9", timeout=PATIENCE)
    says(walk, "4 people in 12 frames")  # another frame of the same video
    assert served.painter.runs == runs + 1
    walk.locator("#follow").click()
    says(walk, re.compile("in 3 frames, second 0.90"))
    walk.locator("#crowd").click()
    expect(walk.locator("#player")).to_be_hidden(timeout=PATIENCE)


@pytest.mark.parametrize("walk", [80], indirect=True)
def test_stop_keeps_what_is_followed_by_then(walk, served, monkeypatch):
    paint = served.painter._paint
    monkeypatch.setattr(served.painter, "_paint", lambda image: (time.sleep(0.1), paint(image))[1])
    walk.locator("#follow").click()
    expect(walk.locator("#progress")).to_contain_text("seen", timeout=PATIENCE)
    walk.locator("#stop").click()
    says(walk, re.compile(r"in \d+ frames?, second 0.00"))
    seen = int(re.search(r"in (\d+)", walk.locator("#progress").inner_text())[1])
    assert 0 < seen < 80


def test_an_empty_number_is_one_sentence(walk):
    number = walk.locator("#seconds input")
    number.fill("")
    number.press("Enter")
    walk.locator("#follow").click()
    expect(walk.locator("#message")).to_contain_text("seconds is empty; give a number", timeout=PATIENCE)
