"""The notebooks: kept without outputs, and every one runs from top to bottom, anywhere, and leaves nothing behind."""

import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
LONGEST = 300  # seconds that a cell may take on a busy machine; all of a notebook takes half a minute on an idle one


def content(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def text(cell: dict) -> str:
    return "".join(cell["source"])


each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_five():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]


@each
def test_no_outputs_are_kept(path):
    notebook = content(path)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@each
def test_it_begins_with_a_title_and_stays_readable(path):
    notebook = content(path)
    cells = notebook["cells"]
    assert (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)  # cells have ids from 4.5 on
    assert cells[0]["cell_type"] == "markdown"
    assert re.match(r"# \w", text(cells[0]))
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert all(re.fullmatch(r"[a-z]+-\d\d", cell["id"]) for cell in cells)
    assert max(len(text(cell).splitlines()) for cell in cells) <= 25
    assert not re.search(r"/(work|root|home|Users)/", "".join(map(text, cells)))


@each
def test_its_links_lead_somewhere(path):
    for cell in content(path)["cells"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", text(cell)):
            assert (path.parent / target).exists(), target
        for name in re.findall(r"`(docs/\w+\.md)`", text(cell)):
            assert (path.parents[1] / name).exists(), name


@each
def test_it_runs_anywhere_and_leaves_nothing_behind(path, tmp_path, monkeypatch):
    running = pytest.importorskip("nbmake.nb_run", reason="needs nbmake: pip install bupose[dev]")
    if path.stem[:2] in ("04", "05"):
        pytest.importorskip("lightning", reason="trains: pip install bupose[train]")
    folders = [tmp_path / name for name in ("here", "temporary", "ipython")]
    for folder in folders:
        folder.mkdir()
    here, temporary, ipython = folders
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("IPYTHONDIR", str(ipython))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens: what downloads fails
    copy = here / path.name
    copy.write_bytes(path.read_bytes())
    result = running.NotebookRun(copy, LONGEST, kernel="python3").execute()
    assert result.error is None, result.error.trace
    outputs = [output for cell in result.nb.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
    errors = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert errors == []
    assert [found.name for found in here.iterdir()] == [path.name]
    assert [found.name for found in temporary.iterdir() if not found.name.startswith("torchinductor")] == []
