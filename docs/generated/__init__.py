"""What pages take from the code when the site is built; nothing of it is written down a second time.

Directives: ``{options} train``, ``{experiments}`` and ``{public} bupose.codec``.
"""

from __future__ import annotations

from collections.abc import Callable

from sphinx.util.docutils import SphinxDirective

from generated.names import show_names
from generated.options import show_experiments, show_options


def _directive(title: str, show: Callable[..., str], arguments: int) -> type[SphinxDirective]:
    """A directive in whose place stands the Markdown that ``show`` writes for its arguments."""

    def run(self) -> list:
        return self.parse_text_to_nodes(show(*self.arguments), allow_section_headings=True)

    return type(title, (SphinxDirective,), {"required_arguments": arguments, "run": run})


def setup(app) -> dict:
    """Called by Sphinx."""
    app.add_directive("options", _directive("Options", show_options, 1))
    app.add_directive("experiments", _directive("Experiments", show_experiments, 0))
    app.add_directive("public", _directive("Public", show_names, 1))
    return {"parallel_read_safe": True}
