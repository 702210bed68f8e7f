"""The notebooks: every one runs from top to bottom, anywhere, and leaves nothing behind; what it showed is kept."""

import base64
import hashlib
import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONGEST = 300  # seconds that a cell may take on a busy machine; all of a notebook takes half a minute on an idle one
SHORTER = {  # for a test; the site takes all
    "04": {"STEPS = 150": "STEPS = 6"},
    "05": {"STEPS = 42": "STEPS = 6", "optim.lr=0.002,0.008": "optim.lr=0.002"},
    "06": {"np.arange(90)": "np.arange(54)"},
}
AGAIN = "run `make notebooks`, look at the pictures, and commit what it wrote"


def content(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def text(cell: dict) -> str:
    return "".join(cell["source"])


def code(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def kinds(cell: dict) -> list[str]:
    """What a cell shows, in order."""
    return ["picture" if "data" in output else output["name"] for output in cell["outputs"]]


each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_six():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


@each
def test_what_it_showed_is_kept(path):
    """Where nothing is run, as on a git host, the pictures are seen all the same."""
    notebook = content(path)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info", "bupose"}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    cells = code(notebook)
    sources = hashlib.sha256("\0".join(map(text, cells)).encode()).hexdigest()
    assert notebook["metadata"]["bupose"]["run"] == sources, f"its code has changed since it was run; {AGAIN}"
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1)), AGAIN
    assert all(cell["metadata"] == {} for cell in notebook["cells"])
    shown = [output for cell in cells for output in cell["outputs"]]
    pictures = [bundle for output in shown for bundle in output.get("data", {}).items()]
    assert len(pictures) >= 3, AGAIN
    for kind, data in pictures:
        assert kind in ("image/jpeg", "image/png")
        assert Image.open(BytesIO(base64.b64decode(data))).width <= 880
    assert not any("stderr" in kinds(cell) for cell in cells)
    assert not re.search(r"/(work|root|home|Users|tmp)/", json.dumps([output.get("text") for output in shown]))


def test_what_is_kept_is_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 1.7e6


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


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """One process for all notebooks, without a network: what runs them, the folder they run in, and the temporary one.

    The site's notebooks have a process each: .ci/docs.
    """
    nbformat = pytest.importorskip("nbformat", reason="needs nbclient: pip install bupose[dev]")
    client = pytest.importorskip("nbclient", reason="needs nbclient: pip install bupose[dev]")
    here, temporary, ipython = (tmp_path_factory.mktemp(name) for name in ("here", "temporary", "ipython"))
    runner = client.NotebookClient(
        nbformat.v4.new_notebook(),
        timeout=LONGEST,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": here}},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.setenv("IPYTHONDIR", str(ipython))
        patch.setenv("OMP_NUM_THREADS", "1")
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")  # nobody listens: what downloads fails
        with runner.setup_kernel():
            yield runner, here, temporary


@each
def test_it_runs_anywhere_and_leaves_nothing_behind(path, kernel):
    """And it shows what is kept: cell by cell text or a picture. It begins without anything of another notebook."""
    nbformat = pytest.importorskip("nbformat")
    if path.stem[:2] in ("04", "05"):
        pytest.importorskip("lightning", reason="trains: pip install bupose[train]")
    runner, here, temporary = kernel
    notebook = nbformat.read(path, as_version=4)
    kept = [kinds(cell) for cell in code(notebook)]
    for said, instead in SHORTER.get(path.stem[:2], {}).items():
        (cell,) = (cell for cell in code(notebook) if said in text(cell))
        cell["source"] = text(cell).replace(said, instead)
    reset = nbformat.v4.new_code_cell("%reset -f")
    for runner.nb in (nbformat.v4.new_notebook(cells=[reset]), notebook):
        runner.reset_execution_trackers()
        for number, cell in enumerate(runner.nb.cells):
            runner.execute_cell(cell, number)
    assert [kinds(cell) for cell in code(notebook)] == kept
    assert list(here.iterdir()) == []
    assert [found.name for found in temporary.iterdir() if not found.name.startswith("torchinductor")] == []
