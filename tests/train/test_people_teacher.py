"""Distillation through people: a teacher of one method, a student of another."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bupose import skeletons, weights
from bupose.errors import OptionsError
from bupose.maps import Grid
from bupose.methods.centre import CentreCodec
from bupose.methods.paf import FieldCodec
from bupose.nn import NetworkConfig, PoseNet
from bupose.skeleton import Skeleton
from bupose.synthetic.draw import draw_scene
from bupose.train.people_teacher import PeopleTeacher
from bupose.train.run import train
from bupose.train.teacher_options import TeacherOptions

SIZE = (192, 128)
SCENES = [draw_scene(seed, SIZE, 1) for seed in (3, 4)]
IMAGES = torch.from_numpy(np.stack([scene.image for scene in SCENES])).permute(0, 3, 1, 2)
STUDENT = CentreCodec(skeletons.COCO17, Grid(8))
FEW = Skeleton("few", skeletons.COCO17.joints[5:], tuple((a, b) for a, b in skeletons.COCO17.limbs
               if {a, b} <= set(skeletons.COCO17.joints[5:])))  # fmt: skip


class Knows:
    """Perfect part affinity fields of the scenes."""

    method, multiple, pad = "paf", 16, (0, 0, 0)

    def __init__(self, skeleton=skeletons.COCO17):
        self.skeleton, self.grid = skeleton, Grid(4)
        self.decoder, self.preprocess, self.target, self.category = {}, {}, {}, {}
        self.maps = [FieldCodec(skeleton, self.grid).encode(s.labels.to(skeleton), SIZE).maps.arrays for s in SCENES]

    def __call__(self, images):
        differ = [[np.abs(image - scene.image.astype(int)).sum() for scene in SCENES] for image in images]
        seen = [self.maps[int(np.argmin(row))] for row in differ]
        return tuple(np.stack([maps[name] for maps in seen]) for name in ("heat", "paf"))


def test_whom_a_teacher_finds_is_what_the_student_learns():
    """Targets of the other method, on the other grid; a person's cells weigh its score, others 1."""
    (targets,) = PeopleTeacher([Knows()], STUDENT, TeacherOptions(["a"])).targets(IMAGES)
    for n, scene in enumerate(SCENES):
        want = STUDENT.encode(scene.labels, SIZE).arrays
        (found,) = STUDENT.decode(STUDENT.maps({spec.name: targets[spec.name][n].numpy() for spec in STUDENT.specs}))
        present = scene.labels.present[0]
        off = np.linalg.norm(found.xy[0] - scene.labels.xy[0], axis=1)[present & found.present[0]]
        assert (found.present[0] & present).sum() >= present.sum() - 2
        assert np.median(off) < 1  # px
        least, most = (float(x) for x in torch.aminmax(targets["weight"][n]))
        assert 0.5 < least < most == 1
        here = (want["offset_weight"] > 0) & (targets["offset_weight"][n].numpy() > 0)
        share = targets["offset_weight"][n].numpy()[here] / want["offset_weight"][here]
        assert np.median(share) == pytest.approx(least, rel=0.1)  # by boxes, whose sizes differ a little


def test_joints_that_the_teacher_does_not_know_teach_nothing():
    (targets,) = PeopleTeacher([Knows(FEW)], STUDENT, TeacherOptions(["a"])).targets(IMAGES)
    np.testing.assert_array_equal(targets["heat_known"], [[0] * 5 + [1] * 12] * 2)
    np.testing.assert_array_equal(targets["centre_known"], [[1]] * 2)
    strange = Skeleton("hand", ("wrist", "tip"), (("wrist", "tip"),))
    with pytest.raises(OptionsError, match="none of the student's joints"):
        PeopleTeacher([Knows()], CentreCodec(strange, Grid(8)), TeacherOptions(["a"])).targets(IMAGES)


def test_losses_are_shared():
    """Two teachers have half of the share each."""
    teacher = PeopleTeacher([Knows(), Knows(FEW)], STUDENT, TeacherOptions(["a", "b"], share=0.3))
    labels = {"weight": torch.ones(2, 16, 24)}
    shares, batches = zip(*teacher.batches(labels, IMAGES), strict=True)
    assert shares == pytest.approx((0.7, 0.15, 0.15))
    assert batches[0] is labels
    assert ["heat_known" in one for one in batches] == [False, False, True]


def test_a_network_of_fields_teaches_one_of_centres(small_training, tmp_path):
    torch.manual_seed(0)
    config = NetworkConfig(skeletons.COCO17, "mobilenet_v2", "plain", {"width": 0.1, "last": False, "channels": 8},
                           decoder={"peak_threshold": 0.0, "min_person_score": 0.0})  # fmt: skip
    weights.save(PoseNet(config).eval(), tmp_path / "teacher.safetensors")
    teacher = TeacherOptions([str(tmp_path / "teacher.safetensors")], through="people")
    options = replace(small_training(steps=2, validate_every=2), method="centre", teacher=teacher)
    train(options)
    assert "loss/teacher_1" in (tmp_path / "run" / "metrics.csv").read_text(encoding="utf-8").splitlines()[0]
    assert weights.load(tmp_path / "run" / "best.safetensors").config.method == "centre"


@pytest.mark.parametrize("more", [{"combine": "max"}, {"itself": 0.9}, {"draw": True}])
def test_what_goes_with_maps_alone_is_refused(more):
    with pytest.raises(OptionsError, match="through=people has no "):
        TeacherOptions(through="people", **more)
