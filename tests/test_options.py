"""Options: every number has a range, whatever is given is taken or refused in one sentence."""

import dataclasses
import pkgutil
import typing
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bupose
from bupose.errors import FieldsError, OptionsError
from bupose.options import check, choose, declared, from_dict, option, shown


@dataclass
class ToyOptions:
    """One of every kind."""

    count: int = option(3, 1, 10)
    share: float = option(0.5, 0, 1)
    on: bool = option(False)
    way: str = option("fast", among=("fast", "slow"))
    file: str | None = option(None, path=True)
    note: str = option("")
    span: tuple[float, float] = option((0.0, 1.0), 0, 9, rising=True)
    sizes: list[int] = option(list, 1, 5, most=3)
    factors: dict[str, float] = option(dict, 0, 2)
    anything: typing.Any = option(None)

    def __post_init__(self) -> None:
        check(self, "toy")


FITTING = [
    ({"count": 10}, 10),
    ({"count": np.int64(4)}, 4),
    ({"count": 4.0}, 4),
    ({"share": 1}, 1.0),
    ({"share": np.float32(0.25)}, 0.25),
    ({"file": "a b"}, "a b"),
    ({"file": None}, None),
    ({"span": [1, 1]}, (1.0, 1.0)),
    ({"sizes": (1, 5)}, [1, 5]),
    ({"factors": {"a": 2}}, {"a": 2}),
    ({"anything": {"a": [1, "b"]}}, {"a": [1, "b"]}),
]
NAN, INF = float("nan"), float("inf")
ITSELF: list = []
ITSELF.append(ITSELF)
REFUSED = [
    ("count", value) for value in (0, 11, 2.5, True, "3", None, NAN, INF, 10**400, 10**5000, [1], 1j)
] + [
    ("share", value) for value in (-0.1, 1.1, NAN, INF, -INF, "0.5", False, None, [0.5], 10**400)
] + [("on", 1), ("on", "true"), ("on", None), ("way", "slower"), ("way", ["fast"]), ("way", 3)] + [
    ("file", value) for value in ("", "a\0b", "x" * 5000, "d/" + "x" * 256, 3, ["a"])
] + [
    ("span", value) for value in ([0], [0, 1, 2], [2, 1], [0, 10], [NAN, 1], "01", 5, {0: 1}, [[0], [1]])
] + [("sizes", [1] * 4), ("sizes", [0]), ("sizes", [1.5]), ("sizes", "123"), ("sizes", ITSELF)] + [
    ("factors", {"a": NAN}), ("factors", {"a": 3}), ("factors", {1: 1}), ("factors", [1]),
    ("anything", ITSELF), ("anything", {"a": NAN}), ("note", "a\0b"), ("note", 5),
]  # fmt: skip


@pytest.mark.parametrize(("given", "wanted"), FITTING, ids=str)
def test_what_fits_is_taken_as_the_fields_type(given, wanted):
    got = getattr(ToyOptions(**given), next(iter(given)))
    assert got == wanted
    assert type(got) is type(wanted)


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=lambda value: shown(value, 20))
def test_what_does_not_fit_is_one_sentence(name, value):
    with pytest.raises(OptionsError) as refusal:
        ToyOptions(**{name: value})
    said = str(refusal.value)
    assert said.startswith(f"toy.{name} is ")
    assert "\n" not in said
    assert len(said) < 300


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*declared(ToyOptions), "nope"]), plain, max_size=3))
def test_any_plain_value_is_taken_or_refused(values):
    try:
        made = from_dict(ToyOptions, values, "toy")
    except OptionsError as problem:
        refusal = str(problem)
    else:
        refusal = ""
        assert 1 <= made.count <= 10
        assert 0 <= made.share <= 1
        assert from_dict(ToyOptions, vars(made), "toy") == made  # what was taken is taken again
    assert "\n" not in refusal


def test_no_mapping():
    with pytest.raises(OptionsError, match="toy is 5; give options by name, among count"):
        from_dict(ToyOptions, 5, "toy")


def every_options_class():
    found = {}
    for module in pkgutil.walk_packages(bupose.__path__, "bupose."):
        if module.name.endswith("__main__"):
            continue
        for name, kind in vars(import_module(module.name)).items():
            if name.endswith("Options") and isinstance(kind, type) and dataclasses.is_dataclass(kind):
                found[kind] = None
    return list(found)


def numbers_without_range(kind) -> list[str]:
    """Names of fields that hold numbers and do not say which."""

    def holds_numbers(hint) -> bool:
        return hint in (int, float) or any(holds_numbers(part) for part in typing.get_args(hint))

    return [
        name
        for name, (hint, metadata) in declared(kind).items()
        if holds_numbers(hint)
        and not metadata.get("among")
        and (metadata.get("low"), metadata.get("high")) == (None,) * 2
    ]


@pytest.mark.parametrize("kind", every_options_class(), ids=lambda kind: kind.__name__)
def test_every_number_of_every_option_has_a_range(kind):
    assert numbers_without_range(kind) == []


NO_NUMBERS = [NAN, INF, -INF, True, "many", 10**400, -(10**400), 1j, [NAN, NAN], [1, INF], {"a": NAN}]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: shown(value, 20))
@pytest.mark.parametrize(
    "kind", [kind for kind in every_options_class() if "data" in kind.__module__], ids=lambda kind: kind.__name__
)
def test_what_is_no_number_is_refused_by_every_option_of_data(kind, value):
    for name, (hint, metadata) in declared(kind).items():
        if metadata.get("low") is not None and str not in typing.get_args(hint):
            with pytest.raises(OptionsError, match=rf"{name} is .*; give (a|two|names) ") as refusal:
                kind(**{name: value})
            assert "\n" not in str(refusal.value)


def test_a_number_without_a_range_is_seen():
    @dataclass
    class Bare:
        sizes: list[float] | None = None
        name: str = ""
        share: float = option(0.0, 0, 1)

    assert numbers_without_range(Bare) == ["sizes"]


def test_a_name_is_chosen_from_a_registry():
    assert choose("b", {"a": 1, "b": 2}, "head") == 2
    assert choose("b", ("a", "b"), "way") == "b"
    for wrong in ("c", 5, None, ["a"]):
        with pytest.raises(FieldsError, match=r"^layout is .*; choose one of a, b$"):
            choose(wrong, ("a", "b"), "layout", FieldsError)


def test_a_range_without_an_end_is_told():
    @dataclass
    class Steps:
        every: int = option(1, 1)

        def __post_init__(self):
            check(self)

    assert Steps(10**9).every == 10**9
    with pytest.raises(OptionsError, match=r"every is 0; give a whole number from 1 on$"):
        Steps(0)
