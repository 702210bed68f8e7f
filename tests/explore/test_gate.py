"""The server answers its own page alone, holds only so much, and survives whatever it is sent."""

import json
import secrets
import socket
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("gradio", reason="needs the extra 'explore'")
httpx = pytest.importorskip("httpx", reason="comes with gradio")

from bupose.explore import storage  # noqa: E402

API = "gradio_api"


@pytest.fixture(scope="module")
def client(served):
    with httpx.Client(base_url=served.address, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture
def picture(scenes):
    return cv2.imencode(".png", scenes[1].image[..., ::-1])[1].tobytes()


def upload(client, content, name="a.png", **headers):
    return client.post(f"{API}/upload", files={"files": (name, content)}, headers=headers)


class Tab:
    """What a browser's tab says to the server, without a browser."""

    def __init__(self, client, page):
        self.client, self.page, self.name = client, page, secrets.token_hex(6)

    def say(self, handler, data=None, event_data=None):
        """Ask a handler, and wait for what it says; with the components' own values but for those in ``data``."""
        event = next(fn for fn in self.page.blocks.fns.values() if fn.name == handler)
        changed = {component._id: value for component, value in (data or {}).items()}
        data = [changed.get(c._id, None if c.stateful else getattr(c, "value", None)) for c in event.inputs]
        return self.send({"fn_index": event._id, "data": data, "event_data": event_data})

    def send(self, body):
        body = json.dumps({"session_hash": self.name, **body})  # NaN and Infinity included
        joined = self.client.post(f"{API}/queue/join", content=body, headers={"Content-Type": "application/json"})
        if joined.status_code != 200:
            return joined
        with self.client.stream("GET", f"{API}/queue/data", params={"session_hash": self.name}) as stream:
            for line in stream.iter_lines():
                said = json.loads(line.removeprefix("data: ")) if line else {}
                if said.get("msg") == "process_completed":
                    return said
        return None


@pytest.fixture
def tab(client, served):
    tab = Tab(client, served.page)
    assert tab.say("start")["success"]
    return tab


def dropped(served, path):
    return {served.page.on.drop: {"path": path, "meta": {"_type": "gradio.FileData"}}}


# --- who is answered ---


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},  # another server of this machine
        {"Origin": "https://{host}"},
        {"Origin": "http://{host}.evil.example"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "evil.example:7860", "Origin": "http://evil.example:7860"},  # DNS rebinding
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
    ],
    ids=str,
)
def test_other_pages_are_refused(client, served, picture, headers):
    host = f"{client.base_url.host}:{client.base_url.port}"
    headers = {name: value.format(host=host) for name, value in headers.items()}
    before = sorted(served.folder.iterdir())
    for answer in (
        upload(client, picture, **headers),
        client.post(f"{API}/queue/join", json={"fn_index": 0, "data": [], "session_hash": "x"}, headers=headers),
        client.get(f"{API}/queue/data", params={"session_hash": "x"}, headers=headers),
        client.get(f"{API}/heartbeat/x", headers=headers),
        client.get(f"{API}/file={served.folder}/nothing", headers=headers),
        client.get("/", headers=headers),
    ):
        assert answer.status_code in (403, 421)
        assert answer.text.startswith("the explorer answers only to")
    assert sorted(served.folder.iterdir()) == before


def test_the_pages_own_requests_and_those_of_no_browser_are_answered(client, picture):
    own = f"http://{client.base_url.host}:{client.base_url.port}"
    for headers in ({}, {"Origin": own, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert client.get("/", headers=headers).status_code == 200
        assert upload(client, picture, **headers).status_code == 200
    tunnelled = {"Host": "localhost:8000", "Origin": "http://localhost:8000"}  # ssh -L 8000:localhost:7860
    assert client.get("/", headers=tunnelled).status_code == 200
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=linked).status_code == 200
    assert client.get("/theme.css", headers=linked).status_code == 403


def test_no_page_may_frame_it_or_load_from_elsewhere(client):
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "{folder}/../../../../../../../../etc/passwd", "{folder}/%2e%2e/%2e%2e/secret.txt", "//etc/passwd",
     "{folder}/link.txt", "{folder}/%00", "{folder}/" + "x" * 5000, "http://example.invalid/", "pyproject.toml",
     "{folder}", "C:\\Windows\\win.ini", ""],
)  # fmt: skip
def test_no_other_file_is_lent(client, served, path):
    secret = served.folder.parent / "secret.txt"
    secret.write_text("secret")
    link = served.folder / "link.txt"
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    answer = client.get(f"/{API}/file={path.format(folder=served.folder)}")
    assert answer.status_code in (403, 404)
    assert "secret" not in answer.text.replace("secret.txt", "")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "gradio_api/proxy=http://example.invalid/"),
        ("GET", "config"),
        ("GET", "gradio_api/info"),
        ("GET", "gradio_api/runs"),
        ("GET", "gradio_api/file/etc/passwd"),
        ("POST", "gradio_api/run/predict"),
        ("POST", "gradio_api/call/predict"),
        ("POST", "gradio_api/vibe-edit"),
        ("POST", "gradio_api/process_recording"),
        ("POST", "gradio_api/component_server"),
        ("POST", "gradio_api/run-history/connect"),
        ("POST", "login"),
        ("GET", "monitoring"),
        ("GET", "assets/../../../../etc/passwd"),
        ("GET", "assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/__init__.py"),
        ("PUT", ""),
        ("DELETE", "gradio_api/upload"),
        ("TRACE", ""),
    ],
)
def test_only_what_the_page_uses_is_reachable(client, method, path):
    assert client.request(method, f"/{path}").status_code in (403, 404, 405)


# --- how much is held ---


def uploads_in(folder):
    files = [f for f in folder.rglob("*") if f.is_file() and f.stat().st_size]
    return [f for f in files if storage.TABS not in f.relative_to(folder).parts or storage.TAKEN in f.parts]


def test_photos_are_gone_once_seen_and_videos_with_the_next(tab, client, served, scenes, picture, film):
    for _ in range(3):
        (path,) = upload(client, picture).json()
        assert tab.say("take_file", dropped(served, path))["success"]
        assert not Path(path).exists()
    before = len(uploads_in(served.folder))
    (path,) = upload(client, film.read_bytes(), "film.avi").json()
    assert tab.say("take_file", dropped(served, path))["success"]
    assert len(uploads_in(served.folder)) == before + 1
    (broken,) = upload(client, b"rubbish", "broken.png").json()
    assert tab.say("take_file", dropped(served, broken))["success"]
    assert tab.say("take_frame", {served.page.on.frame: 7})["success"]  # the film is still there
    (path,) = upload(client, picture).json()
    assert tab.say("take_file", dropped(served, path))["success"]
    assert len(uploads_in(served.folder)) == before


def test_uploads_that_nobody_takes_are_given_up(client, served, picture):
    for n in range(storage.WAITING + 5):
        assert upload(client, picture + bytes(n)).status_code == 200
    assert len(uploads_in(served.folder)) <= storage.WAITING + 1


def test_a_full_explorer_takes_no_more(monkeypatch, client, served, picture):
    monkeypatch.setattr(storage, "ROOM", 1000)
    answer = upload(client, picture)
    assert answer.status_code == 507
    assert "has no room" in answer.text
    monkeypatch.undo()
    assert upload(client, picture).status_code == 200


def raw(served, request):
    """The status line of the answer to some bytes."""
    host, port = served.address.removeprefix("http://").strip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request.replace(b"HOST", f"{host}:{port}".encode()))
        return connection.recv(1000).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Content-Length: 600000000", b"413"),
        (b"Transfer-Encoding: chunked", b"411"),
        (b"Content-Length: -5", b"400"),
        (b"Content-Length: " + b"9" * 400, b"4"),
    ],
)
def test_too_large_bodies_are_refused_before_they_come(served, headers, status):
    request = b"POST /gradio_api/upload HTTP/1.1\r\nHost: HOST\r\n" + headers + b"\r\n\r\n"
    assert raw(served, request).split()[1].startswith(status)


def test_an_upload_that_is_broken_off_leaves_the_server_well(capfd, client, served):
    host, port = served.address.removeprefix("http://").strip("/").split(":")
    start = (
        f"POST /{API}/upload HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 5000\r\n"
        'Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; name="files"; '
        'filename="a.png"\r\n\r\n' + "a" * 200
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(start.encode())
        time.sleep(0.2)
    time.sleep(0.2)
    assert client.get("/").status_code == 200
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "text/plain", ""])
@pytest.mark.parametrize("body", [b"", b"rubbish", b"--x\r\n\r\n\r\n--x--", b"--x\r\nContent-Disposition: form-data"])
def test_uploads_of_no_form_are_refused(capfd, client, kind, body):
    answer = client.post(f"{API}/upload", content=body, headers={"Content-Type": kind})
    assert answer.status_code >= 400 or answer.json() == []
    assert "Traceback" not in capfd.readouterr().err


# --- what it is told ---

plain = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20)
value = st.recursive(plain, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(max_size=8), v, max_size=4))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.data())
def test_handlers_told_anything_answer(capfd, tab, served, data):
    on, names = (
        served.page.on,
        ["take_file", "take_frame", "regroup", "redraw", "click", "pick_person", "pick_candidate"],
    )
    components = {c.elem_id: c for c in (on.view, on.joint, on.limb, on.peaks, on.frame, *on.options.values())}
    told = data.draw(st.dictionaries(st.sampled_from(sorted(components)), value, max_size=3))
    event = data.draw(st.none() | value | st.fixed_dictionaries({"index": value, "value": value, "row_value": value}))
    said = tab.say(data.draw(st.sampled_from(names)), {components[k]: v for k, v in told.items()}, event)
    assert said is not None
    if isinstance(said, dict) and not said["success"]:
        assert said["output"]["error"]
    assert "Traceback" not in capfd.readouterr().err


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.dictionaries(st.sampled_from(["fn_index", "data", "event_data", "trigger_id", "event_id"]), value))
def test_the_queue_told_anything_answers(capfd, client, tab, body):
    answer = tab.send(body)
    assert answer is not None
    assert "Traceback" not in capfd.readouterr().err
    assert client.get("/").status_code == 200


def test_what_goes_wrong_is_said_on_the_page(caplog, tab, served):
    said = tab.say("regroup", {served.page.on.options["peak_threshold"]: 99})
    assert "99 is greater than maximum" in said["output"]["error"]
    assert "the page's request failed" in caplog.text
    said = tab.say("take_file", {served.page.on.drop: None})
    assert said["success"]
    assert "no file came with that" in json.dumps(said["output"]["data"])
    stolen = tab.say("take_file", dropped(served, "/etc/passwd"))
    assert not stolen["success"]
    assert Path("/etc/passwd").exists() or not Path("/etc").exists()


def test_a_tab_that_was_given_up_is_told_so(client, served, picture):
    stranger = Tab(client, served.page)  # it never said that it started
    (path,) = upload(client, picture).json()
    for handler in ("take_file", "take_portrait", "take_crowd", "regroup", "redraw", "click"):
        said = stranger.say(handler, dropped(served, path), {"index": [5, 5], "value": None})
        assert "left alone for too long" in json.dumps(said["output"]["data"]), handler


def test_a_video_of_vast_frames_and_pictures_of_odd_names(tab, client, served, picture):
    for name in ("ü" * 120 + ".png", "a\nb.png", "..png", "%00.png", "'\".png"):
        (path,) = upload(client, picture, name).json()
        said = tab.say("take_file", dropped(served, path))
        assert said["success"], name
        assert "2 people" in json.dumps(said["output"]["data"]), name


def test_a_picture_of_rubbish_in_every_format(tab, client, served):
    rubbish = np.random.default_rng(0).integers(0, 256, 3000, np.uint8).tobytes()
    for suffix in ("jpg", "hdr", "exr", "tif", "pfm", "webp", "gif", "mp4", "avi", "heic", "svg"):
        (path,) = upload(client, rubbish, f"a.{suffix}").json()
        said = tab.say("take_file", dropped(served, path))
        assert said["success"]
        assert f"a.{suffix}" in json.dumps(said["output"]["data"])
