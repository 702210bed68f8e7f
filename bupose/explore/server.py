"""Serving the page to this machine alone.

Gradio carries the page because it has drop zones, clicks into pictures with their pixel, events while a slider moves
and values that stay on the server, one for each tab, and brings its scripts and fonts along, so it works offline.
Streamlit runs the whole script at every touch and needs a further package for clicks into pictures, as panel needs
bokeh's plots; nicegui could do it all, with more of the page written by hand.

What gradio could say to others is off: no analytics, no share link, no fonts from elsewhere. Its environment variables
could turn all of it on again, and open the disk, so they are not heard; who is answered says ``gate``.
"""

from __future__ import annotations

import gradio as gr
from starlette.middleware import Middleware

from bupose.errors import OptionsError
from bupose.explore.gate import LARGEST_UPLOAD, NAMES, Gate
from bupose.explore.storage import Uploads

TABS = 50  # whose sessions are kept
FONTS, MONOSPACED = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"), ("ui-monospace", "monospace")
CSS = """
@media (min-width: 1000px) {  /* the picture stays while one turns the controls far below */
  #main { position: sticky; top: 0; align-self: flex-start; max-height: 100vh; overflow-y: auto; flex-wrap: nowrap; }
  #main > * { flex-shrink: 0; }
}
#canvas img { cursor: crosshair; width: auto; max-width: 100%; height: auto; max-height: 66vh; margin: 0 auto; }
#clip video { max-height: 60vh; }
#people *, #candidates *, #followed * { font-family: inherit; font-variant-numeric: tabular-nums; }
#message { position: fixed; bottom: 16px; left: 50%; transform: translateX(-50%); width: auto; z-index: 1000; }
#message p { margin: 0; padding: 8px 12px; border-radius: 8px; background: #b3261e; color: white; }
#summary, #progress { font-variant-numeric: tabular-nums; opacity: 0.8; }
#headline * { font-size: 1.05em; font-weight: 600; }
:root, .dark { --block-info-text-color: var(--body-text-color-subdued); }
:root { --body-text-color-subdued: #5c5c66; }
.selection-button { display: none !important; }
"""


def serve(blocks: gr.Blocks, port: int, uploads: Uploads) -> str:
    """Serve this machine in a thread, until ``blocks.close()``; gives the page's address.

    Raises
    ------
    OptionsError
        The server does not start.
    """
    try:
        _, address, _ = blocks.launch(
            server_name=NAMES[0],
            server_port=port,
            share=False,
            inbrowser=False,
            prevent_thread_lock=True,
            quiet=True,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            run_history=False,
            enable_monitoring=False,
            footer_links=[],
            max_file_size=LARGEST_UPLOAD,
            state_session_capacity=TABS,
            theme=gr.themes.Default(font=FONTS, font_mono=MONOSPACED),
            css=CSS,
            app_kwargs={"middleware": [Middleware(Gate, uploads=uploads)], "docs_url": None, "redoc_url": None},
        )
    except Exception as problem:  # gradio raises bare ones
        raise OptionsError(
            f"the explorer cannot serve at port {port}: {' '.join(str(problem).split())}; give another by port="
        ) from problem
    return address
