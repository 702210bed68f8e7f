"""Recipes: each step composes, a finished one is not done again, and mistakes are one sentence."""

import json

import pytest

from bupose.cli import hydra_app, main, recipe, schemas
from bupose.train.options import TrainOptions

GIVEN = {
    "annotations": "train.json",
    "images": "train",
    "val_annotations": "val.json",
    "val_images": "val",
    "teacher": "teacher.xml",
    "trunk": "movenet_multipose.safetensors",
    "output": "runs/default",
}
SMALL = """train:
- data=synthetic_simple
- data@val=synthetic_simple_val
- data.count=3
- val.count=1
- 'trunk.options={width:0.1,last:false,channels:8}'
- 'head.options={layers:1,width:8}'
- trainer.steps=STEPS
- trainer.validate_every=2
- trainer.batch=1
- trainer.size=[64,64]
- trainer.validation_height=64
- trainer.workers=0
- trainer.accelerator=cpu
- '{extra}'
"""


def test_every_step_of_the_default_recipe_composes():
    steps = recipe.read_recipe("default", GIVEN)
    assert [number for number, _, _ in steps] == [f"{n:02d}" for n in range(1, 14)]
    options: list[TrainOptions] = []
    for _, command, given in steps:
        if command == "train":
            hydra_app.run(options.append, "train", [*given, "output=x"])
    assert len(options) == 11
    assert [o.trainer.steps for o in options] == [2000, 6000, 2000, 8000, 5000, 20000, 8000, 11000, 1400, 2100, 2250]
    assert [o.start for o in options[1:4]] == [f"runs/default/0{n}/best.safetensors" for n in (1, 2, 3)]
    assert [o.data.kind for o in options] == ["coco"] * 8 + ["mixture"] * 3


def test_show_prints_commands_alone(capsys):
    assert main(["recipe", "default", "show=true", *(f"{key}={value}" for key, value in GIVEN.items())]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13
    assert all(line.startswith("bupose train experiment=default ") for line in lines[:10])
    assert lines[-1].startswith("bupose export weights=runs/default/12/last.safetensors")


def test_a_recipe_runs_once_and_goes_on(tmp_path, capsys):
    folder, out = tmp_path / "own", tmp_path / "out"
    folder.mkdir()
    (folder / "01.yaml").write_text(SMALL.replace("STEPS", "2"))
    (folder / "02.yaml").write_text(SMALL.replace("STEPS", "4") + "- 'start={output}/01/last.safetensors'\n")
    (folder / "03.yaml").write_text("export: ['weights={output}/02/last.safetensors', 'output={output}/n.safetensors']")
    arguments = ["recipe", str(folder), f"output={out}", "extra=seed=3"]
    assert main(arguments) == 0
    assert json.loads((out / "02" / "result.json").read_text(encoding="utf-8"))
    assert (out / "n.safetensors").is_file()
    capsys.readouterr()
    assert main(arguments) == 0
    assert capsys.readouterr().out == "".join(f"0{n}: finished before\n" for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], ["nowhere", "default"]),
        (["default"], ["needs", "annotations, images"]),
        (["default", "output"], ["'output'", "key=value"]),
        (["default", *(f"{key}={value}" for key, value in GIVEN.items()), "lr=3"], ["does not ask for lr"]),
    ],
)
def test_mistakes_are_one_sentence(arguments, words, capsys):
    assert main(["recipe", *arguments]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert all(word in told for word in words)


def test_a_file_that_is_no_step_is_told(tmp_path, capsys):
    for n, text in enumerate(("[1]", "train: 3", "rm: []", "train: [1]", "a: [", "")):
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / "01.yaml").write_text(text)
        assert main(["recipe", str(folder)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_the_package_carries_the_recipe():
    assert (schemas.folder() / "recipes" / "default" / "01.yaml").is_file()
