"""Serving the page to this machine alone.

Gradio carries the page because it has drop zones, clicks into pictures with their pixel, events while a slider moves
and values that stay on the server, one for each tab, and brings its scripts and fonts along, so it works offline.
Streamlit runs the whole script at every touch and needs a further package for clicks into pictures, as panel needs
bokeh's plots; nicegui could do it all, with more of the page written by hand.

What gradio could say to others is off: no analytics, no share link, no fonts from elsewhere. A content security policy
forbids the browser any address but this one, and the server answers to no other name.
"""

from __future__ import annotations

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

UPLOAD = "500mb"  # a video's; photos have a limit of their own
TABS = 50  # whose sessions are kept
FONTS, MONOSPACED = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"), ("ui-monospace", "monospace")
CSS = """
#canvas img { cursor: crosshair; width: auto; max-width: 100%; height: auto; max-height: 66vh; margin: 0 auto; }
#people *, #offers * { font-family: inherit; font-variant-numeric: tabular-nums; }
#message { position: fixed; bottom: 16px; left: 50%; transform: translateX(-50%); width: auto; z-index: 1000; }
#message p { margin: 0; padding: 8px 12px; border-radius: 8px; background: #b3261e; color: white; }
#summary { font-variant-numeric: tabular-nums; opacity: 0.8; }
#headline { font-size: 1.1em; font-weight: 600; }
"""
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:"
)


class SecurityPolicy:
    """ASGI middleware that adds :data:`POLICY` to every answer."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        async def send_with_policy(message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", POLICY.encode())]
            await send(message)

        await self.app(scope, receive, send_with_policy if scope["type"] == "http" else send)


def serve(blocks: gr.Blocks, host: str, port: int) -> str:
    """Serve in a thread, until ``blocks.close()``; gives the page's address."""
    allowed = Middleware(TrustedHostMiddleware, allowed_hosts=[host, "localhost"])
    _, address, _ = blocks.launch(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
        enable_monitoring=False,
        footer_links=[],
        max_file_size=UPLOAD,
        state_session_capacity=TABS,
        theme=gr.themes.Default(font=FONTS, font_mono=MONOSPACED),
        css=CSS,
        app_kwargs={"middleware": [allowed, Middleware(SecurityPolicy)], "docs_url": None, "redoc_url": None},
    )
    return address
