"""Access control of the explorer's server: it answers only its own page, on this machine.

A page on the web can send requests to servers on this machine, and can even give itself an address that leads here (DNS
rebinding). Browsers send a request's origin (``Origin``, ``Sec-Fetch-Site``) and the server's name (``Host``); requests
that do not come from the explorer's own page are refused, including uploads and event streams. Of all that gradio's
server can do (fetch addresses, lend files, record screens), only what the page uses is reachable.
"""

from __future__ import annotations

import os
import re
import traceback

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from bupose.errors import InputError
from bupose.explore.storage import Uploads

NAMES = ("127.0.0.1", "localhost")  # of this machine
LARGEST_UPLOAD = 500 * 10**6  # bytes; a video's, photos have a limit of their own
LARGEST_MESSAGE = 10**6  # bytes, of any other request
ROUTES = {  # all that the page asks for
    "GET": re.compile(
        r"/|/theme\.css|/favicon\.ico|/(assets|static)/.+"
        r"|/gradio_api/(startup-events|queue/data|upload_progress|heartbeat/[^/]+|file=.+)"
    ),
    "POST": re.compile(r"/gradio_api/(queue/join|cancel|reset|upload)"),
}
ROUTES["HEAD"] = ROUTES["GET"]
UPLOAD, FILE = "/gradio_api/upload", "/gradio_api/file="
HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Refusal(Exception):
    """A request that is not answered: its status, and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Gate:
    """ASGI middleware, the outermost.

    Parameters
    ----------
    app
        What lies behind.
    uploads : Uploads
    """

    def __init__(self, app, uploads: Uploads) -> None:
        self.app, self.uploads = app, uploads

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:  # the page opens no web socket
            await send({"type": "websocket.close", "code": 1008, "reason": "not served"})

    async def _answer(self, scope, receive, send) -> None:
        begun = False

        async def send_with_headers(message) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start":
                added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        try:
            size = self._check(scope)
            if scope["path"] == UPLOAD:
                with self.uploads.expect(size):
                    await self.app(scope, receive, send_with_headers)
            else:
                await self.app(scope, receive, send_with_headers)
            return
        except Refusal as problem:
            status, sentence = problem.status, str(problem)
        except InputError as problem:
            status, sentence = 507, str(problem)
        except Exception as problem:  # of a request that gradio cannot read, or that was broken off
            if os.environ.get("BUPOSE_DEBUG") == "1":
                traceback.print_exc()
            status, sentence = 500, f"the explorer could not answer this request ({type(problem).__name__})"
        if not begun:
            await PlainTextResponse(sentence, status)(scope, receive, send_with_headers)

    def _check(self, scope) -> int:
        """The length of the request's body; raises Refusal."""
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        host = headers.get("host", "")
        if host.rpartition(":")[0] not in NAMES and host not in NAMES:
            raise Refusal(421, "the explorer answers only to 127.0.0.1 and localhost")
        if not comes_from_own_page(headers, path):
            raise Refusal(403, "the explorer answers only to its own page")
        if method not in ROUTES:
            raise Refusal(405, "the explorer's page sends no such request")
        if not ROUTES[method].fullmatch(path):
            raise Refusal(404, "the explorer has no such page")
        if path.startswith(FILE) and not self.uploads.owns(path.removeprefix(FILE)):
            raise Refusal(403, "the explorer lends only its own files")
        return _body(headers, LARGEST_UPLOAD if path == UPLOAD else LARGEST_MESSAGE)


def comes_from_own_page(headers: Headers, path: str) -> bool:
    """Whether the browser's headers say so; clients without such headers, like curl, are accepted.

    A link on another page may lead to the explorer's, and an address may be typed.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if origin is not None:
        return origin == f"http://{headers.get('host')}"
    linked = path == "/" and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return site in ("none", "same-origin") or linked


def _body(headers: Headers, most: int) -> int:
    if "transfer-encoding" in headers:
        raise Refusal(411, "the explorer wants to know a request's length; browsers send it")
    length = headers.get("content-length", "0")
    size = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else most + 1
    if size > most:
        raise Refusal(413, f"this is too large; the explorer takes up to {most // 10**6} MB")
    return size
