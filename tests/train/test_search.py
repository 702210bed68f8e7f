"""Sweeps that search: Optuna proposes, and knows later what it tried; what it needs is said in one sentence."""

from importlib import import_module, metadata

import pytest

from bupose import cli, requirements

SEARCH = ["train", "-m", "experiment=tiny_synthetic", "hydra/sweeper=search", "hydra.sweep.dir=s"]


def test_a_search_goes_on_where_it_stopped(monkeypatch, tmp_path):
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper", reason="needs the extra 'search'")
    import optuna

    tried = []
    monkeypatch.setattr(import_module("bupose.cli.train"), "train", lambda o, _: tried.append(o.optim.lr) or o.optim.lr)
    monkeypatch.chdir(tmp_path)
    search = [*SEARCH, "hydra.sweeper.n_trials=3", "optim.lr=tag(log,interval(0.001,0.1))"]
    assert cli.main(search) == 0
    assert cli.main(search) == 0
    study = optuna.load_study(study_name="bupose", storage="sqlite:///search.db")
    assert [trial.params["optim.lr"] for trial in study.trials] == pytest.approx(tried)
    assert len(tried) == 6
    assert study.best_value == max(tried)
    assert all(0.001 <= lr <= 0.1 for lr in tried)


@pytest.mark.parametrize(
    ("installed", "sentence"),
    [
        ({}, "hydra/sweeper=search needs hydra-optuna-sweeper>=1.2, and it is not installed"),
        ({"hydra-optuna-sweeper": "1.2.0", "sqlalchemy": "2.0.1"}, "needs sqlalchemy<2,>=1.4, and sqlalchemy 2.0.1 is"),
    ],
)
def test_what_a_search_needs(monkeypatch, capsys, tmp_path, installed, sentence):
    asked = ["torch>=2.4", 'lightning>=2.5; extra == "train"', 'hydra-optuna-sweeper>=1.2; extra == "search"',
             'sqlalchemy<2,>=1.4; extra == "search"']  # fmt: skip

    def version(name):
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(metadata, "requires", lambda _: asked)
    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.chdir(tmp_path)
    assert cli.main(SEARCH) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert sentence in said
    assert said.endswith('pip install --upgrade "bupose[search]"\n')
    assert list(tmp_path.iterdir()) == []


def test_every_preset_of_hydra_names_its_extra():
    from bupose.cli import hydra_app, schemas

    presets = {file.stem for file in (schemas.folder() / "hydra").rglob("*.yaml")}
    assert presets == set(hydra_app.EXTRAS)
    assert set(hydra_app.EXTRAS.values()) <= {r.extra for r in requirements.read_requirements()}
