"""Verified, resumable downloads with a progress bar."""

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

CHUNK = 1 << 18  # bytes per step of the progress bar
TIMEOUT = 30  # timeout, seconds
MOST = 2 << 30  # maximum bytes of a file of unknown size; twice the largest published network


def fetch(url: str, path: Path, checksum: str | None = None, licence: str = "", most: int = MOST) -> Path:
    """Download and verify a file, unless it exists.

    Parameters
    ----------
    url : str
    path : Path
        Target path; a partial download is kept beside it as ``.part``.
    checksum : str, optional
        ``sha256:`` or ``md5:`` and hexadecimal digits; a shorter sum is compared with the beginning.
    licence : str
        Shown before the download.
    most : int, bytes
        Maximum size, whatever the server sends.

    Raises
    ------
    WeightsError
        No connection, no such file, too large a file, an interrupted download, or a wrong checksum.
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
    """Follows redirects to http and https only; urllib would also follow ftp."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.HTTPError(newurl, code, f"{msg}, to {newurl:.200}: neither http nor https", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(url: str, partial: Path, most: int) -> None:
    """Append the missing bytes to ``partial``."""
    done = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "bupose", "Accept-Encoding": "identity"})
    if done:
        request.add_header("Range", f"bytes={done}-")
    try:
        answer = urllib.request.build_opener(_Redirects).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as problem:
        if done and problem.code == 416 and problem.headers.get("Content-Range", "") == f"bytes */{done}":
            return  # nothing was missing
        if done and problem.code == 416:  # longer than the file: not a part of it
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
    """Verify the checksum; removes a partial download that fails."""
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
