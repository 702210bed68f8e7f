"""Write the tables, pictures and paragraphs of docs/bench.md: docs_bench.py [runs/bench] [pictures]

Reads the runs of ``bupose train -m experiment=bench`` and the comments of conf/system.
"""

import sys
from pathlib import Path

from bupose.benchmark import systems
from bupose.benchmark.table import markdown
from bupose.wording import counted

ROOT = Path(__file__).resolve().parents[1]
PAGE, MARK = ROOT / "docs" / "bench.md", "<!-- scripts/docs_bench.py writes what follows -->"
TITLES = {"synthetic": "Drawn scenes", "coco": "Photos"}


def paragraphs() -> str:
    """What each system is, from its file."""
    parts = []
    for file in sorted((ROOT / "conf" / "system").glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        lines = [line.lstrip("# ") for line in text.splitlines() if line.startswith("#") and "@package" not in line]
        parts.append(f"**`{file.stem}`**: {' '.join(lines)}")
    return "\n\n".join(parts)


def results(folder: Path, pictures: int) -> str:
    """A table and a plot for each kind of data."""
    runs, parts = systems.find_runs(folder), []
    tables = systems.compare(runs, pictures)
    for kind in sorted(tables, key=[*TITLES, *tables].index):
        rows = tables[kind]
        title, picture = TITLES.get(kind, kind), f"images/bench_{kind}.png"
        systems.plot_systems(rows).savefig(ROOT / "docs" / picture)
        trainer = next(run.options["trainer"] for run in runs if run.data == kind)
        seconds, size = round(60 * trainer["minutes"]), "x".join(map(str, trainer["size"]))
        budget = (
            f"{counted(seconds, 'second')} of one thread's processor time" if seconds else f"{trainer['steps']} steps"
        )
        budget = f"Each system: {budget}, batches of {trainer['batch']} crops of {size} px."
        parts += [f"## {title}", budget, markdown(rows), f"![AP against time, {title.lower()}]({picture})"]
    return "\n\n".join(parts)


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    made = results(Path(given.get(0, "runs/bench")), int(given.get(1, 40)))
    kept = PAGE.read_text(encoding="utf-8").split(MARK)[0]
    PAGE.write_text(f"{kept}{MARK}\n\n{made}\n\n## The systems\n\n{paragraphs()}\n", encoding="utf-8")
