"""What README and docs show: Python runs as it stands, commands compose, YAML is skeletons or angles, JSON is JSON."""

import dataclasses
import json
import re
import shlex
import shutil
import string
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
import yaml
from films import write_film

from bupose import weights
from bupose.bridges.flags import read_flags
from bupose.cli import COMMANDS, hydra_app, recipe, schemas
from bupose.exchange import Angle
from bupose.methods import METHODS
from bupose.nn import NetworkConfig, PoseNet, build_trunk
from bupose.predict import write_coco, write_image
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17, COCO18
from bupose.synthetic import draw_scene

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
NEEDS = {
    "training.md": "lightning",
    "export.md": "onnxruntime",
    "sports.md": "supervision",
}  # pages whose code needs an extra


def blocks(page: Path, language: str) -> list[tuple[int, str]]:
    """First line and text of each fenced block of a language."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.S | re.M)
    return [(text[: block.start(1)].count("\n"), block[1]) for block in found]


def cases(language: str) -> list:
    pages = [page for page in PAGES if blocks(page, language)]
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


# --- what the pages take for granted: files that a reader has ---


@pytest.fixture(scope="module")
def network() -> PoseNet:
    torch.manual_seed(0)
    small = {"width": 0.25, "channels": 16, "last": False}
    return PoseNet(
        NetworkConfig(COCO18, "mobilenet_v2", "plain", small, {"width": 8}, preprocess={"height": 96})
    ).eval()


@pytest.fixture(scope="module")
def belongings(network, tmp_path_factory) -> Path:
    """Photos with annotations in COCO's format, results for them, and networks."""
    folder = tmp_path_factory.mktemp("belongings")
    scenes = {n: draw_scene(n, (160, 128), 2, COCO17) for n in (1, 2)}
    for n, scene in scenes.items():
        write_image(folder / "photos" / f"{n}.jpg", scene.image)
    shutil.copy(folder / "photos" / "1.jpg", folder / "photo.jpg")
    write_film(folder / "walk.mp4", rate=10, images=12 * [scenes[1].image])
    for name in ("train.json", "val.json", "person_keypoints_val2017.json"):
        (folder / name).write_text(json.dumps(annotations(scenes)))
    people = [person for n, scene in scenes.items() for person in scene.labels.to_people().to_coco(n)]
    write_coco(folder / "out" / "coco_results.json", people)
    weights.save(network, folder / "network.safetensors")
    trunk = build_trunk("mobilenet_v2")
    published = {n: t for n, t in trunk.state_dict().items() if not n.startswith(tuple(trunk.ADDED))}
    classifier = {"classifier.1.weight": torch.zeros(1000, 1280), "classifier.1.bias": torch.zeros(1000)}
    torch.save(published | classifier, folder / "mobilenet_v2-b0353104.pth")
    return folder


def annotations(scenes: dict) -> dict:
    people = []
    for n, scene in scenes.items():
        for xy, seen, box in zip(scene.labels.xy, scene.labels.visibility, scene.labels.box):
            keypoints = np.column_stack([np.where(seen[:, None] > 0, xy, 0), seen]).ravel().tolist()
            box = np.asarray(box, float).tolist()
            person = {"id": len(people) + 1, "image_id": n, "category_id": 1, "iscrowd": 0, "keypoints": keypoints}
            people.append(person | {"num_keypoints": int((seen > 0).sum()), "bbox": box, "area": box[2] * box[3]})
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 160, "height": 128} for n in scenes]
    category = {"id": 1, "name": "person", "keypoints": list(COCO17.joints)}
    return {"images": images, "annotations": people, "categories": [category]}


@pytest.fixture
def at_home(belongings, tmp_path, monkeypatch) -> Path:
    """A working directory with all that; a network comes with bupose even where its file is not there yet."""
    home = tmp_path / "home"
    shutil.copytree(belongings, home)
    monkeypatch.chdir(home)
    if not weights.DEFAULT.is_file():
        monkeypatch.setattr(weights, "DEFAULT", home / "network.safetensors")
    return home


# --- code ---


@pytest.mark.parametrize("page", cases("python"))
def test_python_runs_and_prints_what_it_says(page, at_home, network, capsys):
    """A comment behind a print is what is printed."""
    needed = NEEDS.get(page.name)
    if needed and not find_spec(needed):
        pytest.skip(f"needs {needed}, of an extra")
    if page.name == "export.md":
        import_module("bupose.export").export_network(network, "model.onnx", [np.zeros((1, 64, 64, 3), np.uint8)])
    scope: dict = {"__name__": "__main__"}
    with patch.dict(METHODS):  # methods.md adds one
        for line, block in blocks(page, "python"):
            exec(compile("\n" * line + block, str(page), "exec"), scope)
            printed = capsys.readouterr().out
            for said in re.findall(r"^ *print\(.*\)  # (.+)$", block, re.M):
                assert said in printed.splitlines(), f"{page.name} says {said!r}, but printed is:\n{printed}"


def test_readme_starts_with_code():
    assert len(blocks(ROOT / "README.md", "python")) >= 2


# --- commands ---


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Name and arguments of bupose's commands and scripts in a shell's lines."""
    found, variables = [], {}
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(string.Template(line).safe_substitute(variables), comments=True)
        if len(words) == 1 and re.match(r"[A-Z]+=", words[0]):
            name, _, variables[name] = words[0].partition("=")
        for n, word in enumerate(words):
            script = re.fullmatch(r"scripts/(\w+)\.py", word)
            if script:
                found.append((script[1], words[n + 1 :]))
            elif n == 0 and word == "bupose":
                found.append((words[1].replace("-", "_"), words[2:]))
    return found


@pytest.mark.parametrize("page", cases("bash"))
def test_commands_compose(page, at_home):
    for _, block in blocks(page, "bash"):
        for name, arguments in commands(block):
            check_command(name, arguments)


def check_command(name: str, arguments: list[str]) -> None:
    """Every option exists and takes the value; nothing is run."""
    if name.replace("_", "-") not in COMMANDS:
        assert (ROOT / "scripts" / f"{name}.py").is_file(), name
        return
    if name == "recipe":
        assert recipe.read_recipe(arguments[0], dict(a.split("=", 1) for a in arguments[1:]))
        return
    if name == "openpose":
        arguments, _ = read_flags(arguments)
    if name not in schemas.SCHEMAS:
        text = import_module(f"bupose.cli.{name}").__doc__
        assert all(f"{a.partition('=')[0]}=" in text for a in arguments if "=" in a), (name, arguments)
        return
    kept = [first_value(a) for a in arguments if a != "-m"] if "-m" in arguments else arguments
    for argument in kept:
        preset = re.fullmatch(r"hydra/(\w+)=(\w+)", argument)
        assert preset is None or (ROOT / "conf/hydra" / preset[1] / f"{preset[2]}.yaml").is_file(), argument
    kept = [a for a in kept if not a.startswith(("hydra/", "hydra.launcher"))]
    takes_paths = "input" in {f.name for f in dataclasses.fields(schemas.schema(name))}
    composed = hydra_app.run(lambda options: options, name, kept, paths="input" if takes_paths else "")
    assert isinstance(composed, schemas.schema(name)), (name, arguments)


def first_value(argument: str) -> str:
    """Of ``optim.lr=0.1,0.2`` the first, of an interval a number in it."""
    key, _, value = argument.partition("=")
    inside = re.search(r"interval\(([^,]+),", value)
    return f"{key}={inside[1] if inside else re.split(r',(?![^[]*])', value)[0]}"


def test_a_wrong_command_is_seen(at_home, capsys):
    for line in (
        "bupose infer photo.jpg stirde=4",
        "python scripts/train.py -m optim.lr=fast,slow",
        "bupose export outpt=x.onnx",
    ):
        ((name, arguments),) = commands(line)
        with pytest.raises(AssertionError):
            check_command(name, arguments)


# --- data ---


@pytest.mark.parametrize("page", [case for case in cases("yaml") if case.id != "docs/configuration.md"])
def test_yaml_is_skeletons_and_angles(page):
    """The configuration reference shows files of conf."""
    for _, block in blocks(page, "yaml"):
        if page.name == "sports.md":
            assert [Angle.declare(name, values) for name, values in yaml.safe_load(block).items()]
            continue
        assert Skeleton.from_dict(yaml.safe_load(block)).name


@pytest.mark.parametrize("page", cases("json"))
def test_json_is_json(page):
    for _, block in blocks(page, "json"):
        assert json.loads(block)


def test_every_block_says_what_it_is():
    """Without a language a block would escape these tests; the README's may show what needs a network."""
    for page in PAGES:
        fences = re.findall(r"^```(.*)$", page.read_text(encoding="utf-8"), re.M)
        assert page.name == "README.md" or "" not in fences[::2], page.name
