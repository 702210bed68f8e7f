"""Downloads into a cache folder: with a progress bar, taken up where they stopped, verified."""

from __future__ import annotations

import hashlib
import os
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from tqdm import tqdm

from bupose.errors import WeightsError

CHUNK = 1 << 18  # bytes between two steps of the progress bar
TIMEOUT = 30  # seconds without an answer


def fetch(url: str, path: Path, checksum: str | None = None, licence: str = "") -> Path:
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

    Raises
    ------
    WeightsError
        No network, no such file, an interrupted download, or a wrong sum.
    """
    partial = path.with_name(path.name + ".part")
    if not path.exists():
        tqdm.write(f"downloading {url}{f' (licence: {licence})' if licence else ''}", file=sys.stderr)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _download(url, partial)
        except urllib.error.HTTPError as problem:
            raise WeightsError(f"{url} answers {problem.code} {problem.reason}; {_by_hand(path)}") from None
        except (OSError, HTTPException) as problem:  # URLError and time-outs are OSErrors
            reason = getattr(problem, "reason", None) or problem
            reason = getattr(reason, "strerror", None) or reason
            raise WeightsError(f"cannot download {url} ({reason}): try again to go on, or {_by_hand(path)}") from None
        _verify(partial, url, checksum)
        os.replace(partial, path)
    else:
        _verify(path, url, checksum)
    return path


def _download(url: str, partial: Path) -> None:
    """Append what is missing to ``partial``."""
    done = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "bupose", "Accept-Encoding": "identity"})
    if done:
        request.add_header("Range", f"bytes={done}-")
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as problem:
        if done and problem.code == 416 and problem.headers.get("Content-Range", "") == f"bytes */{done}":
            return  # nothing was missing
        if done and problem.code == 416:  # longer than the file is now: not a part of it
            partial.unlink()
            return _download(url, partial)
        raise
    with answer:
        if done and answer.status != 206:  # the server starts from the beginning
            done = 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else None
        bar = tqdm(total=total, initial=done, unit="B", unit_scale=True, desc=partial.stem, file=sys.stderr)
        with bar, partial.open("ab" if done else "wb") as file:
            while block := answer.read(CHUNK):
                file.write(block)
                bar.update(len(block))
    arrived = partial.stat().st_size
    if total is not None and arrived < total:
        raise OSError(f"the connection ended after {arrived} of {total} bytes")


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


def _by_hand(path: Path) -> str:
    return f"download it by hand and put it at {str(path)!r}"
