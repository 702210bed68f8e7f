"""Links of README, docs and notebooks lead somewhere where pages are read as files, as on a git host.

Whether they do on the site is checked when it is built (tests/test_docs.py).
"""

import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *NOTEBOOKS]


@cache
def prose(page: Path) -> str:
    """A page without its code; the Markdown of a notebook."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        text = "\n\n".join("".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "markdown")
    return re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)


@cache
def anchors(page: Path) -> set[str]:
    """A heading's letters, digits, hyphens and underscores in lower case, blanks as hyphens; the second of a name ends
    in -1."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.M):
        words = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found[name] = found.get(name, -1) + 1
        if found[name]:
            found[f"{name}-{found[name]}"] = 0
    return set(found)


def links(page: Path, text: str) -> dict[str, tuple[Path, str]]:
    """Where links within the project lead: a file, and an anchor in it."""
    found = {}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if "://" not in target:
            found[target] = ((page.parent / file).resolve() if file else page, anchor)
    return found


def broken(page: Path, text: str) -> list[str]:
    """The targets of a page's links that are not there."""
    return [
        target
        for target, (file, anchor) in links(page, text).items()
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert broken(page, prose(page)) == []


def test_broken_links_are_seen():
    text = "[a](nowhere.md) [b](CONTRIBUTING.md#layers) ![c](docs/images/none.png) [d](#start) [e](docs/faq.md#nowhere)"
    assert broken(ROOT / "README.md", text) == ["nowhere.md", "docs/images/none.png", "docs/faq.md#nowhere"]
    assert {"trunk", "trunk-vgg19", "data-val", "decoder"} <= anchors(ROOT / "docs" / "configuration.md")


def test_every_page_can_be_reached_from_the_readme():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in PAGES and page not in seen:
            seen.add(page)
            waiting += [file for file, _ in links(page, prose(page)).values()]
    copies = {ROOT / "docs" / name for name in ("contributing.md", "changelog.md")}  # the site's
    assert set(PAGES) - seen == copies
