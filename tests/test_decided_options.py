"""Defaults that were measured, published or agreed upon: whoever changes one changes it here too, and says why."""

from dataclasses import asdict

import pytest

from bupose.data.augment import PRESETS, AugmentOptions
from bupose.estimate import preprocess
from bupose.estimate.options import NetworkOptions
from bupose.methods.centre import CentreDecodeOptions, CentreTargetOptions
from bupose.methods.options import given
from bupose.methods.paf import DecodeOptions, FieldLossOptions, TargetOptions
from bupose.train.optim import OptimOptions
from bupose.train.options import TeacherOptions

DECIDED = {
    TargetOptions: {
        "sigma": 7.0,  # OpenPose's, px at stride 8
        "limb_width": 1.25,  # a limb of a cell's length keeps a line integral above 0.95
    },
    DecodeOptions: {  # weighed on COCO's fields, AP 55.5
        "smooth": 0.0,
        "peak_threshold": 0.025,
        "samples": 12,
        "paf_threshold": 0.02,
        "limb_threshold": 0.0,
        "limb_share": 0.0,
        "joint_score_exponent": 0.75,
        "prune_above": 64,
        "max_limb_ratio": 2.2,  # of the limbs labelled in COCO 99.9 % are below
        "matching": "hungarian",
        "completion": True,
        "duplicate_similarity": 0.8,
        "localization_sigma": 0.4,
        "min_joint_score": 0.05,  # of published fields 60 % of the completed joints go, 1 % of the others
        "min_joints": 3,
        "min_person_score": 0.1,
    },
    CentreTargetOptions: {  # the centre's Gaussian twice a joint's: DEKR
        "sigma": 7.0,
        "centre_sigma": 14.0,
        "radius": 2.0,
        "local": False,
        "box": False,
    },
    CentreDecodeOptions: {  # weighed on MoveNet's maps of COCO, AP 45.9
        "smooth": 0.0,
        "centre_threshold": 0.1,
        "centre_window": 1,
        "peak_threshold": 0.1,
        "snap": "peaks",
        "refine": "parabola",
        "reach": 0.2,
        "completion": True,
        "duplicate_similarity": 0.5,
        "localization_sigma": 0.4,
        "min_joint_score": 0.05,
        "min_joints": 3,
        "min_person_score": 0.1,
    },
    AugmentOptions: {  # nothing is changed unless asked for; how much, where it is: OpenPose's of 2017
        "person": 0.0,
        "person_height": 0.6,
        "person_scale": (0.5, 1.1),
        "picture_scale": (1.0, 1.0),
        "max_zoom": 0.0,
        "min_joints": 5,
        "min_side": 32.0,
        "rotation": 0.0,
        "shift": 0.0,
        "mirror": 0.0,
        "color": 0.0,
        "camera": 0.0,
        "occlusions": (0, 0),
        "paste": 0.0,
        "pasted": (1, 3),
        "mosaic": 0.0,
    },
    FieldLossOptions: {  # Cao et al. 2017, eq. 5: every stage, joint and limb alike
        "name": "l2",
        "heat": 1.0,
        "paf": 1.0,
        "foreground": 1.0,
        "people": 1.0,
        "structure": 0.0,
        "stages": [],
        "joints": {},
        "limbs": {},
        "mean": True,
        "hard": 8,  # of 17, Chen et al. 2018
        "gamma": 1.0,
    },
    OptimOptions: {
        "name": "adamw",
        "lr": 0.001,
        "factors": {},
        "channelwise_lr": [],
        "muon": [],
        "frozen": [],
        "frozen_norm": [],
        "weight_decay": 0.0001,
        "momentum": 0.9,
        "warmup": 100,
        "schedule": "cosine",
        "final": 0.01,
        "milestones": [0.6, 0.85],
        "drop": 0.1,
        "clip": 0.0,
    },
    TeacherOptions: {
        "weights": [],
        "share": 0.5,
        "combine": "mix",
        "mirror": False,
        "scales": (1.0,),
        "draw": False,
        "through": "maps",
        "shift": (0.0, 0.0),
        "itself": 0.0,
        "ramp": 1000,
    },
}
STRONG = {
    "person": 0.6,
    "person_scale": (0.4, 1.4),
    "picture_scale": (0.7, 2.2),
    "max_zoom": 4.0,
    "rotation": 45.0,
    "shift": 0.12,
    "mirror": 0.5,
    "color": 0.6,
    "camera": 0.5,
    "occlusions": (0, 2),
    "paste": 0.3,
    "mosaic": 0.15,
}


@pytest.mark.parametrize("options", DECIDED, ids=lambda options: options.__name__)
def test_defaults_are_those_decided(options):
    assert asdict(options()) == DECIDED[options]


def test_the_shipped_network_was_trained_with_these_augmentations():
    assert PRESETS["strong"] == STRONG
    assert PRESETS["none"] == {}


def test_inference_changes_nothing_unless_asked_to():
    options = NetworkOptions()
    assert (options.batch, options.precision, options.flip) == (8, "auto", False)
    assert {options.height, options.longest, options.threads} == {None}
    assert given(options.decoder) == {}
    assert preprocess.ELONGATION == 8
