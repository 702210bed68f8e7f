"""Heads: the stages they promise, and what each stage sees."""

from dataclasses import replace

import pytest
import torch
from networks import network

from bupose import skeletons
from bupose.errors import OptionsError
from bupose.methods.paf.fields import field_specs
from bupose.methods.regression import RegressionCodec
from bupose.nn import NetworkConfig, PoseNet
from bupose.nn.head import HEADS, build_head, final_maps

COCO17, COCO18, BODY25 = skeletons.COCO17, skeletons.COCO18, skeletons.BODY25
CASES = [
    ("openpose2017", {"stages": 3, "width": 16, "hidden": 24}),
    ("openpose2017", {"stages": 1, "background": False}),
    ("openpose2019", {"paf_stages": 2, "heat_stages": 1, "blocks": 2, "width": 8, "first_width": 8}),
    ("openpose2019", {"paf_stages": 1, "heat_stages": 2, "activation": "relu", "background": False}),
    ("light", {}),
    ("light", {"refinements": 0, "background": False}),
    ("light", {"refinements": 3, "width": 16, "blocks": 2}),
    ("plain", {}),
    ("plain", {"upsample": True, "background": True, "layers": 0}),
    ("plain", {"space_to_depth": True}),
    ("plain", {"space_to_depth": True, "upsample": True}),
    ("plain", {"space_to_depth": True, "skip": True, "upsample": True, "background": True}),
    ("plain", {"blocks": 2}),
    ("plain", {"space_to_depth": True, "blocks": 1, "upsample": True, "background": True}),
    ("plain", {"context_scale": 0.4, "space_to_depth": True, "skip": True}),
    ("movenet", {"width": 16}),
    ("hourglass", {"stacks": 2, "depth": 2}),
    ("hourglass", {"stacks": 1, "depth": 1, "background": True}),
    ("hourglass", {"stacks": 2, "depth": 2, "scales": 2}),
    ("cpm", {"stages": 3, "width": 16, "first_width": 24, "split": True}),
    ("cpm", {"stages": 1, "first_width": 8}),
    ("cpn", {"width": 16}),
    ("cpn", {"width": 16, "refine": False, "background": True}),
    ("higher", {"width": 16, "blocks": 1}),
    ("occlusion", {"width": 16, "cross": True, "background": True}),
    ("occlusion", {"deconvs": 0}),
    ("regression", {}),
]
IDS = [f"{name}-{'-'.join(map(str, options.values()))}" for name, options in CASES]


LEVELS = (12, 16, 20)  # channels of three levels, finest first


def head_of(name, specs, channels: int = 12, **options):
    """A head for so many features, or for levels, if it reads those; also for hidden joints, if it tells them; or for
    what it says instead."""
    if name == "occlusion":
        specs = (*specs, replace(specs[0], name="hidden"))
    if name == "regression":
        specs = RegressionCodec.outputs(COCO17)
    return build_head(name, LEVELS if HEADS[name].reads_levels else channels, specs, **options)


def features_for(head, *shape: int) -> list:
    """Random features, levels of them, or those of an overview beside, as the head asks for."""
    if head.reads_levels:
        batch, _, h, w = shape
        return [[torch.randn(batch, c, h >> n, w >> n) for n, c in enumerate(LEVELS)]]
    overview = [torch.randn(*shape[:2], shape[2] // 2, shape[3] // 2)] if head.context_scale else []
    return [torch.randn(*shape), *overview]


def test_all_cells_of_a_regression_say_one_place():
    """As the linear layer says it of the mean features, computed apart; also of a picture twice as wide."""
    torch.manual_seed(0)
    head = head_of("regression", None)
    torch.nn.init.normal_(head.output.weight)
    for h, w in ((4, 3), (4, 6)):
        features = torch.randn(2, 12, h, w)
        stage = head(features)[0]
        numbers = features.double().mean((2, 3)) @ head.output.weight.double().T
        share, deviation = numbers[:, :34].view(2, 17, 2), torch.sigmoid(numbers[:, 34:]).view(2, 17, 2)
        place = (share + 0.5) * torch.tensor([w, h]) - 0.5
        rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        expected = place[..., None, None] - torch.stack([columns, rows])
        torch.testing.assert_close(stage["offset"].double().view(2, 17, 2, h, w), expected, atol=1e-4, rtol=1e-4)
        sure = (1 - deviation)[..., None, None].expand(2, 17, 2, h, w)
        torch.testing.assert_close(stage["sure"].double().view(2, 17, 2, h, w), sure, atol=1e-5, rtol=1e-4)


def test_branches_feed_each_other_only_if_told():
    """What the visible output says depends on the hidden branch with ``cross``, and teaches it without ``stop``."""
    torch.manual_seed(0)
    specs = field_specs(COCO17)[:1]
    for cross, stop in ((False, False), (True, False), (True, True)):
        head = head_of("occlusion", specs, cross=cross, stop=stop, width=16).eval()
        features = torch.randn(1, 12, 4, 4)
        before = head(features)[0]["heat"]
        before.square().sum().backward()
        taught = head.hidden_branch[0].weight.grad
        assert (taught is not None and taught.abs().max() > 0) == (cross and not stop)
        with torch.no_grad():
            head.hidden_branch[0].weight += 1
            assert (head(features)[0]["heat"] != before).any() == cross


def test_a_head_for_hidden_joints_needs_their_map():
    with pytest.raises(OptionsError, match=r"target\.hidden=true"):
        network("resnet", "occlusion", COCO17, method="single")


def test_levels_and_heads_that_read_them_belong_together():
    with pytest.raises(OptionsError, match="neck=levels"):
        network("resnet", "cpn", COCO17)
    with pytest.raises(OptionsError, match="another neck"):
        network("resnet", "plain", COCO17, neck="levels")


def test_every_head_has_a_case():
    assert {name for name, _ in CASES} == set(HEADS)


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_stages(name, options):
    torch.manual_seed(0)
    head = head_of(name, field_specs(BODY25), **options)
    joints, limbs = len(BODY25.joints), len(BODY25.limbs)
    stages = head(*features_for(head, 2, 12, 8, 12))
    size = (8 * head.stride_factor, 12 * head.stride_factor)
    background = options.get("background", name in ("openpose2017", "openpose2019", "light"))
    finest = [stage for stage in stages if next(iter(stage.values())).shape[2:] == size]
    coarser = [stage for stage in stages if next(iter(stage.values())).shape[2:] == (size[0] // 2, size[1] // 2)]
    assert len(coarser) == len(stages) - len(finest) == options.get("stacks", 2) * (options.get("scales", 1) - 1)
    stages = finest
    for stage in stages:
        assert "heat" not in stage or stage["heat"].shape == (2, joints + background, *size)
        assert "paf" not in stage or stage["paf"].shape == (2, 2 * limbs, *size)
    kinds = [("heat" in stage, "paf" in stage) for stage in stages]
    expected = {
        "openpose2017": [(True, True)] * options.get("stages", 6),
        "openpose2019": [(False, True)] * options.get("paf_stages", 4)
        + [(True, False)] * options.get("heat_stages", 2),
        "light": [(True, True)] * (1 + options.get("refinements", 1)),
        "plain": [(True, True)],
        "movenet": [(True, True)],
        "hourglass": [(True, True)] * options.get("stacks", 2),
        "cpm": [(True, True)] * options.get("stages", 6),
        "cpn": [(True, True)] * (len(LEVELS) + options.get("refine", True)),
        "higher": [(True, True), (True, False)],
        "occlusion": [(True, True)],
        "regression": [(False, False)],
    }
    assert kinds == expected[name]


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_gradient_reaches_every_parameter(name, options):
    torch.manual_seed(0)
    head = head_of(name, field_specs(COCO18), **options)
    for name, values in head.named_parameters():
        if "blocks" in name and "bn2.weight" in name:  # zero at first, so that nothing goes through
            torch.nn.init.ones_(values)
    outputs = [part for stage in head(*features_for(head, 2, 12, 8, 12)) for part in stage.values()]
    sum((part - 1).square().mean() for part in outputs).backward()
    for parameter, values in head.named_parameters():
        assert values.grad is not None, parameter
        assert torch.isfinite(values.grad).all(), parameter
    assert not [n for n, p in head.named_parameters() if p.ndim > 1 and p.grad.abs().max() == 0]


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_a_new_head_says_little(name, options):
    """Outputs start near 0, where fields mostly are, and do not depend on luck."""
    torch.manual_seed(0)
    head = head_of(name, field_specs(COCO18), 128, **options)
    features = [[f.abs() for f in fs] if isinstance(fs, list) else fs.abs() for fs in features_for(head, 1, 128, 8, 8)]
    for one in final_maps(head(*features), field_specs(COCO18) if name != "regression" else head.specs):
        assert one.abs().max() < (2 if name != "regression" else 8)  # offsets from 8 cells


@pytest.mark.parametrize(
    ("name", "stage", "blocks"),
    [
        # Channels of the refining stages' input, in order: OpenPose's prototxt files, lightweight's with_mobilenet.py.
        ("openpose2017", "stages.1.paf.0", ["paf", "heat", "features"]),
        ("openpose2019", "paf_stages.1.blocks.0.convs.0.0", ["features", "paf"]),
        ("openpose2019", "heat_stages.0.blocks.0.convs.0.0", ["features", "paf"]),
        ("openpose2019", "heat_stages.1.blocks.0.convs.0.0", ["features", "heat", "paf"]),
        ("light", "refinement_stages.0.trunk.0.initial.0", ["features", "heat", "paf"]),
    ],
)
def test_order_of_what_a_refining_stage_sees(name, stage, blocks):
    """Published weights only fit this order of input channels."""
    torch.manual_seed(0)
    head = build_head(name, 7, field_specs(COCO18))
    seen = {}
    head.get_submodule(stage).register_forward_pre_hook(lambda _, inputs: seen.update(x=inputs[0]))
    features = torch.randn(1, 7, 4, 4)
    stages = head(features)
    if name == "openpose2019":
        pafs = [s["paf"] for s in stages if "paf" in s]
        known = {
            "features": features,
            "paf": pafs[0] if stage.startswith("paf") else pafs[-1],
            "heat": next(s["heat"] for s in stages if "heat" in s),
        }
    else:
        known = {"features": features, "paf": stages[0]["paf"], "heat": stages[0]["heat"]}
    torch.testing.assert_close(seen["x"], torch.cat([known[block] for block in blocks], 1))


def test_final_fields_drop_the_background_and_pair_x_with_y():
    heat, paf = torch.arange(19.0).view(1, 19, 1, 1), torch.arange(38.0).view(1, 38, 1, 1)
    stages = [
        {"paf": paf + 100},
        {"paf": paf},
        {"heat": heat - 50},
        {"heat": heat},
    ]
    joints, limbs = final_maps(stages, field_specs(COCO18))
    assert joints.flatten().tolist() == list(range(18))
    assert limbs[0, 5].flatten().tolist() == [10, 11]


def test_up_sampled_cells_stay_centred():
    """Turning the features upside down turns the finer output upside down, once its four sub-cells are mirrored."""
    head = build_head("plain", 4, field_specs(COCO18), upsample=True, layers=0)
    with torch.no_grad():
        conv = head.heat[0]
        conv.weight.copy_(conv.weight[::4].repeat_interleave(4, 0))  # the four cells of each cell say the same
        conv.bias.copy_(conv.bias[::4].repeat_interleave(4, 0))
        features = torch.randn(1, 4, 5, 6)
        heat = head(features)[0]["heat"]
    coarse = torch.nn.functional.avg_pool2d(heat, 2)
    torch.testing.assert_close(coarse.repeat_interleave(2, 2).repeat_interleave(2, 3), heat)
    expected = torch.einsum("kc,bchw->bkhw", conv.weight[::4, :, 0, 0], features) + conv.bias[::4, None, None]
    torch.testing.assert_close(coarse, expected)


def test_folded_cells_stay_in_place():
    """Output weights that pass each of the four folded cells on give the features back."""
    head = build_head("plain", 3, field_specs(COCO18), space_to_depth=True, layers=0)
    with torch.no_grad():
        head.heat[0].weight.zero_()
        for cell in range(4):
            head.heat[0].weight[4 * 7 + cell, 4 * 2 + cell] = 1
        features = torch.randn(1, 3, 4, 6)
        torch.testing.assert_close(head(features)[0]["heat"][:, 7], features[:, 2])


def test_a_folding_head_takes_even_numbers_of_cells():
    config = NetworkConfig(COCO18, "vgg19", "plain", head_options={"space_to_depth": True})
    with torch.device("meta"):
        assert PoseNet(config).multiple == 16


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_an_overview_is_mixed_in(share):
    """Weights of 0 leave the picture's own features, those of 1 the overview's, stretched to the same borders."""
    torch.manual_seed(0)
    head = build_head("plain", 5, field_specs(COCO18), context_scale=0.5).eval()
    alone = build_head("plain", 5, field_specs(COCO18)).eval()
    alone.load_state_dict({name: v for name, v in head.state_dict().items() if name != "mix.weight"})
    torch.nn.init.eye_(head.mix.weight.data[:, :, 0, 0]).mul_(share)
    features, overview = torch.randn(1, 5, 8, 12), torch.randn(1, 5, 4, 6)
    with torch.no_grad():
        mixed, own, far = head(features, overview)[0]["heat"], alone(features)[0]["heat"], alone(overview)[0]["heat"]
    stretched = torch.nn.functional.interpolate(far, scale_factor=2, mode="bilinear")  # the output is linear in them
    torch.testing.assert_close(mixed, stretched if share else own, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("open", {}, "openpose2017"),
        ("light", {"stages": 2}, "refinements"),
        ("light", {"refinements": -1}, "from 0"),
        ("openpose2017", {"kernel": 6}, "odd"),
        ("openpose2017", {"stages": 0}, "stages"),
        ("openpose2019", {"activation": "elu"}, "prelu"),
        ("openpose2019", {"blocks": 1.5}, "whole"),
        ("plain", {"width": True}, "whole"),
        ("hourglass", {"stacks": 0}, "stacks"),
        ("cpm", {"kernel": 4}, "odd"),
        ("plain", {"context_scale": 1.0}, "to 0.99"),
        ("plain", {"context_scale": 0.01}, "from 0.1"),
    ],
)
def test_refused_options(name, options, word):
    with pytest.raises(OptionsError, match=word):
        build_head(name, 8, field_specs(COCO18), **options)
