"""Public sets: their list, and safe unpacking."""

import io
import re
import shutil
import tarfile
import zipfile
from types import SimpleNamespace

import pytest

from bupose.data.downloads import SOURCES, describe_sources, find_archives, unpack
from bupose.errors import InputError, OptionsError


def make_archive(path, members):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_unpack(tmp_path, name):
    archive = make_archive(tmp_path / name, {"photos/a.jpg": b"one", "set.json": b"{}"})
    assert unpack(archive, tmp_path / "out") == 2
    assert (tmp_path / "out" / "photos" / "a.jpg").read_bytes() == b"one"
    assert unpack(archive, tmp_path / "out") == 0
    (tmp_path / "out" / "set.json").write_bytes(b"")  # broken off the first time
    assert unpack(archive, tmp_path / "out") == 1


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_archives_stay_in_their_folder(tmp_path, name):
    archive = make_archive(tmp_path / name, {"../outside.txt": b"x"})
    with pytest.raises(InputError, match="outside its folder"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "outside.txt").exists()


def test_no_archive(tmp_path):
    (tmp_path / "page.zip").write_text("<html>please log in")
    with pytest.raises(InputError, match="cannot unpack"):
        unpack(tmp_path / "page.zip", tmp_path / "out")


def test_the_list_is_usable():
    for name, source in SOURCES.items():
        assert source.licence
        assert source.archives or source.by_hand
        for part, archive in find_archives(name).items():
            assert re.fullmatch(r"https?://\S+/[\w.]+", archive.url)
            assert archive.checksum is None or re.fullmatch(r"md5:[0-9a-f]{32}", archive.checksum)
            assert f"{part}:" in describe_sources()
    assert list(find_archives("coco", ["val"])) == ["val"]
    with pytest.raises(OptionsError, match="choose one of coco"):
        find_archives("imagenet")
    with pytest.raises(OptionsError, match="no part 'test'"):
        find_archives("coco", ["test"])


def damaged(path, change):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", b"what is in it " * 1000)
    content = bytearray(path.read_bytes())
    change(content, content.index(b"PK\x01\x02"))
    path.write_bytes(content)
    return path


DAMAGE = {
    "encrypted": lambda content, at: (content.__setitem__(6, 1), content.__setitem__(at + 8, 1)),
    "another compression": lambda content, at: (content.__setitem__(8, 77), content.__setitem__(at + 10, 77)),
    "other bytes": lambda content, at: content.__setitem__(slice(35, 60), b"\xff" * 25),
    "more than any disk": lambda content, at: content.__setitem__(slice(at + 24, at + 28), b"\xfe\xff\xff\xff"),
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_an_archive_that_cannot_be_unpacked_is_one_sentence(tmp_path, monkeypatch, change):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**31))
    with pytest.raises(InputError, match=r"cannot unpack .*download it again|unpacks to 4.3 GB, and .*has 2.1 GB left"):
        unpack(damaged(tmp_path / "a.zip", change), tmp_path / "out")
