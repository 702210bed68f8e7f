"""Downloads from a server on this machine: complete, taken up, wrong, and impossible."""

import hashlib
import http.server
import re
import socket
import threading

import pytest
import torch

from bupose import weights
from bupose.errors import WeightsError
from bupose.weights import download, zoo

CONTENT = bytes(range(256)) * 5000
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves ``content``; remembers the Range headers it got; may break off, ignore ranges, lie or lead elsewhere."""

    content, resumable, break_after, length, target = CONTENT, True, None, str, None

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, *_):  # whoever reads no further is no error
        pass

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/net.bin"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked, server = self.headers.get("Range"), self.server
        server.ranges.append(asked)
        if not self.path.endswith("net.bin"):
            return self.send_error(404)
        if server.target:
            self.send_response(302)
            self.send_header("Location", server.target)
            return self.end_headers()
        start = int(re.match(r"bytes=(\d+)-", asked)[1]) if asked and server.resumable else 0
        if asked and server.resumable and start >= len(server.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.content)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if asked and server.resumable else 200)
        if length := server.length(len(server.content) - start):
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(server.content[start : server.break_after])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    yield server
    server.shutdown()
    server.server_close()


def test_download_verifies_and_is_kept(server, tmp_path, capsys):
    path = tmp_path / "cache" / "net.bin"
    assert download.fetch(server.url, path, SHA256, "Apache-2.0").read_bytes() == CONTENT
    shown = capsys.readouterr().err
    assert "Apache-2.0" in shown
    assert "100%" in shown
    download.fetch(server.url, path, SHA256)
    assert server.ranges == [None]  # the second time nothing is asked of the server
    assert [p.name for p in path.parent.iterdir()] == ["net.bin"]


def test_broken_download_is_taken_up(server, tmp_path):
    path = tmp_path / "net.bin"
    server.break_after = 300_000
    with pytest.raises(WeightsError, match=r"ended after 300000 of 1280000 bytes.*try again"):
        download.fetch(server.url, path, SHA256)
    assert not path.exists()
    server.break_after = None
    assert download.fetch(server.url, path, SHA256).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=300000-"]


def test_server_without_ranges_starts_over(server, tmp_path):
    (tmp_path / "net.bin.part").write_bytes(b"x" * 1000)
    server.resumable = False
    assert download.fetch(server.url, tmp_path / "net.bin", SHA256).read_bytes() == CONTENT


@pytest.mark.parametrize("already", [CONTENT, CONTENT + b"of another, longer file"])
def test_part_that_lacks_nothing(server, tmp_path, already):
    (tmp_path / "net.bin.part").write_bytes(already)
    assert download.fetch(server.url, tmp_path / "net.bin", SHA256).read_bytes() == CONTENT


def test_wrong_sum(server, tmp_path):
    path = tmp_path / "net.bin"
    with pytest.raises(WeightsError, match=r"not 0123 as published; try again"):
        download.fetch(server.url, path, "sha256:0123")
    assert not list(tmp_path.iterdir())  # neither the file nor a part to go on from
    path.write_bytes(b"put here by hand")
    with pytest.raises(WeightsError, match="delete it"):
        download.fetch(server.url, path, SHA256)
    assert path.read_bytes() == b"put here by hand"


def test_md5_and_leading_digits(server, tmp_path):
    download.fetch(server.url, tmp_path / "a", "md5:" + hashlib.md5(CONTENT).hexdigest())
    download.fetch(server.url, tmp_path / "b", SHA256[:15])


def test_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/net.bin"  # nobody listens
    with pytest.raises(WeightsError) as problem:
        download.fetch(url, tmp_path / "net.bin")
    text = str(problem.value)
    assert "by hand" in text
    assert url in text
    assert str(tmp_path / "net.bin") in text
    assert "\n" not in text


def test_gone_from_the_server(server, tmp_path):
    with pytest.raises(WeightsError, match=r"404.*by hand"):
        download.fetch(server.url.replace("net.bin", "gone"), tmp_path / "net.bin")


@pytest.mark.parametrize("length", [lambda n: "", lambda n: "many", lambda n: "-1", str, lambda n: str(2**60)])
def test_no_more_is_written_than_the_file_can_have(server, tmp_path, length):
    server.length = length
    with pytest.raises(WeightsError, match="sends more than the 1,000,000 bytes"):
        download.fetch(server.url, tmp_path / "net.bin", most=1_000_000)
    assert not list(tmp_path.iterdir())


def test_a_part_of_a_larger_file_is_no_way_round(server, tmp_path):
    (tmp_path / "net.bin.part").write_bytes(CONTENT[:900_000])
    server.length = lambda n: ""
    with pytest.raises(WeightsError, match="sends more than the 1,000,000 bytes"):
        download.fetch(server.url, tmp_path / "net.bin", most=1_000_000)
    assert not list(tmp_path.iterdir())


def test_an_answer_without_a_length_is_taken(server, tmp_path):
    server.length = lambda n: ""
    assert download.fetch(server.url, tmp_path / "net.bin", SHA256, most=len(CONTENT)).read_bytes() == CONTENT


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "http://[", "/net.bin", "//"])
def test_redirects_lead_to_the_web_alone(server, tmp_path, target):
    server.target = target
    with pytest.raises(WeightsError, match=r"30[0-9]|cannot download") as refusal:
        download.fetch(server.url, tmp_path / "net.bin")
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.iterdir())


def test_redirects_are_followed(server, tmp_path):
    first = Server()
    first.target = server.url
    try:
        assert download.fetch(first.url, tmp_path / "net.bin", SHA256).read_bytes() == CONTENT
    finally:
        first.shutdown()
        first.server_close()


@pytest.mark.parametrize("name", zoo.ZOO)
def test_entries(name):
    entry = zoo.get(name)
    assert entry.licence
    assert entry.what
    assert entry.kind is None or entry.kind in weights.IMPORTERS
    for file in entry.files:
        assert file.url.startswith(("http://", "https://"))
        assert file.checksum is None or re.fullmatch(
            r"sha256:([0-9a-f]{8}|[0-9a-f]{64})|md5:[0-9a-f]{32}", file.checksum
        )


def test_resolve(server, tmp_path, monkeypatch):
    """A name becomes a file of bupose's own: downloaded and imported once, with its licence accepted."""
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path / "cache"))
    net = _published_checkpoint(tmp_path / "published.pth")
    server.content = (tmp_path / "published.pth").read_bytes()
    files = (zoo.File(server.url, None),)
    monkeypatch.setitem(zoo.ZOO, "test-net", zoo.Entry("a test", "no licence", files, "lightweight", commercial=False))
    with pytest.raises(WeightsError, match=r"no licence.*accept_license=True"):
        weights.resolve("test-net")
    assert server.ranges == []
    path = weights.resolve("test-net", accept_license=True)
    again = weights.load(path)
    assert torch.equal(again.trunk.model[0][0].weight, net["model.0.0.weight"])
    assert weights.resolve("test-net", accept_license=True) == path
    assert len(server.ranges) == 1
    assert weights.resolve(path) == path


def test_resolve_refuses():
    with pytest.raises(WeightsError, match="openpose-body25"):
        weights.resolve("no such thing")
    with pytest.raises(WeightsError, match="not a pose network"):
        weights.resolve("imagenet-vgg19")
    with pytest.raises(WeightsError, match="non-commercial"):
        weights.resolve("openpose-coco")


def _published_checkpoint(path) -> dict[str, torch.Tensor]:
    """A file of lightweight OpenPose's names and shapes."""
    from bupose.nn.config import NetworkConfig
    from bupose.nn.model import PoseNet
    from bupose.skeletons import COCO18

    net = PoseNet(NetworkConfig(COCO18, "mobilenet_v1", "light")).state_dict()
    tensors = {name.split(".", 1)[1]: t for name, t in net.items() if "." in name}
    torch.save({"state_dict": tensors}, path)
    return tensors
