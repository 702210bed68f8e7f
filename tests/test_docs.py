"""The site: it builds strictly and needs no network; nothing of the options and public names is left out."""

import dataclasses
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from html import unescape
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import bupose
from bupose.cli import hydra_app, schemas
from bupose.data.datasets import DATASETS
from bupose.nn import HEADS, TRUNKS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
needs_sphinx = pytest.mark.skipif(not all(map(find_spec, ("sphinx", "furo", "myst_nb"))), reason="needs the extra docs")


def build(source: Path, target: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", *options, str(source), str(target)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


# --- the site ---


@needs_sphinx
def test_the_site_builds_strictly_and_fetches_nothing(tmp_path):
    """From the outputs that notebooks keep: tests/test_notebooks.py runs them."""
    site = tmp_path / "site"
    done = build(DOCS, site, "-D", "nb_execution_mode=off")
    assert done.returncode == 0, done.stderr
    pages = {str(p.relative_to(site)): p.read_text(encoding="utf-8") for p in site.rglob("*.html")}
    for name, text in pages.items():
        loaded = re.findall(r"<(?:script|img|iframe)[^>]*?src=\"(.*?)\"|<link[^>]*?href=\"(.*?)\"", text)
        assert not [a or b for a, b in loaded if re.match(r"(https?:)?//", a or b)], name
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style.name
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        page, kept = pages[f"notebooks/{notebook.stem}.html"], notebook.read_text(encoding="utf-8")
        assert page.count('class="output stream') == kept.count('"output_type": "stream"') > 0
        assert len(re.findall(r'<img [^>]*src="../_images/', page)) == kept.count('"image/') > 0
    shown = set(re.findall(r'<span class="pre">([\w.]+)</span>', pages["configuration.html"]))
    assert not {key for script in schemas.SCHEMAS for key in keys_of(schemas.schema(script))} - shown
    api = "".join(text for name, text in pages.items() if name.startswith("api/"))
    explained = set(re.findall(r'id="(bupose\.[\w.]+)"', api)) | set(re.findall(r">(bupose\.[\w.]+)<", unescape(api)))
    assert not public_names() - explained


FAULTS = {
    "a page": "[x](nowhere.md)",
    "a heading": "[x](other.md#nowhere)",
    "a picture": "![x](nowhere.png)",
    "a name": "{py:func}`bupose.nowhere`",
    "a file": "[x](../nowhere.txt)",
}


@pytest.fixture
def small_site(tmp_path) -> Path:
    """The site's settings, with a first page of its own, which lists the others."""
    source = tmp_path / "docs"
    shutil.copytree(DOCS / "generated", source / "generated")
    shutil.copytree(DOCS / "static", source / "static")
    shutil.copy(DOCS / "conf.py", source)
    (tmp_path / "notebooks").mkdir()
    (source / "other.md").write_text("# Other\n")
    (source / "start.md").write_text("# Site\n\n```{toctree}\n:glob:\nother*\n```\n")
    return source


@needs_sphinx
def test_whatever_is_broken_ends_the_build(small_site):
    with (small_site / "start.md").open("a") as page:
        page.write("\n" + "\n\n".join(FAULTS.values()) + "\n")
    done = build(small_site, small_site.parent / "out", "-D", "root_doc=start")
    assert done.returncode != 0
    lines = [int(n) for n in re.findall(r"start\.md:(\d+): WARNING", done.stderr)]
    assert len(lines) == len(FAULTS), done.stderr  # a warning each, and no other


@needs_sphinx
def test_notebooks_are_run_for_the_site_and_must_not_complain(small_site):
    v4 = import_module("nbformat").v4
    codes = {"fails": "1 / 0", "warns": "import sys; print('careful', file=sys.stderr)", "sums": "print(6 * 7)"}
    for name, code in codes.items():
        cells = [v4.new_markdown_cell(f"# {name}\n\n[Other](../docs/other.md)"), v4.new_code_cell(code)]
        file = small_site.parent / "notebooks" / f"{name}.ipynb"
        file.write_text(import_module("nbformat").writes(v4.new_notebook(cells=cells)))
    (small_site / "start.md").write_text("# Site\n\n```{toctree}\n:glob:\nother\nnotebooks/*\n```\n")
    done = build(small_site, small_site.parent / "out", "-D", "root_doc=start")
    assert done.returncode != 0
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert {name for name in codes if any(f"{name}.ipynb" in line for line in warnings)} == {"fails", "warns"}
    page = (small_site.parent / "out" / "notebooks" / "sums.html").read_text(encoding="utf-8")
    assert "42" in page
    assert 'href="../other.html"' in page


# --- options ---


def keys_of(kind: type, prefix: str = "") -> set[str]:
    """Every option as it is typed, found by walking the dataclasses."""
    keys = set()
    for f in dataclasses.fields(kind):
        made = f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
        if dataclasses.is_dataclass(made):
            keys |= keys_of(type(made), f"{prefix}{f.name}.")
        else:
            keys.add(prefix + f.name)
    for group, known in (("trunk.", TRUNKS), ("head.", HEADS)):
        if prefix == group:
            keys |= {f"{group}options.{f.name}" for part in known.values() for f in dataclasses.fields(part.Options)}
    if prefix == "data.":
        keys |= {f"data.{f.name}" for options, _ in DATASETS.values() for f in dataclasses.fields(options)}
    return {key for key in keys if not key.startswith("val.")}  # explained as data.*


@pytest.fixture(scope="module")
def generated():
    """The modules beside the pages, as conf.py imports them."""
    sys.path.insert(0, str(DOCS))
    yield import_module("generated")
    sys.path.remove(str(DOCS))


@pytest.mark.parametrize("script", schemas.SCHEMAS)
def test_every_option_is_explained(generated, script):
    """By a sentence or a type of its own, or in what is said of the whole group."""
    tables = re.split(r"^#+ ", import_module("generated.options").show_options(script), flags=re.M)
    unexplained = []
    for table in tables:
        for keys, meaning in re.findall(r"^\| (`.*?`) \|.*\| (.*) \|$", table, re.M):
            for key in re.findall(r"`([\w.]+)`", keys):
                name = key.rpartition(".")[2]
                if not meaning and f"``{name}``" not in table and name != "normalisation":
                    unexplained.append(key)
    assert unexplained == []


@pytest.mark.parametrize("script", ["infer", "group", "evaluate", "export"])
def test_defaults_given_by_hand_change_nothing(generated, script):
    needed = {"infer": ["input=x"], "group": ["input=x"], "evaluate": ["annotations=x", "predictions=y"], "export": []}
    required = {argument.split("=")[0] for argument in needed[script]}
    rows = import_module("generated.options").read_options(schemas.schema(script), nested=False)
    given = [f"{row.key}={row.default.strip('`')}" for row in rows if row.key not in required]
    assert len(given) >= 6
    options = [hydra_app.run(lambda options: options, script, [*needed[script], *more]) for more in ([], given)]
    assert options[0] == options[1] != hydra_app.USAGE


# --- names ---


def public_names() -> set[str]:
    """Of the package and every subpackage what ``__all__`` lists; the explorer is a command, not an interface."""
    found = set()
    packages = [name for _, name, inside in pkgutil.walk_packages(bupose.__path__, "bupose.") if inside]
    for package in ["bupose", *packages]:
        if package in ("bupose.explore", "bupose.kernels.compiled"):  # the latter's names are those of the reference
            continue
        module = import_module(package)
        names = [name for name in getattr(module, "__all__", ()) if not name.startswith("__")]
        found |= {f"{package}.{n}" for n in names if not hasattr(getattr(module, n), "__path__")}
    return {name for name in found if name not in sys.modules}


def test_every_public_name_is_there():
    assert len(public_names()) > 80


def test_pages_from_the_code_say_what_the_code_says(generated):
    """They are kept, for a git host to show."""
    pytest.importorskip("lightning", reason="needs the extra train")
    pages = import_module("generated.pages").written()
    old = [path.relative_to(ROOT) for path, text in pages.items() if path.read_text(encoding="utf-8") != text]
    assert not old, f"{', '.join(map(str, old))}: out of date; run `make reference` and commit what it wrote"
    assert set((DOCS / "api").iterdir()) == {path for path in pages if path.parent.name == "api"}


def test_every_public_name_has_a_line_that_leads_to_its_code():
    listed = set()
    for page in (DOCS / "api").glob("*.md"):
        for section in re.split(r"^#+ ", page.read_text(encoding="utf-8"), flags=re.M)[1:]:
            module = section.split()[0]
            for name, file, about in re.findall(r"^- \[`(\w+)`\]\((.*?)\): (.*)$", section, re.M):
                code = page.parent / file
                stub = code.with_suffix(".pyi")  # lists what a package imports late
                text = (stub if stub.is_file() else code).read_text(encoding="utf-8")
                assert re.search(rf"\b{name}\b", text), (name, file)
                assert about.endswith((".", "`")), (name, about)
                listed.add(f"{module}.{name}")
    assert not public_names() - listed


# --- pages that promise to be complete ---


def test_every_extra_is_on_the_install_page():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    page = (DOCS / "install.md").read_text(encoding="utf-8")
    assert not [extra for extra in extras if f"| `{extra}` |" not in page]


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()  # what its schema wants
    assert (citation["version"], citation["license"]) == (bupose.__version__, project["license"])


def test_the_workflow_runs_and_keeps_what_is_there():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    ((_, job),) = workflow["jobs"].items()
    assert ".ci/run" in [step.get("run") for step in job["steps"]]
    kept = job["steps"][-1]["with"]["path"].split()
    assert ".ci/docs" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").split()
    assert kept[0] in (ROOT / ".ci" / "docs").read_text(encoding="utf-8").split()


def test_the_table_of_presets_in_training_is_whole():
    page = (DOCS / "training.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.M))
    groups = [group for group in rows if (schemas.folder() / group).is_dir()]
    assert len(groups) >= 9
    for group in groups:
        presets = {file.stem for file in (schemas.folder() / group).glob("*.yaml")}
        assert presets <= set(re.findall(r"`(\w+)`", rows[group])), group


def published(shared: Path) -> str:
    return (shared / "reference" / "published.md").read_text(encoding="utf-8")


def test_the_faq_answers_every_wish(shared):
    """Threads named for a wish are among those collected for it."""
    wishes = dict(re.findall(r"^(\d+)\. \*\*.*?\*\*(.*)$", published(shared).split("## 4.")[1], re.M))
    answers = re.findall(r"^### (\d+)\. .*?\n(.*?)(?=^##)", (DOCS / "faq.md").read_text(encoding="utf-8"), re.S | re.M)
    assert sorted(n for n, _ in answers) == sorted(wishes)
    for n, answer in answers:
        threads = set(re.findall(r"#(\d+)", re.search(r"<small>(.*?)</small>", answer, re.S)[1]))
        assert threads
        assert threads <= set(re.findall(r"#(\d+)", wishes[n])), n


def test_published_numbers_are_the_published_ones(shared):
    known = set(re.findall(r"\d+(?:\.\d+)?", published(shared).replace(" ", "")))
    page = (DOCS / "comparison.md").read_text(encoding="utf-8").split("## Published accuracy")[1]
    rows = [line for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) > 15
    for row in rows:
        numbers = re.findall(r"\d+\.\d+", row)
        assert set(numbers) <= known, row
