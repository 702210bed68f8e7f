"""Command lines that nobody should write, and somebody will."""

import json
import shlex

import pytest

from bupose.cli import COMMANDS
from bupose.skeletons import COCO17

MISTAKES = [
    ("a command that is none", ["infre"], "did you mean 'infer'"),
    ("a command in capitals", ["INFER", "a.png"], "there is no command"),
    ("an empty command", [""], "there is no command"),
    ("a path as the command", ["../../etc/passwd"], "there is no command"),
    ("a picture as the command", ["a.png"], "bupose infer a.png"),
    ("a command of 100 000 letters", ["x" * 100_000], "there is no command"),
    ("a command with a line break", ["infer\nerror: 2"], "there is no command"),
    ("a command that a terminal would obey", ["\x1b[2J"], "there is no command"),
    ("a command that is no UTF-8", ["\udcff"], "there is no command"),
    ("a private module", ["pairs"], "there is no command"),
    ("a dunder", ["__init__"], "there is no command"),
    ("a flag of another program", ["--verbose"], "there is no command"),
    ("an option with a line break", ["infer", "a.png", "he\night=3"], "no file"),
    ("an option of 100 000 letters", ["infer", "a.png", "x" * 100_000 + "=1"], "no option"),
    ("a list of 500 paths", ["infer", "input=[" + ",".join(["a.png"] * 499 + ["nope"]) + "]"], "nope"),
    ("a number of 10 000 digits", ["infer", "a.png", "height=" + "9" * 10_000], "height"),
    ("100 000 brackets", ["infer", "a.png", "scales=" + "[" * 100_000], "scales"),
    ("a path of 10 000 folders", ["infer", "a.png", "output=" + "a/" * 10_000], "output"),
    ("a name of 300 letters", ["infer", "a.png", "output=" + "a" * 300], "output"),
]
REFUSED = """
import-weights | give input=
import-weights input=empty.bin output=o.safetensors | no kind that can be imported
import-weights input=random.bin output=o.safetensors | no kind that can be imported
import-weights input=net.xml output=o.safetensors | net.xml
import-weights input=net.pth output=o.safetensors | net.pth
import-weights input=net.caffemodel output=o.safetensors | net.caffemodel
import-weights input=photos output=o.safetensors | photos
import-weights input=/dev/zero output=o.safetensors | /dev/zero
import-weights input=nope output=o.safetensors | nope
import-weights input=a.png output=o.safetensors kind=caffe | a.png
import-weights input=a.png output=o.safetensors kind=lightweight | a.png
import-weights input=a.png output=o.safetensors kind=tf | kind is
import-weights input=net.xml output=net.xml | is the input
evaluate | annotations=
evaluate annotations=truth.json | nothing to measure
evaluate annotations=truth.json predictions=found.json output=a.png | a.png
evaluate annotations=truth.json predictions=truth.json | not COCO results
evaluate annotations=found.json predictions=found.json | found.json
evaluate annotations=empty.json predictions=found.json | empty.json
evaluate annotations=cut.json predictions=cut.json | cut.json
evaluate annotations=random.bin predictions=found.json | random.bin
evaluate annotations=photos predictions=found.json | photos
evaluate annotations=/dev/null predictions=found.json | /dev/null
evaluate annotations=/dev/zero predictions=found.json | /dev/zero
evaluate annotations=truth.json predictions=found.json protocol=foo | protocol
evaluate annotations=truth.json predictions=found.json limit=0 | limit
evaluate annotations=truth.json predictions=found.json worst=-1 | worst
evaluate annotations=truth.json predictions=found.json skeleton=foo | skeleton
evaluate annotations=truth.json predictions=found.json category=dog | dog
evaluate annotations=truth.json images=photos weights=empty.bin | empty.bin
evaluate annotations=truth.json images=nowhere WEIGHTS | nowhere
check-data | annotations
check-data data.annotations=truth.json data.images=photos output=a.png | a.png
check-data data.annotations=empty.json data.images=photos | empty.json
check-data data.annotations=random.bin data.images=photos | random.bin
check-data data.annotations=/dev/zero data.images=photos | /dev/zero
check-data data=foo | choose one of
check-data data=synthetic data.count=0 | count
check-data data=synthetic data.count=3 data.size=[1,1] | size
check-data data=synthetic data.count=3 data.size=[1000000,1000000] | size
check-data data=synthetic data.count=3 data.people=[5,1] | people
check-data data=synthetic data.count=2 data.scene=foo | scene
check-data data=mpii data.annotations=truth.json data.images=photos | truth.json
check-data data=posetrack data.annotations=photos data.images=photos | photos
check-data data=mpii data.annotations=list.json data.images=photos | list.json
export output= | output
export output=o.foo WEIGHTS | o.foo
export output=photos WEIGHTS | photos
export output=o.onnx weights=empty.bin | empty.bin
export output=o.safetensors WEIGHTS precision=int4 | precision
export output=o.safetensors WEIGHTS format=foo | format
export output=o.safetensors WEIGHTS height=0 | height
export output=o.safetensors WEIGHTS scales=[] | scales
export output=o.safetensors WEIGHTS scales=[nan] | scales
export output=o.safetensors WEIGHTS average=[empty.bin] | empty.bin
export output=o.safetensors WEIGHTS average=[nope] | nope
export output=o.safetensors WEIGHTS pictures=0 | pictures
export output=o.safetensors WEIGHTS decoder.samples=0 | samples
summarize nope | nope
summarize a.png | a.png
summarize photos metric=foo | metric
benchmark part=foo | part
benchmark photos=0 | photos
benchmark photos=-1 | photos
benchmark shared=nope part=network | nope
doctor x | 'x'
doctor --json --foo | --foo
demo nope.jpg | nope.jpg
demo nowhere output=o WEIGHTS | nowhere
demo people=0 | people
demo people=1.5 | people
demo people=² | people
demo seed=-1 | seed
demo people=1 output=a.png WEIGHTS | a.png
download set=foo | foo
download set=coco parts=[foo] | foo
download set=coco output=a.png | a.png
explore nope.jpg | nope.jpg
explore empty.bin | empty.bin
explore port=99999 | port
explore port=a | port
explore --port=7860 | port=7860
explore height=0 | height
explore weights=empty.bin | empty.bin
explore overlay.colors=red | overlay.colors
explore decoder.min_joints=0 | decoder.min_joints
explore a.png photos | photos
train experiment=foo | experiment
train data.annotations=nope | annotations
train resume=nope | nope
train resume= | resume
train resume=a.png | a.png
train resume=photos | photos
train experiment=tiny_synthetic trainer.steps=0 | steps
train experiment=tiny_synthetic trainer.size=[7,7] | size
train experiment=tiny_synthetic optim.lr=nan | lr
train experiment=tiny_synthetic trunk=foo | trunk
train experiment=tiny_synthetic skeleton=foo | skeleton
train experiment=tiny_synthetic output=a.png | a.png
train experiment=tiny_synthetic trainer.accelerator=tpu | tpu
train experiment=tiny_synthetic start=empty.bin | empty.bin
train experiment=tiny_synthetic head.options.width=-1 | width
train experiment=tiny_synthetic head.options.foo=1 | foo
train experiment=tiny_synthetic trunk.options.width=100000 | width
group | input
group input=nope | nope
group input=empty.bin | empty.bin
group input=random.bin | random.bin
group input=photos | photos
group input=/dev/zero | /dev/zero
group input=empty.json | empty.json
"""
LINES = [line.split(" | ") for line in REFUSED.strip().splitlines()]


@pytest.fixture
def files(hostile, picture):
    """One of each kind of file, by names that the table above uses."""
    folder = hostile.folder
    (folder / "photos").mkdir()
    (folder / "photos" / "1.png").write_bytes(picture.read_bytes())
    (folder / "nowhere").mkdir()
    triples = [20.0, 20.0, 2] * 17
    person = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": [1, 1, 50, 50], "area": 900.0}
    truth = {
        "images": [{"id": 1, "file_name": "1.png", "width": 96, "height": 64}],
        "annotations": [{**person, "num_keypoints": 17, "keypoints": triples}],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.joints)}],
    }
    texts = {
        "truth.json": json.dumps(truth),
        "found.json": json.dumps([{"image_id": 1, "category_id": 1, "keypoints": triples, "score": 0.5}]),
        "empty.json": "{}",
        "list.json": "[]",
        "cut.json": json.dumps(truth)[:-30],
        "empty.bin": "",
        "net.xml": "<net/>",
        "net.bin": "",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "random.bin").write_bytes(bytes(range(256)) * 20)
    (folder / "net.pth").write_bytes(b"PK\3\4")
    (folder / "net.caffemodel").write_bytes(b"\x0a\xff")
    return hostile


@pytest.mark.parametrize(("arguments", "words"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_mistaken_commands(hostile, picture, arguments, words):
    hostile.judge(hostile.run(*arguments), 2, words)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_flag_that_is_none(hostile, name):
    hostile.judge(hostile.run(name, "--nonsense"), 2, "--nonsense")


@pytest.mark.parametrize(
    "flag", ["-c", "--cfg=x", "--info=x", "--package=x", "-cd=/", "--experimental-rerun=x", "-h=3"]
)
def test_flags_of_hydra(hostile, picture, flag):
    hostile.judge(hostile.run("infer", "a.png", flag, hostile.weights, "output=out"), (0, 2))


def test_a_flag_may_stand_anywhere(hostile, picture):
    ended = hostile.run("infer", "a.png", "--multirun", hostile.weights, "output=out")
    hostile.judge(ended, 0, "1 picture,")


@pytest.mark.parametrize(("line", "words"), LINES, ids=[line for line, _ in LINES])
def test_refused(files, line, words):
    arguments = [files.weights if argument == "WEIGHTS" else argument for argument in shlex.split(line)]
    files.judge(files.run(*arguments), 2, words)
