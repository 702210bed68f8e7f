"""Run the notebooks and keep what they show: docs_notebooks.py [NOTEBOOK.ipynb …]

All of them, if none is named. A git host shows a notebook with what is kept in it; the site is built from a run of its
own. Pictures are kept small, and with them a hash of the code that made them (tests/test_notebooks.py).
"""

import base64
import hashlib
import re
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

WIDTH = 880  # pixels: what a page shows of a picture
QUALITY, COLORS = 70, 128


def run(path: Path) -> None:
    """Run a notebook from top to bottom and write it with its outputs. A cell that fails ends it."""
    notebook = nbformat.read(path, as_version=4)
    about = dict(notebook.metadata)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook, timeout=600, kernel_name="python3", coalesce_streams=True, record_timing=False,
            resources={"metadata": {"path": folder}},
        ).execute()  # fmt: skip
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs = [keep(output) for output in cell.outputs]
    digest = hashlib.sha256("\0".join(cell.source for cell in code).encode()).hexdigest()
    notebook.metadata = about | {"bupose": {"run": digest}}  # the kernel adds its own version
    nbformat.write(notebook, path)


def keep(output: Any) -> Any:
    """An output without what differs from run to run, its picture small."""
    if output.output_type == "stream":
        output.text = re.sub(re.escape(tempfile.gettempdir()) + r"/tmp\w+", "temporary", output.text)
    elif "image/png" in output.get("data", {}):
        output.data = shrink(base64.b64decode(output.data["image/png"]))
    return output


def shrink(png: bytes) -> dict[str, str]:
    """The picture in fewer pixels: photos end as JPEG, charts as PNG, whichever is smaller."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    if picture.width > WIDTH:
        picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
    jpeg, few = BytesIO(), BytesIO()
    picture.save(jpeg, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    picture.quantize(COLORS, dither=Image.Dither.NONE).save(few, "PNG", optimize=True)
    kinds = {"image/jpeg": jpeg.getvalue(), "image/png": few.getvalue()}
    kind = min(kinds, key=lambda kind: len(kinds[kind]))
    return {kind: base64.b64encode(kinds[kind]).decode()}


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(map(str, Path("notebooks").glob("*.ipynb"))):
        run(Path(name))
        print(f"{name}: {Path(name).stat().st_size / 1000:.0f} kB")
