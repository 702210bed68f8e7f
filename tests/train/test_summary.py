"""Runs put side by side."""

import json

import pytest

from bupose import cli, process
from bupose.errors import InputError
from bupose.train.summary import plot, read_runs, swept_options, table


@pytest.fixture
def sweep(tmp_path):
    """Two options tried twice each; one run is still under way."""
    for n, (lr, head, ap) in enumerate([("0.001", "plain", 12.5), ("0.01", "plain", 30.0), ("0.01", "light", None)]):
        folder = tmp_path / "my sweep" / str(n)
        (folder / ".hydra").mkdir(parents=True)
        changes = ["seed=3", f"optim.lr={lr}", *([f"head={head}"] if head != "plain" else [])]
        (folder / ".hydra" / "overrides.yaml").write_text(json.dumps(changes))
        (folder / "options.json").write_text("{}")
        if ap is not None:
            (folder / "result.json").write_text(json.dumps({"AP": ap, "AP50": 2 * ap}))
    return tmp_path


def test_the_best_comes_first_and_only_what_differs_is_shown(sweep):
    runs = read_runs([sweep])
    assert swept_options(runs) == ["optim.lr", "head"]
    lines = table(runs, ["AP", "AP50", "AP75"]).splitlines()
    assert lines[0].split() == ["AP", "AP50", "AP75", "optim.lr", "head", "run"]
    assert [line.split()[:5] for line in lines[1:]] == [
        ["30.0", "60.0", "-", "0.01", "default"],
        ["12.5", "25.0", "-", "0.001", "default"],
        ["-", "-", "-", "0.01", "light"],
    ]
    assert lines[1].endswith("my sweep/1")


def test_the_plot_has_an_axis_for_each_option_and_a_dot_for_each_run(sweep):
    figure = plot(read_runs([sweep]), "AP")
    assert [axis.get_xlabel() for axis in figure.axes] == ["optim.lr", "head"]
    dots = [y for line in figure.axes[0].lines if line.get_marker() == "o" for y in line.get_ydata()]
    assert sorted(dots) == [12.5, 30.0]


def test_no_runs_are_told(tmp_path):
    with pytest.raises(InputError, match="no runs"):
        read_runs([tmp_path])


@pytest.mark.parametrize("content", [b"", b"5", b"[5]", b"[a]", b"[a", b"{", b"\xff\xfe", b'{"AP": null}'])
@pytest.mark.parametrize("name", ["result.json", ".hydra/overrides.yaml"])
def test_damaged_runs_are_told(name, content, sweep, capsys):
    (sweep / "my sweep" / "1" / name).write_bytes(content)
    assert cli.main(["summarize", str(sweep)]) == process.USAGE
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert name in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "says"), [("a.xyz", "give a picture's file name"), (".", "it is a folder"), ("n" * 300 + ".png", "long")]
)
def test_a_plot_that_cannot_be_written(sweep, name, says, capsys):
    assert cli.main(["summarize", str(sweep), f"plot={sweep / name}"]) == process.USAGE
    assert says in capsys.readouterr().err


def test_the_plot_of_the_command(sweep):
    assert cli.main(["summarize", str(sweep), f"plot={sweep / 'new' / 'a.svg'}"]) == 0
    assert (sweep / "new" / "a.svg").read_text(encoding="utf-8").startswith("<?xml")
