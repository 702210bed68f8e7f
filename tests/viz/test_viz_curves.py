import numpy as np
import pytest

from bupose import viz
from bupose.errors import InputError


@pytest.fixture
def runs(tmp_path):
    for name, rows in {"a": "1,0.5,\n3,0.25,\n4,,12.5\n", "b": "2,0.75,\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.csv").write_text("step,loss,AP\n" + rows)
    return {"first": tmp_path / "a", "second": tmp_path / "b"}


def lines(axes):
    return {line.get_label(): np.array(line.get_data()).T.tolist() for line in axes.lines}


def test_each_run_has_a_line_of_what_it_logged(runs):
    loss, ap = viz.training_curves(runs).axes
    assert lines(loss) == {"first": [[1, 0.5], [3, 0.25]], "second": [[2, 0.75]]}
    assert lines(ap) == {"first": [[4, 12.5]]}
    assert len({line.get_color().tobytes() for line in loss.lines}) == 2
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["first", "second"]


def test_noisy_lines_are_averaged(tmp_path):
    """Noise of alternating sign is gone, the slope stays."""
    rows = "".join(f"{n},{n + 50 * (-1) ** n}\n" for n in range(200))
    (tmp_path / "metrics.csv").write_text("step,loss\n" + rows)
    raw, mean = viz.training_curves({"run": tmp_path}, ["loss"]).axes[0].lines
    assert len(raw.get_xdata()) == 200
    assert np.abs(mean.get_ydata() - mean.get_xdata()).max() < 2.1
    # Means of 25: each of the 25 products and sums is rounded.
    assert [mean.get_xdata()[0], mean.get_xdata()[-1]] == pytest.approx([12, 187], rel=50 * np.finfo(float).eps)


def test_what_is_missing_is_said(runs, tmp_path):
    with pytest.raises(InputError, match="no run has logged 'AR'; there are AP, loss"):
        viz.training_curves(runs, ["AR"])
    with pytest.raises(InputError, match=r"has no metrics\.csv"):
        viz.training_curves({"x": tmp_path})
