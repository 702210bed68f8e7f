"""Every preset composes to options, and builds a network."""

import functools
import sys
from dataclasses import fields
from itertools import combinations

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from bupose import methods, skeletons, weights
from bupose.cli import hydra_app, schemas
from bupose.data.datasets import DATASETS
from bupose.errors import OptionsError
from bupose.nn import PoseNet
from bupose.train import TrainOptions
from bupose.train.optim import build_optimizer, freeze
from bupose.train.options import check_together

GROUPS = ("trunk", "head", "target", "decoder", "augment", "loss", "teacher", "optim", "trainer", "logger")


def kind_of(preset: str) -> str:
    return preset.removesuffix("_val").removesuffix("_simple")


def presets(group: str) -> list[str]:
    return sorted(file.stem for file in (schemas.folder() / group).glob("*.yaml"))


def options_of(*overrides: str) -> TrainOptions:
    """As scripts/train.py composes them."""
    kind = schemas.register("train")
    with initialize_config_dir(str(schemas.folder()), version_base="1.3"):
        composed = compose("train", ["output=nowhere", *(hydra_app._add_below(o, kind) for o in overrides)])
    OmegaConf.resolve(composed)
    return schemas.read(composed, kind)


def build(options: TrainOptions) -> PoseNet:
    """The network without memory, its loss and its optimizer."""
    skeleton = skeletons.get("coco17" if options.skeleton == "auto" else options.skeleton)
    started = weights.load(weights.resolve(options.start)).config if options.start == "default" else None
    with torch.device("meta"):
        net = PoseNet(options.network(skeleton, started))
    check_together(options, net.multiple)
    freeze(net, options.optim)
    build_optimizer(net, options.optim, options.trainer.steps)
    methods.get(options.method).build_loss(net.skeleton, options.settings("loss"), options.settings("target"))
    return net


@pytest.mark.parametrize("experiment", presets("experiment"))
def test_experiments_build(experiment):
    options = options_of(f"experiment={experiment}")
    net = build(options)
    assert options.codec(net.skeleton, net.grid).target == options.settings("target")


@pytest.mark.parametrize("system", presets("system"))
def test_systems_of_the_bench_build(system):
    options = options_of("experiment=bench", f"system={system}")
    net = build(options)
    assert {"system", "by"} == set(options.note)
    assert sum(p.numel() for p in net.parameters()) < 4e6  # those of a bench for processors


def test_published_recipes_are_the_published_networks():
    """Parameter counts: OpenPose's prototxts (the counts of its files), lightweight OpenPose's paper."""
    counts = {}
    for name in ("openpose2017", "lightweight"):
        net = build(options_of(f"experiment={name}"))
        counts[name] = sum(p.numel() for p in net.parameters()) / 1e6
        assert net.skeleton.name == "coco18"
        assert net.stride == 8
    assert counts["openpose2017"] == pytest.approx(52.31, abs=0.01)
    assert counts["lightweight"] == pytest.approx(4.1, abs=0.05)
    assert build(options_of("experiment=hrnet")).stride == 4


# What a preset is made for.
BESIDE = {
    "started": ["start=default"], "cpn": ["trunk=resnet50_levels"], "resnet50_levels": ["head=cpn"],
    "occlusion": ["method=single", "target.hidden=true"], "regression": ["method=regression"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("group", "preset"), [(g, p) for g in GROUPS for p in presets(g) if (g, p) != ("trunk", "timm")]
)
def test_every_preset_of_every_group_builds(group, preset):
    build(options_of(f"{group}={preset}", *BESIDE.get(preset, [])))


@pytest.mark.parametrize("preset", presets("data"))
def test_every_kind_of_data_composes_on_both_sides(preset):
    options = options_of(f"data={preset}", f"data@val={preset}")
    assert options.data == options.val
    assert options.data.kind == kind_of(preset)


@pytest.mark.parametrize(
    "chosen", [f"{group}={preset}" for group in ("experiment", "debug") for preset in presets(group)]
)
def test_experiments_and_debugging_go_with_every_kind_of_data(chosen):
    """They leave no options of one kind to another, which would refuse them."""
    for preset in telling_pair():
        options = options_of(chosen, f"data={preset}", f"data@val={preset}")
        assert options.data.kind == options.val.kind == kind_of(preset)
        options.data.of_kind()
        options.val.of_kind()


@functools.cache
def telling_pair() -> tuple[str, str]:
    """Two kinds of data with no option in common but what all have: one of them refuses an option that not all have."""
    options = {preset: {f.name for f in fields(DATASETS[kind_of(preset)][0])} for preset in presets("data")}
    common = set.intersection(*options.values())
    return next((a, b) for a, b in combinations(options, 2) if options[a] & options[b] == common)


@pytest.mark.parametrize("preset", presets("debug"))
def test_debugging_goes_with_every_experiment(preset):
    for experiment in presets("experiment"):
        check_together(options_of(f"experiment={experiment}", f"debug={preset}"), multiple_of(experiment))


@functools.cache
def multiple_of(experiment: str) -> int:
    return build(options_of(f"experiment={experiment}")).multiple


@pytest.mark.parametrize(
    ("preset", "plugin"),
    [
        ("hydra/launcher=parallel", "hydra_plugins.hydra_joblib_launcher"),
        ("hydra/launcher=slurm", "hydra_plugins.hydra_submitit_launcher"),
        ("hydra/sweeper=search", "hydra_plugins.hydra_optuna_sweeper"),
    ],
)
def test_sweeps_compose_where_their_plugin_is(preset, plugin):
    pytest.importorskip(plugin)
    schemas.register("train")
    with initialize_config_dir(str(schemas.folder()), version_base="1.3"):
        composed = compose("train", ["output=nowhere", preset], return_hydra_config=True)
    part = preset.split("=")[0].removeprefix("hydra/")
    assert composed.hydra[part]._target_.startswith(plugin)


def test_yaml_lists_only_what_differs():
    """The defaults live in the dataclasses: what train.yaml composes is what they say, but for the choices it makes."""
    options, default = options_of(), TrainOptions()
    for part in ("target", "decoder", "loss", "teacher", "optim", "trainer", "logger"):
        assert getattr(options, part) == getattr(default, part), part


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("optim.lrr=1", "did you mean 'lr'"),
        ("optim.lr=fast", "it must be a number"),
        ("optim.name=lion", "choose one of adamw, adam, sgd"),
        ("trunk=alexnet", "choose one of cpm"),
        ("experiment=mine", "choose one of bench, default"),
        ("data@val=nothing", "choose one of aichallenger"),
        ("val=coco", "data@val="),
        ("trunk.options.depth=3", "it has neck, width"),
        ("head.name=deep", "choose one of openpose2017"),
        ("skeleton=octopus", "coco17"),
        ("trainer.size=[100,100]", "multiples of 32"),
        ("trainer.batch=65536 trainer.size=[8192,8192]", "trainer.batch=65536 crops of 8192x8192 px take over"),
        ("trainer.devices=0", "trainer.devices is 0; give auto, how many from 1"),
        ("trainer.devices=99999", "trainer.devices is 99999; give"),
        ("trainer.devices=1.5", "trainer.devices is 1.5; give"),
        ("trainer.devices=true", "trainer.devices is True; give"),
        ("trainer.devices=two", "trainer.devices is 'two'; give"),
        ("trainer.devices=[]", "trainer.devices is []; give"),
        ("trainer.devices=[-1]", "trainer.devices is [-1]; give"),
        ("trainer.devices=[0,0]", "trainer.devices is [0, 0]; give"),
        ("trainer.devices={a:1}", "trainer.devices is {'a': 1}; give"),
        ("loss.limbs.nose-tail=2", "the skeleton has"),
    ],
)
def test_a_mistake_is_one_sentence(argument, says, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py"])

    def check(options):
        build(options)

    assert hydra_app.run(check, "train", argument.split()) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1


def test_parts_of_another_network_need_one():
    for part in ("trunk", "head"):
        with pytest.raises(
            OptionsError, match=f"{part}=started is that of another network; give start=NETWORK, or another"
        ):
            build(options_of(f"{part}=started"))


def test_fine_tuning_goes_on_with_the_network_that_comes_along():
    """Its architecture is not written down a second time: options that are given come on top."""
    came, net = weights.load(weights.resolve()).config, build(options_of("experiment=finetune"))
    for name in ("trunk", "head", "trunk_options", "head_options", "normalisation"):
        assert getattr(net.config, name) == getattr(came, name)
    other = build(options_of("experiment=finetune", "head.options.blocks=3"))
    assert other.config.head_options == came.head_options | {"blocks": 3}


@pytest.mark.parametrize(
    ("given", "says"),
    [("target.hidden=true", "is of method=single;"), ("loss.flow=false", "is of method=regression;")],
)
def test_options_of_another_method_name_it(given, says):
    with pytest.raises(OptionsError, match=says):
        options_of(given)
