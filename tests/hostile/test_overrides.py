"""Options of the command line: values and keys that are absurd, and what hydra would do with them."""

import pytest

DIGITS = "9" * 5000
VALUES = {
    "infer": [
        "height=100000", "height=0", "height=-8", "height=nan", "height=1e400", f"height={DIGITS}", "height=٣٦٨",
        "height=[368]", "height={a:1}", "height=", "height=null,368", "longest=1000000000", "longest=1",
        "scales=[]", "scales=[0]", "scales=[1e-9]", "scales=[nan]", "scales=[inf]", "scales=1", "scales=[[1]]",
        "scales=[" + ",".join(["1"] * 1000) + "]", "batch=1000000000", "batch=0", "batch=-1", "batch=1.5",
        "threads=1000000", "threads=0", "threads=-1", "device=tpu", "device=cuda:x", "device=", "precision=int4",
        "decoder.samples=1000000", "decoder.samples=1", "decoder.prune_above=1000000000", "decoder.near=1",
        "decoder.joint_score_exponent=1e9", "decoder.localization_sigma=-1", "decoder.smooth=1e9",
        "decoder.matching=x", "decoder.nope=1",
        "output=", "weights=", "weights=nowhere", "weights=" + "x" * 300, "weights=" + "x/" * 3000, "weights=/",
        "weights=/dev/zero", "weights=~nobody/x", "input=", "overlay_format=gif", "max_pixels=0", "flip=2", "nope=1",
        "+nope=1", "++height.x=1", "~height", "=1", "a b=1", "height = 5", "hydra.run.dir={a:1}",
        "hydra.job.chdir=true", "hydra.callbacks.x._target_=os.mkdir", "hydra/launcher=x",
        "--config-dir=/tmp", "--experimental-rerun=x", "-x",
    ],
    "train": [
        "trainer.steps=0", "trainer.batch=1000000000", "trainer.size=[1,1]", "trainer.size=[100000,100000]",
        "trainer.size=[64]", "trainer.workers=1000000", "trainer.ema=1", "trainer.ema=nan", "trainer.strategy=os.mkdir",
        "trainer.accelerator=x", "trainer.precision=int4", "optim.lr=nan", "optim.lr=inf", "optim.lr=0", "optim.name=x",
        "optim.factors={trunk:nan}", "optim.milestones=[2]", "loss.name=x", "loss.heat=-1", "loss.joints={nose:inf}",
        "teacher.scale=100", "teacher.shift=[1]", "seed=-1", "seed=" + DIGITS, "output=", "resume=nowhere", "start=",
        "trunk.name=x", "trunk.options={width:1e9}", "trunk.options={nope:1}", "head.options={layers:1000000000}",
        "head=openpose2017 head.options={stages:64,width:4096,kernel:31}", "note={a:nan}", "skeleton=nope",
        "target.sigma=0", "target.limb_width=nan", "logger.every=0",
    ],
    "evaluate": ["limit=0", "worst=-1", "protocol=x", "annotations=", "output=", "skeleton=", "height=100000"],
    "export": ["output=", "output=x.pt", "height=0", "scales=[]", "pictures=0", "precision=x", "decoder.samples=1e7",
               "average=[]", "average=[nowhere]", "format=x"],
}  # fmt: skip
GIVEN = {
    "infer": ["input=a.png", "output=out"],
    "train": ["experiment=tiny_synthetic", "trainer.steps=1", "trainer.accelerator=cpu", "hydra.run.dir=run"],
    "evaluate": ["annotations=a.json", "images=."],
    "export": [],
}


@pytest.mark.parametrize("command", VALUES)
def test_each_is_one_sentence(command, capsys, tmp_path, monkeypatch, request):
    """In this process: a command that starts for each would take minutes."""
    from bupose import cli

    monkeypatch.chdir(tmp_path)
    for value in VALUES[command]:
        if value == "average=[]":
            continue  # what export is given by default
        status = cli.main([command, *GIVEN[command], *value.split(" head.")[0:1]] + [
            f"head.{part}" for part in value.split(" head.")[1:]
        ])  # fmt: skip
        said = capsys.readouterr()
        lines = said.err.splitlines()
        assert status == 2, value
        assert len(lines) == 1, (value, said.err)
        assert lines[0].startswith("error: "), value
        assert len(lines[0]) < 1500, value
        assert lines[0].isprintable(), value
    assert [path.name for path in tmp_path.iterdir() if path.name != "run"] == []
    request.node.user_properties.append(("hostile", ["overrides", len(VALUES[command])]))


@pytest.mark.parametrize("value", ["height=100000", "hydra.callbacks.x._target_=os.mkdir", "scales=[1e-9]", "output="])
def test_the_same_from_outside(hostile, value):
    hostile.judge(hostile.run("infer", "input=a.png", hostile.weights, value), 2)
