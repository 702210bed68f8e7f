"""Downloads into a cache folder: with a progress bar, taken up where they stopped, verified."""

from __future__ import annotations

import hashlib
import os
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from tqdm import tqdm

from bupose.errors import WeightsError

CHUNK = 1 << 18  # bytes between two steps of the progress bar
TIMEOUT = 30  # seconds without an answer
MOST = 2 << 30  # bytes of a file whose size is not known; no published network takes half of that


def fetch(url: str, path: Path, checksum: str | None = None, licence: str = "", most: int = MOST) -> Path:
    """Download a file unless it is there already, and verify it.

    Parameters
    ----------
    url : str
    path : Path
        Where to put it; what has arrived so far is kept beside it as ``.part``.
    checksum : str, optional
        ``sha256:`` or ``md5:`` and hexadecimal digits; fewer digits than the full sum check its beginning.
    licence : str
        Shown before the download.
    most : int, bytes
        No more is written, whatever the server says or sends.

    Raises
    ------
    WeightsError
        No network, no such file, one that is too large, an interrupted download, or a wrong sum.
    """
    partial = path.with_name(path.name + ".part")
    if not path.exists():
        tqdm.write(f"downloading {url}{f' (licence: {licence})' if licence else ''}", file=sys.stderr)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _download(url, partial, most)
        except urllib.error.HTTPError as problem:
            raise WeightsError(f"{url} answers {problem.code} {_one_line(problem.reason)}; {_by_hand(path)}") from None
        except (OSError, HTTPException, ValueError) as problem:  # URLError, time-outs; an address that is none
            reason = getattr(problem, "reason", None) or problem
            reason = getattr(reason, "strerror", None) or reason
            raise WeightsError(
                f"cannot download {url} ({_one_line(reason)}): try again to go on, or {_by_hand(path)}"
            ) from None
        _verify(partial, url, checksum)
        os.replace(partial, path)
    else:
        _verify(path, url, checksum)
    return path


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a server to http and https alone; urllib's own would go to ftp, too."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.HTTPError(newurl, code, f"{msg}, to {newurl:.200}: neither http nor https", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(url: str, partial: Path, most: int) -> None:
    """Append what is missing to ``partial``."""
    done = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "bupose", "Accept-Encoding": "identity"})
    if done:
        request.add_header("Range", f"bytes={done}-")
    try:
        answer = urllib.request.build_opener(_Redirects).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as problem:
        if done and problem.code == 416 and problem.headers.get("Content-Range", "") == f"bytes */{done}":
            return  # nothing was missing
        if done and problem.code == 416:  # longer than the file is now: not a part of it
            partial.unlink()
            return _download(url, partial, most)
        raise
    with answer:
        if done and answer.status != 206:  # the server starts from the beginning
            done = 0
        total = None if answer.length is None else done + answer.length
        _check_size(url, partial, total or 0, most)
        bar = tqdm(total=total, initial=done, unit="B", unit_scale=True, desc=partial.stem, file=sys.stderr)
        with bar, partial.open("ab" if done else "wb") as file:
            while block := answer.read(CHUNK):
                _check_size(url, partial, file.tell() + len(block), most)
                file.write(block)
                bar.update(len(block))
    arrived = partial.stat().st_size
    if total is not None and arrived < total:
        raise OSError(f"the connection ended after {arrived} of {total} bytes")


def _check_size(url: str, partial: Path, size: int, most: int) -> None:
    if size > most:
        partial.unlink(missing_ok=True)
        raise WeightsError(f"{url} sends more than the {most:,} bytes that its file can have; it is another file now")


def _verify(path: Path, url: str, checksum: str | None) -> None:
    """Refuse, and remove a partial download, whose sum is not the published one."""
    if checksum is None:
        return
    kind, digits = checksum.split(":")
    with path.open("rb") as file:
        got = hashlib.file_digest(file, kind).hexdigest()
    if got.startswith(digits):
        return
    if path.suffix == ".part":
        path.unlink()
        raise WeightsError(f"what {url} sent has {kind} {got}, not {digits} as published; try again")
    raise WeightsError(f"{str(path)!r} has {kind} {got}, not {digits} as published; delete it to download it anew")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _by_hand(path: Path) -> str:
    return f"download it by hand and put it at {str(path)!r}"
