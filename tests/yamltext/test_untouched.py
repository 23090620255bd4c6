"""Items that are passed on unread: the cut after them is one for every parser, and reading them changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from yaml12 import parse_yaml

from builders import INJECT, domains, sites
from builders import resource_list as written
from egress_overlays.function import krm
from egress_overlays.yamltext import resource_list
from egress_overlays.yamltext.document import may_begin
from egress_overlays.yamltext.untouched import is_bystander

# What makes YAML hard to cut, joined at random; most of it is not YAML, some of it is, and some looks as if.
_TOKENS = (
    *["a", ",", ":", "#", "|", ">", "?", "-", "&", "*", "!", "%", "@", "`", "'", '"', "[", "]", "{", "}", "~"],
    *(" ", "\n", "\n\n", "\n  ", "\n    ", "\n- ", "\n  - ", ": ", ":\n  ", ' "', " '", " []", " {}", "''", "it's"),
    *("k: 'v'\n  ", 'k: "v"\n  ', "k: 'a: b'\n  ", "- 'c'\n  ", "l: |\n    ", "m: >-\n    ", "# c\n  ", "\n- x: y"),
)
_TEXTS = st.lists(st.sampled_from(_TOKENS), min_size=1, max_size=14).map("".join)


def _loaded(text: str) -> Any:
    """What PyYAML reads; None where it reads nothing."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError):
        return None


@pytest.mark.parametrize(
    "item",
    [
        "kind: Service\n  metadata:\n    name: a",
        "kind:\n    - a",
        "a: 'x'\n  b: \"y\"\n  c: []\n  d: {}\n  e: it's a(word)",
        'a: \'{"tenant": 1, "paths": ["/a", "- d"]}\'',
        'a: "don\'t, [or] {do}"',
        "args:\n  - '--listen=:8080'\n  - \"b\"",
        "script: |\n    first\n\n    second && third",
    ],
)
def test_what_kustomize_writes_is_passed_on(item: str) -> None:
    assert is_bystander(item)


@pytest.mark.parametrize(
    "item",
    [
        f"metadata:\n    annotations:\n      {INJECT}: default",
        'metadata:\n    annotations:\n      "egress\\u002doverlays.dev/inject": default',
        "kind: ServiceEntry\n  metadata:\n    name: a",
        "kind: 'VirtualService'",
        "text",
        "'a': b",
        "[a]",
        "&a b: c",
        "a: 'x\n\n- b: y'",
        'a: "x\n- b: y"',
        "a: [x,\n- b: y]",
        "a: {x: y,\n- b: y}",
        "a 'b: \"c'",
        "a 'b: '",
        "a: '",
        "a: \"x: 'y'",
        "a: 'x': \"y",
        "a: \"x\": 'y'",
        "a: 'it''s'",
        "a: b [word]",
        "a: b\nitems:",
        '? "egress-overlays\\x2edev/inject"\n  : default',
        "a: b\n  c: \\\n  d: e",
        "a: b\n  c:\t'x",
        "a: b\u2028'x",
        "a: b\x85  'x",
    ],
)
def test_every_doubt_is_read(item: str) -> None:
    assert not is_bystander(item)


@given(_TEXTS, _TEXTS)
@example("'x", "'\n  c: d")
def test_a_cut_after_an_unread_item_is_one_for_every_parser(one: str, two: str) -> None:
    """YAML 1.2.2, 7.3 to 8.2: only an open quoted scalar or flow collection goes on past a line with a dash."""
    text = f"- k: {one}\n- z: {two}\n- y: 1"
    item = text[2:].split("\n- ", maxsplit=1)[0]
    if not is_bystander(item):
        return
    among, alone = _loaded(text), _loaded(f"- {item}\n")
    if among is not None:
        assert len(alone) == 1
        assert isinstance(alone[0], dict)
        assert repr(among[0]) == repr(alone[0])
    try:
        keys = [list(each) for each in parse_yaml(text)]  # type: ignore[arg-type, union-attr]
    except (ValueError, TypeError):
        return
    assert len(keys) >= 3
    assert keys[0] == list(parse_yaml(f"- {item}\n")[0])  # type: ignore[index, arg-type]


_SCALARS = st.one_of(
    st.text(st.sampled_from("ab '\"#:-&*![]{}|>\n\\é"), max_size=12), st.booleans(), st.none(), st.integers()
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab'- ", max_size=3), inner, max_size=3),
)


@given(st.lists(_VALUES, max_size=4))
def test_reading_every_item_gives_the_same(values: list[Any]) -> None:
    others = [
        {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": f"thing-{number}"}, "spec": value}
        for number, value in enumerate(values)
    ]
    data = written([*others, *sites(), domains(), *others]).encode()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(resource_list, "is_bystander", lambda _: False)
        plainly = krm.process(data)
    quickly = krm.process(data)
    assert quickly[0] == plainly[0]
    assert [str(finding) for finding in quickly[1]] == [str(finding) for finding in plainly[1]]
    assert quickly[2] == plainly[2] == 0


@pytest.mark.parametrize(
    "text",
    [
        "&a b: c",
        "k: &a v",
        "k: !!str &a v",
        "k: ! &a v",
        "k:\n  - &a v",
        "? &a k",
        "k: [&a v]",
        "k: [v, &a w]",
        "k: {&a v: w}",
    ],
)
def test_every_anchor_is_suspected(text: str) -> None:
    assert may_begin(text, "&")


def test_scripts_hold_no_anchor() -> None:
    assert not may_begin("script: |\n  test -f a && b >&2\n  first & second & \n  (true) && c=d&e", "&")


@given(_TEXTS)
def test_no_anchor_is_overlooked(text: str) -> None:
    """YAML 1.2.2, 6.9.2."""
    text = f"k: {text}"
    try:
        events = list(yaml.parse(text))
    except yaml.YAMLError:
        return
    anchored = any(getattr(event, "anchor", None) and not isinstance(event, yaml.AliasEvent) for event in events)
    assert may_begin(text, "&") or not anchored
