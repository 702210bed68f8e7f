"""The pages that are written from the code: their files, and what stands in them."""

from __future__ import annotations

from pathlib import Path

from generated import names, options

DOCS = Path(__file__).resolve().parents[1]
MARK = "<!-- What follows is written by `make reference`. -->\n"


def written() -> dict[Path, str]:
    """Every such page as a git host shows it."""
    configuration = DOCS / "configuration.md"
    preface = configuration.read_text(encoding="utf-8").partition(MARK)[0]
    api = {DOCS / "api" / f"{page}.md": MARK + "\n" + names.show_page(page, site=False) for page in names.PAGES}
    return {
        configuration: f"{preface}{MARK}\n{options.show_reference()}",
        DOCS / "api" / "index.md": MARK + "\n" + names.show_index(),
        **api,
    }


def for_site(page: str, text: str) -> str:
    """What the site shows of a page: of the API reference whole docstrings, too."""
    folder, _, name = page.rpartition("/")
    if folder == "api" and name in names.PAGES:
        return names.show_page(name, site=True)
    return text
