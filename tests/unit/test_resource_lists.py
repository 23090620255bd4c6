"""ResourceLists and streams of documents in every style that YAML allows, compared by a parser of their own."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders import (
    INJECT,
    PLACEHOLDER,
    SET,
    STATE,
    Outcome,
    Value,
    domains,
    dump,
    envoy_filter,
    generated,
    names_of,
    resource_list,
    run,
    run_legacy,
    run_text,
    service_entry,
    sites,
    virtual_service,
)
from egress_overlays import resource_list as reading
from egress_overlays.block import Block, Uncertain
from egress_overlays.document import InvalidInput

RUNNER = "apiVersion: egress-overlays.dev/v1alpha1\nkind: EgressDomains\nmetadata:\n  name: inject\n"
HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"
ROUTES = f"""\
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata:
    name: routes
    annotations:
      {INJECT}: default
  spec:
    hosts:
    - {PLACEHOLDER}
"""
LIST = f"""\
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: egress-domains
    labels:
      {SET}: default
  data:
    names: |
      example.com
"""


def as_item(text: str) -> str:
    return "- " + text.strip("\n").replace("\n", "\n  ") + "\n"


def expected(items: list[Value], hosts: list[str]) -> list[Value]:
    """What must come out, worked out on values alone."""
    found = []
    for item in items:
        metadata = dict(item["metadata"])
        annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
        if INJECT in annotations:
            metadata["labels"] = {**labels, STATE: "injected"}
            spec = {**item["spec"], "hosts": hosts}
            if "tls" in spec:
                spec["tls"] = [{"match": [{"sniHosts": hosts}]}]
            found.append({**item, "metadata": metadata, "spec": spec})
        elif SET in labels:
            metadata["annotations"] = {**annotations, "config.kubernetes.io/local-config": "true"}
            found.append({**item, "metadata": metadata})
        else:
            found.append(item)
    return found


def check(text: str, hosts: list[str] | None = None) -> Outcome:
    """The function fills the routes in `text`, changes no other value, and nothing on its own output."""
    outcome = run_text(text)
    assert outcome.code == 0, outcome.words
    before = yaml.safe_load(text)["items"]
    assert outcome.items == expected(before, hosts or ["example.com"])
    again = run_text(outcome.text)
    assert again == outcome
    return outcome


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


DOUBLED = {
    "annotation": (ROUTES.replace("default\n", f"default\n      {INJECT}: other\n"), "VirtualService routes"),
    "annotation in quotes": (
        ROUTES.replace("default\n", f"default\n      '{INJECT}': other\n"),
        "VirtualService routes",
    ),
    "annotation, escaped": (
        ROUTES.replace("default\n", 'default\n      "egress-overlays.dev\\/inject": x\n'),
        "VirtualService",
    ),
    "annotation, apart from its colon": (
        ROUTES.replace("default\n", f"default\n      '{INJECT}' : x\n"),
        "VirtualService",
    ),
    "annotation, plain, apart": (ROUTES.replace("default\n", f"default\n      {INJECT} : x\n"), "VirtualService"),
    "annotation, complex": (ROUTES.replace("default\n", f"default\n      ? {INJECT}\n      : x\n"), "VirtualService"),
    "annotation, complex without value": (
        ROUTES.replace("default\n", f"default\n      ? {INJECT}\n"),
        "VirtualService",
    ),
    "annotation with a quote in its key": (
        ROUTES.replace("default\n", 'default\n      a"b: x\n      "a\\"b": y\n'),
        "VirtualService",
    ),
    "annotations": (ROUTES.replace("  spec", "    annotations: {}\n  spec"), "VirtualService routes"),
    "metadata, the last without annotation": (ROUTES + "  metadata:\n    name: x\n", "VirtualService x"),
    "in flow style": (
        ROUTES.replace("  spec:\n    hosts:\n    - ", "  spec: {hosts: [], hosts: [a] }\n  x:\n    y:\n    - "),
        "VirtualService",
    ),
    "hosts": (ROUTES + "    hosts:\n    - evil.example\n", "VirtualService routes"),
    "group": (LIST + "    names: evil.example\n", "ConfigMap egress-domains"),
    "label": (LIST.replace("default\n", f"default\n      {SET}: other\n"), "ConfigMap egress-domains"),
}


@pytest.mark.parametrize(("item", "title"), DOUBLED.values(), ids=DOUBLED.keys())
def test_a_key_twice_is_refused_since_parsers_differ_in_which_they_keep(item: str, title: str, tmp_path: Path) -> None:
    others = (LIST if "ConfigMap" not in item else "") + (ROUTES if "VirtualService" not in item else "")
    outcome = run_text(HEAD + others + item)
    assert (outcome.code, outcome.text) == (1, "")
    assert title in outcome.words
    assert "duplicate key" in outcome.words or "twice" in outcome.words
    documents = "".join("---\n" + part.replace("\n  ", "\n") for part in ("\n" + others + item).split("\n- ")[1:])
    assert "duplicate key" in run_legacy(documents, RUNNER, tmp_path).words


@pytest.mark.parametrize("key", [f"<<: {{{INJECT}: default}}", f"<<:\n        {INJECT}: default", f"!!str {INJECT}: x"])
def test_merge_keys_and_tagged_keys_in_a_resource_that_takes_part_are_refused(key: str) -> None:
    item = ROUTES.replace("default\n", f"default\n      {key}\n")
    outcome = run_text(HEAD + LIST + item)
    assert (outcome.code, outcome.text) == (1, "")
    assert 'merge keys ("<<") and tagged keys are not followed here' in outcome.words


@pytest.mark.parametrize("key", ["metadata", "annotations", "labels"])
@pytest.mark.parametrize("value", ["!mine {a: b}", "[a]", "text"])
def test_metadata_that_would_read_as_absent_is_refused(key: str, value: str) -> None:
    item = virtual_service()
    text = resource_list([domains(), item])
    whole, _, rest = text.rpartition(f"{key}:\n")
    outcome = run_text(f"{whole}{key}: {value}\n  {'  ' if key != 'metadata' else ''}xx:\n{rest}")
    assert outcome.code == 1
    assert "must be a mapping, without a tag" in outcome.words


@pytest.mark.parametrize("escape", ["\\x6f", "\\u006f", "\\U0000006f"])
def test_an_escaped_key_of_ours_that_a_second_mapping_hides_is_seen(escape: str) -> None:
    key = INJECT.replace("o", escape, 1)
    hidden = f'- kind: VirtualService\n  metadata:\n    name: v\n    annotations:\n      "{key}": default\n'
    outcome = run_text(HEAD + ROUTES + LIST + hidden + "  metadata:\n    name: v\n")
    assert (outcome.code, outcome.text) == (1, "")
    assert 'duplicate key "metadata"' in outcome.words


@pytest.mark.parametrize("value", ["!mine default", "!!int 5"])
def test_a_set_with_a_tag_is_no_name(value: str) -> None:
    outcome = run_text(HEAD + ROUTES.replace(": default", f": {value}") + LIST)
    assert "must name a set" in outcome.faults[0]


def deep(kind: str, levels: int) -> str:
    if kind == "block":
        return "\n".join(" " * (4 + level) + "a:" for level in range(levels))
    if kind == "block lists":
        return "    a:\n    " + "- " * levels + "x"
    brackets = ("[", "]") if kind == "flow" else ("{a: ", "}")
    return "    a: " + brackets[0] * levels + brackets[1] * levels


@pytest.mark.parametrize("kind", ["flow", "flow mappings", "block", "block lists"])
@pytest.mark.parametrize("place", ["a resource that takes part", "a list", "the functionConfig"])
def test_deep_nesting_is_refused_where_it_is_walked(kind: str, place: str) -> None:
    nested = "  x:\n" + deep(kind, 2_000) + "\n"
    parts = {"a resource that takes part": ROUTES, "a list": LIST}
    text = HEAD + "".join(part + nested * (name == place) for name, part in parts.items())
    if place == "the functionConfig":
        text += "functionConfig:\n" + RUNNER.replace("\n", "\n  ").join(["  ", ""]).rstrip() + "\n" + nested
    outcome = run_text(text)
    assert (outcome.code, outcome.text) == (1, "")
    assert "deeper than 100 levels" in outcome.words


@pytest.mark.parametrize("kind", ["flow", "flow mappings", "block", "block lists"])
def test_deep_nesting_elsewhere_is_refused_or_passes_unread(kind: str) -> None:
    outcome = run_text(HEAD + ROUTES + LIST + "- kind: A\n  x:\n" + deep(kind, 2_000) + "\n")
    assert outcome.code == 0 or "deeper than 100 levels" in outcome.words


def bomb(levels: int, width: int, leaf: str) -> str:
    lines = [f"    a0: &a0 {leaf}"]
    lines += [f"    a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * width)}]" for at in range(1, levels + 1)]
    return "\n".join(lines) + "\n"


BOMBS = {
    "laughs": bomb(9, 9, "lol"),
    "many laughs": bomb(60, 2, "lol"),
    "one long text": bomb(1, 1_000, "x" * 20_000),
    "a chain": bomb(1_500, 1, "x"),
    "in keys": "    a: &a {x: 1}\n    b:\n"
    + "".join(f"      ? [{', '.join(['*a'] * 500)}, {n}]\n      : 1\n" for n in range(500)),
    "merge keys": "    a0: &a0 {x: 1}\n" + "".join(
        f"    a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], y: *a{n - 1}, z: *a{n - 1}}}\n" for n in range(1, 30)
    ),
    "100,000 levels": "    a: " + "[" * 100_000 + "]" * 100_000 + "\n",
    "100,000 levels behind an anchor": "    a: &a " + "[" * 100_000 + "]" * 100_000 + "\n",
    "laughs in block style": "    a0: &a0 lol\n"
    + "".join(f"    a{n}: &a{n}\n" + f"    - *a{n - 1}\n" * 9 for n in range(1, 10)),
    # Behind an escape, for which the item is read.
    "keys in keys": '    a: "\\t"\n    ' + "? " * 5_000 + "x\n",
    "keys in keys in lists": '    a: "\\t"\n    ' + "? - " * 5_000 + "x\n",
    "keys in keys in flow style": "    a: " + "{? " * 5_000 + "\n",
    "100,000 lists": "    a: &a\n    " + "- " * 100_000 + "x\n",
}  # fmt: skip


REFUSALS = ("has aliases that", "nests deeper than 100 levels")


@pytest.mark.parametrize("legacy", [False, True], ids=["function", "older protocol"])
@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_within_a_second_and_200_mb(text: str, legacy: bool, tmp_path: Path) -> None:
    whole = HEAD + ROUTES + LIST + "- kind: A\n  metadata:\n    name: a\n  spec:\n" + text
    argv = [sys.executable, "-m", "egress_overlays"]
    if legacy:
        whole = "".join("---\n" + part.replace("\n  ", "\n") for part in whole.split("\n- ")[1:])
        (tmp_path / "config.yaml").write_text(RUNNER)
        argv += ["legacy", str(tmp_path / "config.yaml")]

    def limit() -> None:
        # CPU seconds, since other tests run beside this one: whole seconds are the finest that there is.
        resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
        resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))

    (tmp_path / "input.yaml").write_text(whole)
    with (tmp_path / "input.yaml").open() as stdin:
        done = subprocess.run(argv, stdin=stdin, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert any(words in done.stderr for words in REFUSALS), done.stderr


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_in_the_function_config_is_refused(text: str) -> None:
    config = "functionConfig:\n  " + RUNNER.replace("\n", "\n  ") + "spec:\n" + text
    outcome = run_text(HEAD + ROUTES + LIST + config)
    assert (outcome.code, outcome.text) == (1, "")
    assert any(words in outcome.words for words in REFUSALS)


@pytest.mark.parametrize("text", ["a&" * 500_000, "a& " * 300_000, "a\t&" * 300_000, "? " * 500_000, "x? " * 300_000])
def test_a_long_line_takes_no_longer_than_its_length(text: str, tmp_path: Path) -> None:
    whole = HEAD + ROUTES + LIST + "- kind: A\n  metadata:\n    name: a\n  spec:\n    a: x " + text + "\n"
    (tmp_path / "input.yaml").write_text(whole)
    with (tmp_path / "input.yaml").open() as stdin:
        done = subprocess.run(
            [sys.executable, "-m", "egress_overlays"],
            stdin=stdin,
            capture_output=True,
            text=True,
            check=False,
            # CPU seconds, as above; twice as many, for a text of a megabyte is read and written as well.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (2, 2)),
        )
    assert done.returncode in (0, 1), done


def test_aliases_as_people_use_them_are_no_bomb() -> None:
    labels = "".join(f"- kind: A\n  metadata:\n    labels: &l{n} {{app: a}}\n  spec: *l{n}\n" for n in range(300))
    started = time.process_time()
    check(HEAD + ROUTES + labels + LIST)
    assert time.process_time() - started < 60


def test_an_and_sign_in_the_function_config_is_no_anchor() -> None:
    config = domains({"a": "# see: &this\nb.example\n"}, of=None)
    text = resource_list([virtual_service()], config)
    assert run_text(text).item("VirtualService")["spec"]["hosts"] == ["b.example"]
    anchored = text.replace("kind: ConfigMap", "kind: &kind ConfigMap")
    assert run_text(anchored).item("VirtualService")["spec"]["hosts"] == ["b.example"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [b", "is no valid YAML: "),
        ("kind: ResourceList\nitems:\n  - kind: A", "is no ResourceList that can be read"),
    ],
)
def test_where_two_parsers_disagree_the_input_is_refused(monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    # No text is known on which they do: what the plain way writes is made to be such a text.
    monkeypatch.setattr("egress_overlays.plain.documents", lambda _: [text])
    outcome = run_text("{kind: ResourceList}")
    assert (outcome.code, outcome.text) == (1, "")
    assert said in outcome.words


def test_a_wrong_edit_by_lines_is_noticed_and_made_by_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egress_overlays.block.Block.edit", lambda *_: ROUTES + "  extra: 1")
    outcome = run_text(HEAD + ROUTES + LIST)
    assert outcome.items == expected(yaml.safe_load(HEAD + ROUTES + LIST)["items"], ["example.com"])


def test_what_the_comment_preserving_parser_refuses_is_one_line() -> None:
    # py-yaml12 reads it; ruamel.yaml, asked since the metadata is in flow style, does not.
    item = ROUTES.replace("  spec:", "  x: {y: z}\n  bell: \x07\n  spec:")
    outcome = run_text(HEAD + item + LIST)
    assert (outcome.code, outcome.text) == (1, "")
    assert (
        "VirtualService routes: cannot be read: unacceptable character #x0007: special characters are not allowed"
        in outcome.words
    )


def test_comments_above_the_first_key_of_an_item_stay_with_it() -> None:
    item = ROUTES.replace("- api", "- # whose\n\n  # routes\n  api").replace(
        "  spec:\n", "  spec: {hosts: [], x: {}}\n"
    )
    item = item[: item.index("    hosts:\n")]
    outcome = check(HEAD + LIST + item)
    assert "- # whose\n\n  # routes\n  apiVersion" in outcome.text


def test_further_service_entries_in_flow_style_leave_notes_behind() -> None:
    notes = {"config.kubernetes.io/index": "3", "config.k8s.io/id": "4"}
    items = [service_entry(annotations=notes), domains("\n".join(generated(300)))]
    text = HEAD + as_item(json.dumps(items[0]).replace("{", "{ ")) + as_item(dump(items[1]))
    _, further, _ = run_text(text).items
    assert further["metadata"]["name"] == "wildcard-1"
    assert further["metadata"]["annotations"].keys() & notes.keys() == set()


@pytest.mark.parametrize("style", [dump, json.dumps], ids=["block", "flow"])
def test_rules_for_clients_are_written_in_either_style(style: Any) -> None:
    clients = {"name": "egress-overlays.clients", "typed_config": {"matcher": {}, "shadow_matcher": {}, "x": "y"}}
    gateway = envoy_filter(chain={"filter_chain_match": {"server_names": []}, "filters": [clients]})
    team = domains("a.example", annotations={"egress-overlays.dev/clients": "team/app"})
    outcome = run_text(HEAD + as_item(style(gateway)) + as_item(dump(team)))
    assert outcome.code == 0, outcome.words
    assert outcome.items[0] == run(gateway, team).items[0]
    assert "ns/team/sa/app" in str(outcome.items[0]["spec"])


def test_odd_spacing_stays_beside_what_is_edited() -> None:
    item = ROUTES.replace("  spec:", "  odd:   {a:   'b'}  # c\n  text: |\n    odd:   1\n    spec:\n  spec:")
    assert "  odd:   {a:   'b'}  # c\n  text: |\n    odd:   1\n    spec:\n  spec:" in check(HEAD + LIST + item).text


def test_an_edit_that_would_change_something_else_is_refused() -> None:
    # ruamel.yaml writes the number without its tag and quotes, which py-yaml12 reads as another value.
    item = ROUTES.replace("  spec:\n    hosts:\n    - ", '  spec: {hosts: [], port: !!int "443"}\n  x:\n    y:\n    - ')
    outcome = run_text(HEAD + LIST + item)
    assert (outcome.code, outcome.text) == (1, "")
    assert "VirtualService routes: cannot be edited without changing something else" in outcome.words


@pytest.mark.parametrize(
    ("text", "root", "path", "new", "after"),
    [
        ("- a: b\n  c: d", "- ", ("a",), None, None),
        ("a:\n- b", "", ("a", 0), "x", None),
        ("a: b", "", ("c", "d", "e"), "x", None),
        ("a: b", "", ("c",), None, "a: b"),
        ("a:\n  b: c", "", ("a", "d"), {"e": [1]}, 'a:\n  d: {"e": [1]}\n  b: c'),
        ("a:\n  b: c\n  d: e", "", ("a", "d"), None, "a:\n  b: c"),
    ],
)
def test_edits_by_lines_are_made_where_they_are_safe(
    text: str, root: str, path: Any, new: Any, after: str | None
) -> None:
    if after is None:
        with pytest.raises(Uncertain):
            Block(text, root).edit({path: new})
    else:
        assert Block(text, root).edit({path: new}) == after


def test_a_text_without_keys_is_not_edited_by_lines() -> None:
    with pytest.raises(Uncertain):
        Block("text")


def test_the_fast_way_and_the_plain_way_read_the_same() -> None:
    items = [*sites(), service_entry("b"), domains("\n".join(generated(300))), envoy_filter("c")]
    text = resource_list(items, domains("x.example", of=None))
    fast, slow = reading._read_fast(text), reading._read_plain(text)  # noqa: SLF001 - the two are one function outside
    for one, other in zip(fast.items, slow.items, strict=True):
        assert not isinstance(one, str)
        assert not isinstance(other, str)
        assert one.resource.value == other.resource.value
    assert fast.function_config is not None
    assert slow.function_config is not None
    assert fast.function_config.value == slow.function_config.value


class TestOlderProtocol:
    """Documents in, documents out; the config is a file."""

    STREAM = "---\n".join(dump(item) for item in [*sites(), domains("a.example")])

    def test_fills_the_same_as_the_function(self, tmp_path: Path) -> None:
        outcome = run_legacy(self.STREAM, RUNNER, tmp_path)
        assert outcome.code == 0
        assert list(yaml.safe_load_all(outcome.text)) == run(*sites(), domains("a.example")).items

    def test_takes_the_list_from_the_config(self, tmp_path: Path) -> None:
        config = RUNNER + "data:\n  names: b.example\n"
        outcome = run_legacy(self.STREAM, config, tmp_path)
        assert names_of(list(yaml.safe_load_all(outcome.text)))["hosts"] == [["a.example", "b.example"]]

    def test_keeps_the_ids_that_kustomize_gave(self, tmp_path: Path) -> None:
        stream = self.STREAM.replace("annotations:\n", "annotations:\n    kustomize.config.k8s.io/id: '7'\n")
        for item in yaml.safe_load_all(run_legacy(stream, RUNNER, tmp_path).text):
            if INJECT in item["metadata"]["annotations"]:
                assert item["metadata"]["annotations"]["kustomize.config.k8s.io/id"] == "7"

    def test_a_fault_leaves_stdout_empty(self, tmp_path: Path) -> None:
        outcome = run_legacy(self.STREAM.replace("a.example", "192.0.2.1"), RUNNER, tmp_path)
        assert (outcome.code, outcome.text) == (1, "")
        assert "is an IP address" in outcome.faults[0]

    @pytest.mark.parametrize(
        "separator", ["---\n", "--- # next\n", "---   \n", "...\n---\n", "---\n---\n", "---\n# a comment alone\n---\n"]
    )
    @pytest.mark.parametrize("start", ["", "---\n", "\n\n", "# hello\n", "%YAML 1.1\n---\n", "--- \n"])
    def test_documents_however_they_are_parted(self, separator: str, start: str, tmp_path: Path) -> None:
        parts = self.STREAM.split("---\n")
        outcome = run_legacy(start + separator.join(parts), RUNNER, tmp_path)
        assert outcome.code == 0, outcome.words
        assert list(yaml.safe_load_all(outcome.text)) == run(*sites(), domains("a.example")).items

    @pytest.mark.parametrize(
        ("config", "said"),
        [
            ("", "the plugin's config holds 0 YAML documents, not one"),
            (RUNNER + "---\n" + RUNNER, "the plugin's config holds 2 YAML documents, not one"),
            ("a: [b", "the plugin's config is no valid YAML"),
            ("- a\n", "the plugin's config holds a document that is no resource"),
        ],
    )
    def test_a_config_that_is_none(self, config: str, said: str, tmp_path: Path) -> None:
        outcome = run_legacy(self.STREAM, config, tmp_path)
        assert (outcome.code, outcome.text) == (1, "")
        assert said in outcome.words

    @pytest.mark.parametrize("stream", ["- a\n", "text\n", "a: b\n---\n- c\n", "a: b\n---\n5\n"])
    def test_a_document_that_is_no_resource(self, stream: str, tmp_path: Path) -> None:
        outcome = run_legacy(stream, RUNNER, tmp_path)
        assert (outcome.code, outcome.text) == (1, "")
        assert "the input holds a document that is no resource" in outcome.words


def test_reading_raises_what_its_docstring_says() -> None:
    with pytest.raises(InvalidInput):
        reading.read("a: b")
