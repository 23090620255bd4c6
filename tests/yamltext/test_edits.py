"""How texts are edited: by lines where that is safe, else by a parser that keeps comments; and both agree."""

from __future__ import annotations

import json
from typing import Any

import pytest
from yaml12 import parse_yaml

import quick_yaml as yaml
from builders import (
    domains,
    dump,
    envoy_filter,
    generated,
    resource_list,
    run,
    run_text,
    service_entry,
    sites,
)
from egress_overlays.injection.applying import apply
from egress_overlays.injection.inject import plan
from egress_overlays.manifest.resource import Resource
from egress_overlays.yamltext import document as documents
from egress_overlays.yamltext import resource_list as reading
from egress_overlays.yamltext.block import Block, Uncertain
from egress_overlays.yamltext.document import Document, _form
from egress_overlays.yamltext.flowstyle import in_flow
from texts import HEAD, LIST, ROUTES, as_item, check, expected

CLIENTS = {"name": "egress-overlays.clients", "typed_config": {"matcher": {}, "shadow_matcher": {}, "x": "y"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [b", "is no valid YAML: "),
        ("kind: ResourceList\nitems:\n  - kind: A", "is no ResourceList that can be read"),
    ],
)
def test_where_two_parsers_disagree_the_input_is_refused(monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    # No text is known on which they do: what the plain way writes is made to be such a text.
    monkeypatch.setattr("egress_overlays.yamltext.anystyle.documents", lambda _: [text])
    outcome = run_text("{kind: ResourceList}")
    assert (outcome.code, outcome.text) == (1, "")
    assert said in outcome.words


def test_a_wrong_edit_by_lines_is_noticed_and_made_by_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egress_overlays.yamltext.block.Block.edit", lambda *_: ROUTES + "  extra: 1")
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
    gateway = envoy_filter(chain={"filter_chain_match": {"server_names": []}, "filters": [CLIENTS]})
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


NAMES = ["a.example", "*.b.example"]


@pytest.mark.parametrize(
    "new",
    [
        *([], [""], ['a"'], ["a\\"], ["ä"], ["a\nb"], "", 'a"', "a\\", "a\n", "\u2028"),
        *({}, {"a": 'b"'}, {"a": {"b": "ä"}}, {"a": True}, {"a": [{"b": "c"}]}, {"a": 1.5}),
    ],
)
def test_what_could_spoil_its_quotes_is_read_again_in_every_copy(new: Any) -> None:
    assert _form({("spec", "hosts"): NAMES, ("metadata", "name"): new}) == ()


def test_only_edits_of_the_same_places_and_types_pass_for_those_that_were_read() -> None:
    first = _form({("spec", "hosts"): NAMES, ("spec", "tcp"): None})
    assert first == _form({("spec", "hosts"): ["c.example"], ("spec", "tcp"): None}) != ()
    others: list[Any] = [
        {("spec", "hosts"): NAMES},
        {("spec", "tcp"): None, ("spec", "hosts"): NAMES},
        {("spec", "hosts"): NAMES, ("spec", "tcp"): "x"},
        {("spec", "hosts"): "a", ("spec", "tcp"): None},
        {("spec", "hosts"): NAMES, ("spec", "udp"): None},
    ]
    assert first not in map(_form, others)
    to = {"host": "a", "port": {"number": 1}}
    assert _form({("to",): to}) == _form({("to",): {"host": "b", "port": {"number": 2}}}) != ()
    others = [{"host": "a", "port": {"number": "1"}}, {"host": "a", "port": {"name": 1}}, {"host": "a", "port": 1}]
    assert _form({("to",): to}) not in [_form({("to",): other}) for other in others]


def test_a_wrong_first_copy_is_noticed_and_none_passes_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [service_entry(), domains("\n".join(generated(600)))]
    wanted = run(*items).items
    edit = Block.edit

    def spoilt(block: Block, edits: Any) -> str:
        return edit(block, edits) + ("\n  extra: 1" if ("metadata", "name") in edits else "")

    monkeypatch.setattr("egress_overlays.yamltext.block.Block.edit", spoilt)
    assert len(wanted) == 5
    assert run(*items).items == wanted


def test_copies_say_what_the_library_makes_of_the_same_resources() -> None:
    teams = [
        domains(f"{team}.example\n*.{team}.example", name=team, annotations={"egress-overlays.dev/clients": team})
        for team in ("blog", "shop", "till")
    ]
    items = [*sites(), domains("\n".join(generated(600))), *teams]
    items[:3] = [item for item in items[:3] if item["kind"] != "EnvoyFilter"] + [
        envoy_filter(chain={"filter_chain_match": {"server_names": []}, "filters": [CLIENTS]})
    ]
    outcome = run(*items)
    assert outcome.code == 0, outcome.words
    resources = [Resource(item) for item in items]
    assert outcome.items == apply(resources, plan(resources))
    assert len(outcome.items) == len(items) + 3 + 3 + 3  # routes of the teams, their registry, and that of 600 names


def test_numbers_of_copies_are_proven_once_and_written_each_time() -> None:
    """As the function writes a port of a list: the first copy is read again, further ones differ in digits alone."""
    document = Document("kind: A\nspec:\n  port: 443 # the usual one\n  name: x\n", "")
    for port in (9093, 8443):
        text = document.edit({("spec", "port"): port, ("spec", "name"): f"port_{port}_x"})
        assert yaml.safe_load(text) == {"kind": "A", "spec": {"port": port, "name": f"port_{port}_x"}}
    assert _form({("spec", "port"): 1}) == _form({("spec", "port"): 2}) != _form({("spec", "port"): "2"})
    assert _form({("spec", "port"): True}) == ()


def test_mappings_of_copies_are_proven_once_and_written_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the function writes the port of a route: json and the parser took a fifth of the time with ten ports."""
    labels = "metadata:\n  labels:\n    egress-overlays.dev/state: x\n"
    document = Document(f"kind: A\n{labels}spec:\n  to:\n    host: x\n", "")
    read: list[str] = []

    def noted(text: str) -> Any:
        read.append(text)
        return parse_yaml(text)

    monkeypatch.setattr(documents, "parse_yaml", noted)
    for port in (9093, 8443):
        to = {"host": f"port_{port}_x", "port": {"number": port}}
        assert yaml.safe_load(document.edit({("spec", "to"): to}))["spec"] == {"to": to}
    assert len(read) == 1


@pytest.mark.parametrize(
    "value",
    [
        *("", "a'b", 'a"\\', "ä\U0001f600", "\x7f\n", 1, -1.5, 1e22, True, False, None, [], {}, float("inf")),
        {"a": [1, {"b": ["c", None]}, True], '"': {"\\": "\u2028"}},
        *(["a", "b"], [""], ["a", 'b"'], ["a", "\\"], ["a", "ä"], ["a", "\n"], ["a", 1]),
    ],
)
def test_flow_style_is_as_the_standard_library_writes_it(value: Any) -> None:
    assert in_flow(value) == json.dumps(value)
