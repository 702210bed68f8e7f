"""The page in a real browser without a window: what a user sees, does, and gets.

``BUPOSE_SCREENSHOTS=folder`` keeps a picture of the page at the end of each test.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from bupose import geometry
from bupose.explore.canvas import draw_view

pytest.importorskip("gradio", reason="needs the extra 'explore'")
expect = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra 'dev'").expect
PATIENCE = 30_000  # ms, for machines that do much else


def shows(tab, text):
    expect(tab.locator("#summary")).to_contain_text(text, timeout=PATIENCE)


def click_joint(tab, scenes, session, person, joint):
    """A click where a joint was drawn, scaled to the picture's place on the page."""
    labels = scenes[0].labels
    x, y = geometry.apply(
        session.observation.matrix, labels.xy[person, labels.skeleton.joints.index(joint)].astype(float)
    )
    picture = tab.locator("#canvas img")
    shrink = picture.bounding_box()["width"] / session.observation.image.shape[1]
    picture.click(position={"x": x * shrink, "y": y * shrink})


def picture_of(tab):
    """The large picture, as the browser shows it, uint8 RGB."""
    data = tab.locator("#canvas img").screenshot()
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def is_picture(tab, expected):
    """Whether the page comes to show this picture; the comparison forgives the browser's resizing."""
    for _ in range(40):
        shown = picture_of(tab)
        wanted = cv2.resize(expected, shown.shape[1::-1], interpolation=cv2.INTER_AREA)
        away = cv2.blur(cv2.absdiff(shown, wanted), (3, 3))[:, :-60]  # its corner has a button
        if away.mean() < 3 and (away.max(2) > 60).mean() < 0.005:
            return True
        tab.wait_for_timeout(250)
    return False


def test_it_opens_offline_and_shows_the_people(tab, served, scenes):
    joints = int((scenes[0].labels.visibility > 0).sum())
    shows(tab, f"4 people, {joints} joints")
    assert is_picture(tab, draw_view(served.session, "people"))
    expect(tab.locator("#people")).to_contain_text("person")
    outside = [to for to in served.called if isinstance(to, tuple) and to[0] not in ("127.0.0.1", "::1", "localhost")]
    assert outside == []


def test_a_moved_threshold_changes_people_and_runs_no_network(tab, served, scenes):
    found = (scenes[0].labels.visibility > 0).sum(1)
    runs = served.painter.runs
    slider = tab.locator("#min_joints input[type=range]")
    slider.press("End")
    shows(tab, f"{(found >= 18).sum()} people")
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    shows(tab, f"{(found >= 16).sum()} people")
    number = tab.locator("#min_person_score input[type=number]")
    number.fill("1")
    number.press("Enter")
    shows(tab, "0 people, 0 joints")
    assert is_picture(tab, served.session.observation.image)
    tab.get_by_label("greedy").check()
    tab.locator("#reset").click()
    shows(tab, "4 people")
    expect(tab.get_by_label("hungarian")).to_be_checked()
    expect(number).to_have_value("0.1")
    assert is_picture(tab, draw_view(served.session, "people"))
    assert served.painter.runs == runs


def test_a_mistyped_number_is_one_sentence(tab):
    tab.get_by_text("more of the grouping").click()
    number = tab.locator("#prune_above input")
    number.fill("-1")
    number.press("Enter")
    expect(tab.locator("#message")).to_have_text(re.compile(r"decoder.prune_above is -1; give a whole"))
    expect(tab.locator("#message")).to_be_in_viewport()  # though the number is far below the place of messages
    number.fill("10")
    number.press("Enter")
    expect(tab.locator("#message")).to_be_hidden()


def test_a_click_tells_of_a_joints_candidates(tab, served, scenes):
    expect(tab.locator("#headline")).to_contain_text("click a joint")
    click_joint(tab, scenes, served.session, 1, "right_elbow")
    expect(tab.locator("#headline")).to_contain_text(re.compile(r"right elbow \d+, heat 0.\d\d, of person \d"))
    rows = tab.locator("#candidates").get_by_role("row")
    expect(rows.filter(has_text="right shoulder").first).to_contain_text("yes")
    expect(rows.filter(has_text="right wrist").first).to_contain_text(
        re.compile(r"used \(weight 0\.\d\d\): person \d has both joints")
    )
    expect(rows.filter(has_text="left out").first).to_contain_text("no")
    plot = tab.locator("#plot img")
    expect(plot).to_be_visible()
    first = plot.get_attribute("src")
    rows.filter(has_text="left out").first.get_by_role("gridcell").nth(1).click()
    expect(plot).not_to_have_attribute("src", first)
    click_joint(tab, scenes, served.session, 2, "neck")
    expect(tab.locator("#headline")).to_contain_text("neck")


def test_the_picked_joint_follows_the_thresholds(tab, served, scenes):
    click_joint(tab, scenes, served.session, 0, "left_hip")
    expect(tab.locator("#headline")).to_contain_text("of person")
    tab.locator("#min_joints input[type=range]").press("End")
    expect(tab.locator("#headline")).to_contain_text(re.compile("left hip .* of nobody"))


def test_a_person_of_the_list(tab, served):
    tab.locator("#people").get_by_role("row").nth(2).get_by_role("gridcell").nth(1).click()
    expect(tab.locator("#headline")).to_contain_text("person 1, score")
    expect(tab.locator("#plot img")).to_be_visible()
    assert is_picture(tab, draw_view(served.session.pick_person(1), "people"))


def test_heatmaps_and_limb_fields(tab, served):
    skeleton = served.session.trace.maps.skeleton
    tab.get_by_label("heatmap", exact=True).check()
    assert is_picture(tab, draw_view(served.session, "heatmap"))
    tab.get_by_label("field of").click()
    tab.get_by_role("option", name="neck → left hip").click()
    expect(tab.get_by_label("limbs", exact=True)).to_be_checked()
    assert is_picture(tab, draw_view(served.session, "limbs", None, skeleton.limb_names.index("neck-left_hip")))
    tab.get_by_label("heatmap of").click()
    tab.get_by_role("option", name="right wrist").click()
    expect(tab.get_by_label("heatmap", exact=True)).to_be_checked()
    assert is_picture(tab, draw_view(served.session, "heatmap", skeleton.joints.index("right_wrist")))


def test_downloads(tab, served, scenes):
    with tab.expect_download() as coming:
        tab.locator("#json").click()
    assert coming.value.suggested_filename == "scene_people.json"
    results = json.loads(Path(coming.value.path()).read_text(encoding="utf-8"))
    assert len(results) == len(scenes[0].labels)
    assert all(len(r["keypoints"]) == 51 and 0 < r["score"] <= 1 and r["category_id"] == 1 for r in results)
    labels = scenes[0].labels
    hip = labels.xy[:, labels.skeleton.joints.index("left_hip")]
    for result in results:
        x, y, _ = result["keypoints"][33:36]  # COCO's joint 11
        assert np.hypot(*(hip - (x, y)).T).min() < 1
    with tab.expect_download() as coming:
        tab.locator("#picture").click()
    assert coming.value.suggested_filename == "scene.jpg"
    picture = cv2.imread(str(coming.value.path()))
    assert cv2.absdiff(picture[..., ::-1], draw_view(served.session, "people")).mean() < 2


def test_another_photo(tab, served, scenes, save, tmp_path):
    runs = served.painter.runs
    path = save(tmp_path / "second <i>.png", scenes[1].image)
    tab.set_input_files("#drop input[type=file]", path)
    shows(tab, "2 people")
    expect(tab.locator("#summary")).to_contain_text("640×368 px")
    expect(tab.locator("#summary i")).to_have_count(0)
    assert served.painter.runs == runs + 1
    tab.locator("#portrait").click()
    shows(tab, "grace_hopper.jpg, 512×600 px")
    tab.locator("#crowd").click()
    shows(tab, "drawn crowd, 960×544 px")
    tab.set_input_files("#drop input[type=file]", path)  # the drop zone is free again
    shows(tab, "2 people")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "broken.jpg",
            b"\xff\xd8\xff rubbish",
            "'broken.jpg' is damaged, or no picture of a kind that bupose reads; save it as JPEG or PNG",
        ),
        (
            "notes.txt",
            b"hello",
            "'notes.txt' is damaged, or no picture of a kind that bupose reads; save it as JPEG or PNG",
        ),
    ],
    ids=["broken", "text"],
)
def test_a_broken_photo_is_one_sentence_and_all_else_stays(tab, served, save, tmp_path, name, content, sentence):
    before = tab.locator("#summary").inner_text()
    tab.set_input_files("#drop input[type=file]", save(tmp_path / name, content))
    expect(tab.locator("#message")).to_have_text(sentence)
    assert tab.locator("#summary").inner_text() == before
    assert is_picture(tab, draw_view(served.session, "people"))
    tab.locator("#min_joints input[type=range]").press("End")
    shows(tab, "2 people")
    expect(tab.locator("#message")).to_be_hidden()


def test_frames_of_a_video(tab, served, scenes, tmp_path):
    expect(tab.locator("#frame")).to_be_hidden()
    writer = cv2.VideoWriter(str(tmp_path / "walk.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (640, 368))
    for n in range(8):
        writer.write(np.ascontiguousarray(scenes[n == 5].image[..., ::-1]))
    writer.release()
    tab.set_input_files("#drop input[type=file]", tmp_path / "walk.avi")
    shows(tab, "walk.avi")
    shows(tab, "4 people")
    number = tab.locator("#frame input[type=number]")
    number.fill("5")
    number.press("Enter")
    shows(tab, "2 people")
    shows(tab, "walk.avi, frame 5, 640×368 px")
    number.fill("6")
    number.press("Enter")
    shows(tab, "4 people")
    with tab.expect_download() as coming:
        tab.locator("#json").click()
    assert coming.value.suggested_filename == "walk_000006_people.json"
    assert {r["image_id"] for r in json.loads(Path(coming.value.path()).read_text(encoding="utf-8"))} == {7}


def test_tabs_do_not_share_what_they_see(open_tab, served, scenes, save, tmp_path):
    one, other = open_tab(), open_tab()
    one.set_input_files("#drop input[type=file]", save(tmp_path / "second.png", scenes[1].image))
    shows(one, "2 people")
    click_joint(other, scenes, served.session, 1, "neck")
    expect(other.locator("#headline")).to_contain_text("neck")
    expect(one.locator("#headline")).to_contain_text("click a joint")
    other.locator("#min_joints input[type=range]").press("End")
    shows(other, "scene.png")
    expect(one.locator("#min_joints input[type=number]")).to_have_value("3")
    one.locator("#min_joints input[type=range]").press("Home")
    shows(one, "second.png")
    third = open_tab()
    shows(third, "4 people")


def test_a_page_from_elsewhere_reaches_nothing(browser, served, tmp_path):
    """What browsers really send when another page, of another port, tries what it may without asking."""
    tries = """async (address) => {
        const body = new FormData(); body.append("files", new Blob(["x".repeat(1000)]), "a.png");
        await fetch(address + "gradio_api/upload", {method: "POST", mode: "no-cors", body}).catch(() => 0);
        const frame = document.createElement("iframe"); frame.src = address; document.body.append(frame);
        await new Promise((done) => { frame.onload = done; setTimeout(done, 3000); });
    }"""
    before, asked, statuses = set(served.folder.rglob("*")), set(), set()
    (tmp_path / "index.html").write_text("elsewhere")
    elsewhere = [sys.executable, "-u", "-m", "http.server", "--bind=127.0.0.1", f"--directory={tmp_path}", "0"]
    with subprocess.Popen(elsewhere, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        tab = browser.new_page()
        tab.on("request", lambda request: asked.add(request.url.removeprefix(served.address)))
        tab.on("response", lambda a: a.url.startswith(served.address) and statuses.add(a.status))
        tab.goto(re.search(r"http://[\d.:]+/", server.stdout.readline())[0])
        tab.evaluate(tries, served.address)
        tab.close()
        server.kill()
    assert {"gradio_api/upload", ""} <= asked
    assert statuses <= {403}  # the browser tells only some
    assert set(served.folder.rglob("*")) <= before  # what an earlier tab held may go meanwhile
