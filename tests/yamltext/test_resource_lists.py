"""ResourceLists and streams of documents in every style that YAML allows, compared by a parser of their own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from builders import (
    INJECT,
    domains,
    dump,
    names_of,
    run,
    run_legacy,
    run_text,
    sites,
)
from egress_overlays.yamltext import InvalidInput
from egress_overlays.yamltext import resource_list as reading
from texts import HEAD, LIST, ROUTES, RUNNER, as_item, check, expected

BYSTANDERS = {
    "anchors": "kind: A\nmetadata: {name: a}\nspec:\n  base: &base {a: 1, b: [x, y]}\n  again: *base\n",
    "anchor of a text": "kind: A\nmetadata:\n  name: a\nspec:\n  one: &text |\n    - not: a list\n  two: *text\n",
    "merge keys": "kind: A\nmetadata:\n  name: a\nspec:\n  base: &base {a: 1}\n  more:\n    <<: *base\n    b: 2\n",
    "flow style": '{kind: A, metadata: {name: a}, spec: {list: [1, 2.5, true, null, "x"], map: {}}}\n',
    "flow style over lines": 'kind: A\nmetadata: {name: a,\n  labels: {x: "y"}}\nspec: [\n  1,\n  2]\n',
    "comments": "# first\nkind: A # one\nmetadata:\n  # two\n  name: a\n# three\nspec:\n  - 1 # four\n  # five\n",
    "comment at column 0": "kind: A\nmetadata:\n  name: a\nspec:\n  x: 1\n",
    "text with dashes": "kind: A\nmetadata:\n  name: a\ndata:\n  x: |\n    - a\n    - b\n    items:\n    - c\n",
    "text with dashes at its parent's column": 'kind: A\nmetadata:\n  name: a\ndata:\n  x: "p\n    - q\n    - r"\n',
    "text that keeps its blank lines": "kind: A\nmetadata:\n  name: a\ndata:\n  x: |+\n    a\n\n\n",
    "text without a line end": "kind: A\nmetadata:\n  name: a\ndata:\n  x: |-\n    a\n",
    "folded text": "kind: A\nmetadata:\n  name: a\ndata:\n  x: >\n    a\n    b\n\n    c\n",
    "indented text": "kind: A\nmetadata:\n  name: a\ndata:\n  x: |4\n        two more\n      none\n",
    "plain text over lines": "kind: A\nmetadata:\n  name: a\ndata:\n  x: a\n    b\n    c\n",
    "quotes": "kind: A\nmetadata:\n  name: a\ndata:\n  'x': 'it''s'\n  \"y\": \"tab\\tand \\\"quote\\\"\"\n",
    "a look of ours in a text": f"kind: A\nmetadata: {{}}\ndata:\n  x: |\n    annotations:\n      {INJECT}: default\n",
    "odd scalars": "kind: A\nmetadata: {}\ndata: [012, 0x1F, 1e3, .inf, ~, '1', \"true\", 1.0, 1_0, 2001-01-01]\n",
    "lists in lists": "kind: A\nmetadata:\n  name: a\nspec:\n- - 1\n  - - 2\n- - 3\n",
    "a list at its key's column": "kind: A\nmetadata:\n  name: a\nspec:\n- hosts:\n  - x\n- hosts:\n  - y\n",
    "complex keys": "kind: A\nmetadata:\n  name: a\nspec:\n  ? |\n    long\n  : 1\n",
    "an empty key": "kind: A\nmetadata:\n  name: a\nspec:\n  '': 1\n",
    "keys that are no text": "kind: A\nmetadata:\n  name: a\nspec:\n  1: a\n  true: b\n",
    "unknown kinds": "apiVersion: example.com/v7\nkind: Gadget\nmetadata:\n  name: a\nspec:\n  hosts:\n  - a.b\n",
    "wide characters": 'kind: A\nmetadata:\n  name: a\ndata:\n  x: caf\u00e9 \u65e5\u672c "\U0001f600"\n',
    "long lines": f'kind: A\nmetadata:\n  name: a\ndata:\n  x: {"word " * 200}\n  y: "{"word " * 200}"\n',
    "no metadata": "kind: A\n",
}


@pytest.mark.parametrize("text", BYSTANDERS.values(), ids=BYSTANDERS.keys())
class TestBystanders:
    """A resource that takes no part comes through equal in value, in whatever style it is written."""

    def test_among_items(self, text: str) -> None:
        if "metadata" not in text:
            text = "metadata: {}\n" + text
        for items in (as_item(text) + ROUTES + LIST, ROUTES + as_item(text) + LIST, ROUTES + LIST + as_item(text)):
            check(HEAD + items)
            check(HEAD + items + "functionConfig:\n  " + RUNNER.replace("\n", "\n  ").strip() + "\n")

    def test_with_line_ends_of_windows(self, text: str) -> None:
        if "metadata" not in text:
            text = "metadata: {}\n" + text
        whole = HEAD + ROUTES + as_item(text) + LIST
        outcome = run_text(whole.replace("\n", "\r\n"))
        assert outcome.code == 0, outcome.words
        assert outcome.items == expected(yaml.safe_load(whole)["items"], ["example.com"])

    def test_in_the_older_protocol(self, text: str, tmp_path: Path) -> None:
        documents = [text, *(item[2:].replace("\n  ", "\n") for item in (ROUTES, LIST))]
        stream = "---\n".join(documents)
        outcome = run_legacy(stream, RUNNER, tmp_path)
        assert outcome.code == 0, outcome.words
        before = list(yaml.safe_load_all(stream))
        assert list(yaml.safe_load_all(outcome.text)) == [before[0], *expected(before[1:], ["example.com"])]
        assert run_legacy(outcome.text, RUNNER, tmp_path) == outcome


STYLES = {
    "JSON": json.dumps,
    "JSON over lines": lambda value: json.dumps(value, indent=2),
    "JSON with items first": lambda value: json.dumps({key: value[key] for key in ("items", "kind", "apiVersion")}),
    "flow style": lambda value: yaml.safe_dump(value, default_flow_style=True, width=60),
    "sorted keys": yaml.safe_dump,
    "items at column 2": lambda value: (
        dump(value).replace("\n", "\n  ").replace("\n  items", "\nitems").replace("\n  kind", "\nkind", 1)
    ),
    "indented by four": lambda value: dump(value, indent=4),
    "quoted keys": lambda value: re.sub(r"^([ -]*)([\w./-]+):", r'\1"\2":', dump(value), flags=re.MULTILINE),
    "a document marker": lambda value: "---\n" + dump(value),
    "a document end": lambda value: dump(value) + "...\n",
    "a directive": lambda value: "%YAML 1.1\n---\n" + dump(value),
    "a byte order mark": lambda value: "\ufeff" + dump(value),
    "a comment first": lambda value: "# hello\n" + dump(value),
    "a dash on a line of its own": lambda value: dump(value).replace("\n- apiVersion: v1\n", "\n-\n  apiVersion: v1\n"),
    "a comment behind items": lambda value: dump(value).replace("items:\n", "items: # all\n"),
    "old results": lambda value: dump({**value, "results": [{"message": "old", "severity": "info"}]}),
    "old results first": lambda value: dump({"results": [{"message": "old"}], **value}),
    "results before a functionConfig": lambda value: dump(
        {**value, "results": [], "functionConfig": {**domains(of=None), "data": {}}}
    ),
    "a functionConfig first": lambda value: dump({"functionConfig": domains({"x": "example.com"}, of=None), **value}),
    "a functionConfig last": lambda value: dump({**value, "functionConfig": domains({"x": "example.com"}, of=None)}),
    "a null functionConfig": lambda value: dump({**value, "functionConfig": None}),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_a_resource_list_in_any_style(style: Any) -> None:
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"ports": [{"port": 1}]}}
    items = [*sites(), other, domains({"a": "*.example.com\nb.example\n"})]
    text = style({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items})
    outcome = run_text(text)
    assert outcome.code == 0, outcome.words
    assert outcome.items[3] == other
    hosts = ["*.example.com", "b.example"]
    if "x: example.com" in text:
        hosts = ["*.example.com", "b.example", "example.com"]
    assert names_of(outcome.items) == {
        "hosts": [hosts],
        "sniHosts": [hosts],
        "server_names": [hosts],
        "registry": [hosts],
    }
    assert list(outcome.value).count("results") == 0
    assert run_text(outcome.text) == outcome


TAKES = f"{INJECT}: default"
TAKING_PART = {
    "flow metadata": f"  metadata: {{name: routes, annotations: {{{TAKES}}}}}\n",
    "flow annotations": f"  metadata:\n    name: routes\n    annotations: {{{TAKES}}}\n",
    "quoted": "  metadata:\n    name: routes\n    'annotations':\n      \"egress-overlays.dev/inject\": 'default'\n",
    "escaped": '  metadata:\n    name: routes\n    annotations:\n      "egress-overlays.dev\\/inject": "\\x64efault"\n',
    "null labels": f"  metadata:\n    name: routes\n    labels:\n    annotations:\n      {TAKES}\n",
    "null labels in words": f"  metadata:\n    labels: null\n    annotations:\n      {TAKES}\n",
    "empty labels": f"  metadata:\n    labels: {{}}\n    annotations:\n      {TAKES}\n",
    "commented": f"  metadata: # m\n    # a\n    annotations: # b\n      {TAKES} # c\n    # d\n",
    "a tag that says nothing": "  metadata:\n    annotations: !!map\n      egress-overlays.dev/inject: !!str default\n",
    "wide indentation": f"  metadata:\n      annotations:\n          {TAKES}\n",
    "an anchor": f"  metadata:\n    name: &name routes\n    annotations:\n      {TAKES}\n      n: *name\n",
    "a label in the way": "  metadata:\n    labels:\n      egress-overlays.dev/state: 'not: injected' # c\n"
    f"    annotations:\n      {TAKES}\n",
}
SPECS = {
    "block": "  spec:\n    hosts:\n    - a.b\n",
    "indented": "  spec:\n    hosts:\n      - a.b\n      - c.d # e\n    gateways:\n      - mesh\n",
    "flow": "  spec: {hosts: [a.b], gateways: [mesh]}\n",
    "flow list": "  spec:\n    hosts: [a.b, 'c.d']\n    gateways: []\n",
    "flow list over lines": "  spec:\n    hosts: [a.b,\n      c.d]\n    gateways: []\n",
    "quoted": "  spec:\n    'hosts':\n    - \"a.b\"\n    \"gateways\": ['mesh']\n",
    "flow with a route": "  spec: {hosts: [a.b], tls: [{match: [{sniHosts: [a.b]}]}]}\n",
    "empty": "  spec:\n    hosts: []\n    x: |\n      hosts:\n      - a.b\n",
    "commented": "  spec:\n    # before\n    hosts: # on\n    # in\n    - a.b\n    # after\n    gateways: [] # end\n",
}


@pytest.mark.parametrize("metadata", TAKING_PART.values(), ids=TAKING_PART.keys())
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_a_resource_that_takes_part_in_any_style(metadata: str, spec: str) -> None:
    start = "- apiVersion: networking.istio.io/v1\n  kind: VirtualService\n"
    check(HEAD + start + metadata + spec + LIST)
    check(HEAD + LIST + start + spec + metadata)


def test_comments_survive_where_nothing_is_edited() -> None:
    text = "# over\n" + HEAD + ROUTES.replace("  spec:", "  # why\n  spec: # what") + LIST + "# end\n"
    outcome = check(text)
    for comment in ("# over", "  # why\n", "spec: # what", "# end"):
        assert comment in outcome.text


@pytest.mark.parametrize(
    "item",
    [
        "- kind: &kind A\n  x:\n    ? [a, *kind]\n    : 1\n",
        '- kind: A\n  x:\n    ? - a\n    : 1\n  y: "\\t"\n',
        f"- ? metadata:\n      annotations:\n        {INJECT}: default\n  : 1\n",
        "- {? {a: b} : 1}\n",
    ],
)
def test_keys_that_are_no_text_are_refused(item: str) -> None:
    """Kustomize refuses them too ("invalid map key"); no object of Kubernetes has any."""
    outcome = run_text(HEAD + ROUTES + LIST + item)
    assert (outcome.code, outcome.text) == (1, "")
    assert "a key that is a list or a mapping" in outcome.words


def test_long_keys_which_kyaml_writes_with_a_question_mark_come_through() -> None:
    key = "k" * 200
    check(
        HEAD
        + ROUTES
        + LIST
        + f'- kind: ConfigMap\n  metadata:\n    name: a\n  data:\n    ? {key}\n    : |\n      a: "\\t"\n'
    )


def test_what_is_not_edited_keeps_its_bytes() -> None:
    other = "- apiVersion: v1\n  kind: A   # odd   spacing\n  metadata: { name:   x }\n  data:\n      y:   'z'\n\n"
    assert other in check(HEAD + ROUTES + other + LIST).text


INVALID = {
    "nothing": ("", "the input holds 0 YAML documents; a function reads one ResourceList"),
    "null": ("null\n", "the input holds 0 YAML documents"),
    "a text": ("hello\n", "the input is no ResourceList"),
    "a list": ("- a\n", "the input is no ResourceList"),
    "another kind": ("kind: List\nitems: []\n", "the input is no ResourceList"),
    "two documents": (HEAD + ROUTES + "---\n" + HEAD + LIST, "the input holds 2 YAML documents"),
    "two documents after results": (HEAD + ROUTES + LIST + "results: []\n--- # x\na: b\n", "holds 2 YAML documents"),
    "an unknown key": (HEAD + LIST + "extra: 1\n", "has the unknown key 'extra'; a ResourceList has apiVersion, "),
    "items that are no list": ("kind: ResourceList\nitems: {a: b}\n", "has items that are no list"),
    "an item that is none": (HEAD + "- \n" + LIST, "has an item that is no mapping: items[0]"),
    "an item that is a text": (HEAD + LIST + "- text\n", "has an item that is no mapping: items[1]"),
    "an item that is a list": (HEAD + LIST + "- - a\n", "has an item that is no mapping: items[1]"),
    "items twice": (HEAD + ROUTES + "items:\n" + LIST, "has the key 'items' twice in one mapping at line 13"),
    "a kind twice": ("kind: ResourceList\n" + HEAD + ROUTES + LIST, "has the key 'kind' twice"),
    "an open quote": (HEAD + ROUTES + LIST + '- a: "b\n', "is no valid YAML: "),
    "an open bracket": (HEAD + ROUTES + LIST + "- a: [b\n", "is no valid YAML: "),
    "a tab": (HEAD + ROUTES.replace("    name", "\tname") + LIST, "is no valid YAML: "),
    "an alias without anchor": (HEAD + ROUTES + "  x: *b\n" + LIST, "is no valid YAML: found undefined alias"),
    "an alias that holds itself": (
        HEAD + ROUTES + LIST + "- a: &b [*b]\n",
        "has an alias that holds itself at line 22",
    ),
    "a NUL": (HEAD + ROUTES + LIST + "\0", "holds a NUL character"),
    "half a character pair": (
        json.dumps(yaml.safe_load(HEAD + ROUTES)).replace('"routes"', '"\\ud800"'),
        "is no valid YAML",
    ),
    "a tag for a program": (HEAD + ROUTES + "- !!python/object/apply:os.system ['true']\n", "no mapping"),
}


@pytest.mark.parametrize(("text", "said"), INVALID.values(), ids=INVALID.keys())
def test_no_resource_list_is_one_line_and_nothing_on_stdout(text: str, said: str) -> None:
    outcome = run_text(text)
    assert (outcome.code, outcome.text) == (1, "")
    assert len(outcome.words.splitlines()) == 1
    assert said in outcome.words


@pytest.mark.parametrize("data", [b"\xff\xfek\0i\0", b"kind: ResourceList\nitems: # caf\xe9\n"])
def test_other_encodings_are_named(data: bytes) -> None:
    outcome = run_text(data)
    assert (outcome.code, outcome.text) == (1, "")
    assert "the input is not UTF-8 (byte " in outcome.words


def test_no_items_is_nothing_to_inject() -> None:
    for text in ("kind: ResourceList\n", "kind: ResourceList\nitems:\n", "kind: ResourceList\nitems: []\n"):
        outcome = run_text(text)
        assert outcome.faults[0].startswith("nothing to inject")
        assert outcome.value["items"] == []


def test_no_items_but_a_function_config_is_a_set_that_nobody_takes() -> None:
    assert "which no resource takes" in run(function_config=domains()).faults[0]


@pytest.mark.parametrize("cut", range(10, len(HEAD + LIST + ROUTES), 9))
def test_a_stream_cut_short_is_refused_or_read_as_what_is_left(cut: int) -> None:
    text = (HEAD + LIST + ROUTES)[:cut]
    outcome = run_text(text)
    assert "a fault of egress-overlays itself" not in outcome.words
    if outcome.code == 0:
        assert outcome.items[0]["data"] == yaml.safe_load(text)["items"][0]["data"]
    else:
        assert outcome.words.startswith("egress-overlays: error: ")


def test_reading_raises_what_its_docstring_says() -> None:
    with pytest.raises(InvalidInput):
        reading.read("a: b")
