"""Every decode option has a control that says what the option does."""

import dataclasses

import pytest

from bupose.methods.paf import DecodeOptions

controls = pytest.importorskip("bupose.explore.controls", reason="needs the extra 'explore'", exc_type=ImportError)


def test_every_option_has_its_place_and_its_sentence():
    names = {f.name for f in dataclasses.fields(DecodeOptions)}
    first, later = controls.sort_options(DecodeOptions)
    assert (tuple(first), set(later)) == (controls.ORDER, set(controls.LATER))
    assert set(first) | set(later) == names
    assert not set(first) & set(later)
    told = controls.describe_options(DecodeOptions)
    assert set(told) == names
    assert told["min_joints"].startswith("People with fewer joints found by peaks, or fewer left, are dropped")
    assert told["localization_sigma"].endswith("(cells)")
    assert all(sentence[0].isupper() and "``" not in sentence for sentence in told.values())


@pytest.mark.parametrize("field", dataclasses.fields(DecodeOptions), ids=lambda f: f.name)
def test_a_control_shows_the_value_and_allows_no_other_kind(field):
    control = controls.make_control(DecodeOptions, field.name, field.default, "What it does.")
    assert (control.value, control.label, control.elem_id) == (field.default, field.name, field.name)
    assert type(control.preprocess(field.default)) is type(field.default)


@pytest.mark.parametrize("name", controls.RANGES)
def test_both_ends_of_a_slider_are_allowed(name):
    low, high, _ = controls.RANGES[name]
    for value in (low, high):
        DecodeOptions(**{name: value})


def test_a_networks_own_value_widens_a_slider():
    assert controls.make_control(DecodeOptions, "peak_threshold", 0.9, "").maximum == 0.9
