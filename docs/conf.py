"""Sphinx's settings. ``python -m sphinx -W docs out/docs`` builds the site; a broken link or reference ends it."""

import logging
import re
import shutil
import sys
from pathlib import Path

import bupose

sys.path.insert(0, str(Path(__file__).parent))
from generated.names import PAGES, has_place
from generated.pages import for_site

project, author, version = "bupose", "the bupose authors", bupose.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["images"]

# Notebooks are run anew for the site, whatever is kept in them; what a cell complains of ends the build.
nb_execution_mode, nb_execution_timeout, nb_execution_in_temp = "force", 600, True
nb_output_stderr, nb_merge_streams = "warn", True
logging.getLogger("traitlets").setLevel(logging.WARNING)  # it tells of every notebook

myst_heading_anchors = 4  # links to #headings are checked, too

napoleon_google_docstring = False
napoleon_use_ivar = True  # attributes are a list, not entries of their own
napoleon_use_param = napoleon_use_rtype = False  # types are words here, not names to look up
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more: shapes and units
maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = "hide"

# Names of bupose in docstrings must exist; classes of other packages are not looked up, which would need a network.
nitpicky = True
nitpick_ignore_regex = [("py:class", r"(?!bupose\.).*")]

html_theme = "furo"
html_title = "bupose"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sphinx = html_show_copyright = False


# Where a link between files leads on the site, which has docs for its root.
SITE = {
    "../CONTRIBUTING.md": "contributing.md",
    "../CHANGELOG.md": "changelog.md",
    "../notebooks/": "notebooks/",
    "../docs/": "../",  # from a notebook
}


def bring_notebooks(app, config) -> None:
    """Copies the notebooks to where Sphinx finds them, in place of earlier copies."""
    copies = Path(app.srcdir) / "notebooks"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    for notebook in copies.parents[1].glob("notebooks/*.ipynb"):
        shutil.copy2(notebook, copies)  # with its time: one that has not changed is not run again


# The list of pages beside each: it is of no use where pages are read as files.
CONTENTS = {
    "Start": ("install", "quickstart", "concepts"),
    "Notebooks": ("notebooks/*",),
    "How to": (
        *(
            "own_data",
            "skeletons",
            "data",
            "laboratories",
            "training",
            "sweeps",
            "cluster",
            "export",
            "weights",
            "input",
            "video",
            "output",
            "scale",
            "from_openpose",
            "from_openpifpaf",
            "sports",
            "evaluation",
        ),
    ),
    "Facts": ("methods", "networks", "bench", "top_down", "default_network", "speed", "comparison", "faq"),
    "Reference": ("configuration", "api/index", "contributing", "changelog"),
}


def complete(app, page: str, source: list[str]) -> None:
    """Gives a page what only the site has: lists of pages, whole docstrings, links for the site."""
    contents = {"index": CONTENTS, "api/index": {"Modules": PAGES}}.get(page, {})
    trees = [
        "\n".join(["```{toctree}", ":hidden:", ":glob:", f":caption: {caption}", "", *pages, "```"])
        for caption, pages in contents.items()
    ]
    text = source[0]
    for file, place in SITE.items():
        text = text.replace(f"]({file}", f"]({place}")
    source[0] = "\n\n".join([for_site(page, text), *trees])


def show_as_code(app, what, name, obj, options, lines: list[str]) -> None:
    """Docstrings' references to what is not public become plain code: the site has no place for them."""
    for n, line in enumerate(lines):
        lines[n] = re.sub(
            r":(?:func|class|meth|data|mod|exc):`~?([^`]+)`",
            lambda found: found[0] if has_place(found[1], name) else f"``{found[1]}``",
            line,
        )


def skip_foreign(app, what, name, obj, skip: bool, options) -> bool | None:
    """Methods that another package wrote into a class are not explained here."""
    home = getattr(getattr(obj, "fget", obj), "__module__", None) or ""
    return None if home.startswith("bupose") else True


def setup(app) -> None:
    app.connect("config-inited", bring_notebooks)
    app.connect("source-read", complete)
    app.connect("autodoc-process-docstring", show_as_code)
    app.connect("autodoc-skip-member", skip_foreign)
