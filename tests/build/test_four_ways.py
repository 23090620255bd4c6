"""The same lists in all four ways out: each keeps a promise, or says that it does not, in the build or by `verify`.

What each of them admits is asked of real Envoys by tests/e2e.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

import command
import quick_yaml as yaml
from builds import ROOT, build
from egress_overlays.editing.scaffold import AMBIENT, BASES, DIRECT, ENVOY_GATEWAY, GATEWAY

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

pytestmark = pytest.mark.long

PAGES = {DIRECT: "docs/direct.md", AMBIENT: "docs/ambient.md", ENVOY_GATEWAY: "docs/envoy-gateway.md"}
STANDING = {GATEWAY: 0, DIRECT: 1, AMBIENT: 1, ENVOY_GATEWAY: 1}
"""The warnings of `verify` for any list."""

SHARED = "*.example.com\nexact.example.org\n"


def lists(names: str = SHARED, *further: tuple[str, dict[str, str]]) -> list[dict[str, Any]]:
    """A ConfigMap for every workload, and `further` ones with annotations of ours."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"list-{number}",
                "labels": {"egress-overlays.dev/set": "default"},
                "annotations": {f"egress-overlays.dev/{key}": value for key, value in annotations.items()},
            },
            "data": {"names": text},
        }
        for number, (text, annotations) in enumerate(((names, {}), *further))
    ]


THEIRS = "*.theirs.example.net\nexact.theirs.example.org\n"
KEPT, ASKS_NOBODY = "", "cannot tell clients apart"
REPORT = {"clients": "shop", "enforce": "report", "report-until": "2999-01-01"}
PROMISES: dict[str, tuple[list[dict[str, Any]], tuple[str, ...], dict[str, str]]] = {
    "exact names and wildcards": (lists(), (), dict.fromkeys(BASES, KEPT)),
    "clients of a namespace": (
        lists(SHARED, (THEIRS, {"clients": "shop"})),
        ("client-lists",),
        {
            DIRECT: "warning: .* no gateway is asked: every workload of their namespaces may use it",
            AMBIENT: "warning: .* other clients of the set reach the address of",
            ENVOY_GATEWAY: f"error: .*{ASKS_NOBODY}",
        },
    ),
    "clients by their account": (
        lists(SHARED, (THEIRS, {"clients": "shop/till"})),
        ("client-lists",),
        {
            DIRECT: "warning: .* no gateway is asked: every workload of their namespaces may use it",
            AMBIENT: "warning: .* other clients of the set reach the address of",
            ENVOY_GATEWAY: f"error: .*{ASKS_NOBODY}",
        },
    ),
    "clients of any namespace": (
        lists(SHARED, (THEIRS, {"clients": "*/till"})),
        ("client-lists",),
        {
            DIRECT: "error: .* lets out by itself asks nobody, and would be for every workload; name namespaces",
            AMBIENT: "warning: .* other clients of the set reach the address of",
            ENVOY_GATEWAY: f"error: .*{ASKS_NOBODY}",
        },
    ),
    "a denial": (
        lists(SHARED + "!secret.example.com\n"),
        (),
        {
            DIRECT: "error: .*a ServiceEntry cannot say that",
            AMBIENT: "error: .*an AuthorizationPolicy cannot say that",
            ENVOY_GATEWAY: "error: .*a TLSRoute cannot say that",
        },
    ),
    "a denial for some clients": (
        lists(
            "exact.example.org",
            ("*.example.com\n!secret.example.com", {"clients": "shop"}),
            ("secret.example.com", {"clients": "till"}),
        ),
        ("client-lists",),
        {
            DIRECT: "error: .*a ServiceEntry cannot say that",
            AMBIENT: "error: .*an AuthorizationPolicy cannot say that",
            ENVOY_GATEWAY: f"error: .*{ASKS_NOBODY}",
        },
    ),
    "a name at a port": (
        lists(SHARED + "broker.example.org:9093\n"),
        ("ports",),
        {
            DIRECT: "error: .*needs a port of its own at the gateway",
            AMBIENT: "error: .*an AuthorizationPolicy holds names at 443 alone",
            ENVOY_GATEWAY: "error: .*a TLSRoute holds names at 443 alone",
        },
    ),
    "a name by plain HTTP": (
        lists(SHARED + "http://plain.example.org\n"),
        ("plain-http",),
        dict.fromkeys(PAGES, "error: .*takes such names of the set"),
    ),
    "a list that only reports": (
        lists(SHARED, (THEIRS, REPORT)),
        ("client-lists", "report"),
        {GATEWAY: "warning: .*ONLY REPORTS", **dict.fromkeys(PAGES, "error: .*no EnvoyFilter takes the set")},
    ),
}


def rendered(directory: Path, way: str, objects: list[dict[str, Any]], components: tuple[str, ...]) -> list[Any] | str:
    """What the lists build to in this way, or why they do not; the components are parts of the gateway."""
    here = os.path.relpath(ROOT, directory)
    parts = (*(components if way == GATEWAY else ()), "inject")
    kustomization = {
        "resources": [f"{here}/{way}", "domains.yaml"],
        "components": [f"{here}/components/{name}" for name in parts],
    }
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    (directory / "domains.yaml").write_text(yaml.safe_dump_all(objects))
    try:
        return build(directory)
    except AssertionError as refused:
        return str(refused)


def verified(directory: Path, built: list[Any]) -> tuple[int, str]:
    """The warnings of `verify`, and all that it says; an error fails."""
    file = directory / "rendered.yaml"
    file.write_text(yaml.safe_dump_all(built))
    outcome = command.run("verify", file)
    assert outcome.code == 0, outcome.out
    return outcome.out.count("warning: "), outcome.out


@pytest.mark.parametrize("way", BASES)
@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_is_kept_or_what_is_not_is_said(tmp_path: Path, promise: str, way: str) -> None:
    objects, components, said = PROMISES[promise]
    built, words = rendered(tmp_path, way, objects, components), said.get(way, KEPT)
    if words.startswith("error"):
        assert isinstance(built, str)
        assert re.search(words, built), built
        return
    assert not isinstance(built, str), built
    warnings, text = verified(tmp_path, built)
    assert warnings == STANDING[way] + bool(words), text
    assert re.search(words, text), text


@pytest.mark.parametrize("way", BASES)
@pytest.mark.parametrize("clients", ["shop", "shop/till"])
def test_lists_that_are_all_for_some_clients(tmp_path: Path, way: str, clients: str) -> None:
    built = rendered(tmp_path, way, lists("", (SHARED, {"clients": clients}))[1:], ("client-lists",))
    if way == ENVOY_GATEWAY:
        assert ASKS_NOBODY in built
        return
    assert not isinstance(built, str), built
    assert verified(tmp_path, built)[0] == STANDING[way] + (way != GATEWAY)


@pytest.mark.parametrize("way", BASES)
def test_a_denial_that_takes_nothing_away_is_no_fault_in_any_way(tmp_path: Path, way: str) -> None:
    objects = lists(SHARED, ("*.example.com\n!secret.example.com\n", {"clients": "shop"}))
    built = rendered(tmp_path, way, objects, ("client-lists",))
    if way == ENVOY_GATEWAY:
        assert ASKS_NOBODY in built
    else:
        assert not isinstance(built, str), built


@pytest.mark.parametrize("way", PAGES)
def test_addresses_are_refused_or_verify_says_that_they_are_not(tmp_path: Path, way: str) -> None:
    built = rendered(tmp_path, way, lists(), ())
    assert not isinstance(built, str), built
    text = verified(tmp_path, built)[1]
    assert re.search("address that an exact name resolves to|the first address of an answer", text), text
    file = tmp_path / "without.yaml"
    kept = [one for one in built if one["kind"] not in ("EnvoyFilter", "EnvoyPatchPolicy")]
    assert len(kept) == len(built) - 1
    file.write_text(yaml.safe_dump_all(kept))
    outcome = command.run("verify", file)
    assert (outcome.code, outcome.out.count("error: ")) == (1, 1), outcome.out
    assert "inside" in outcome.out


WEAKENED: dict[str, tuple[str, str]] = {
    "a range less": ('"address_prefix": "10.0.0.0"', '"address_prefix": "11.0.0.0"'),
    "a narrower range": ('"10.0.0.0", "prefix_len": 8', '"10.0.0.0", "prefix_len": 9'),
    "lets through": ('"action": "DENY"', '"action": "ALLOW"'),
    "for nobody": ('"principals": [{"any": true}]', '"principals": [{"authenticated": {}}]'),
    "what is not resolved too": (
        '{"not_rule": {"or_rules": {"rules": [',
        '{"not_rule": {"or_rules": {"rules": [{"any": true}, ',
    ),
    "before it decides": ('"ON_DOWNSTREAM_DATA"', '"IMMEDIATE"'),
    "without an address": ("save_upstream_address", "save_upstream_host"),
    "somewhere else": (".tcp_proxy", ".http_connection_manager"),
    "by a matcher": ('"stat_prefix": "egress"', '"matcher": {}, "stat_prefix": "egress"'),
}


@pytest.mark.parametrize("way", PAGES)
def test_a_filter_that_refuses_less_is_none(tmp_path: Path, way: str) -> None:
    built = rendered(tmp_path, way, lists(), ())
    assert not isinstance(built, str), built
    text = json.dumps(built)
    for title, (old, new) in WEAKENED.items():
        assert old in text, title
        file = tmp_path / "weakened.yaml"
        file.write_text(yaml.safe_dump_all(json.loads(text.replace(old, new))))
        outcome = command.run("verify", file)
        assert outcome.code == 1, title
        assert "inside" in outcome.out, (title, outcome.out)


def test_a_filter_for_another_listener_or_some_pods_is_none(tmp_path: Path) -> None:
    for way, old, new in (
        (DIRECT, '"portNumber": 443', '"portNumber": 8443'),
        (DIRECT, '"spec": {"configPatches"', '"spec": {"workloadSelector": {"labels": {"a": "b"}}, "configPatches"'),
        (AMBIENT, '"name": "main_internal"', '"name": "connect_terminate"'),
        (AMBIENT, '"kind": "Gateway", "name": "egress"', '"kind": "Gateway", "name": "other"'),
        (ENVOY_GATEWAY, '"name": "egress/egress/tls"', '"name": "egress/egress/other"'),
        (ENVOY_GATEWAY, '"sectionName": "tls"', '"sectionName": "other"'),
    ):
        (directory := tmp_path / f"{way.replace('/', '-')}-{len(old)}").mkdir()
        built = rendered(directory, way, lists(), ())
        ours = [
            one
            for one in built
            if isinstance(one, dict) and one["kind"] in ("EnvoyFilter", "EnvoyPatchPolicy", "TLSRoute")
        ]
        text = json.dumps(built)
        assert old in json.dumps(ours), old
        for one in ours:
            text = text.replace(json.dumps(one), json.dumps(one).replace(old, new))
        (directory / "other.yaml").write_text(yaml.safe_dump_all(json.loads(text)))
        outcome = command.run("verify", directory / "other.yaml")
        assert (outcome.code, "inside" in outcome.out) == (1, True), (old, outcome.out)


@pytest.mark.parametrize("way", PAGES)
def test_each_page_has_a_row_for_what_its_way_does_not_promise(way: str) -> None:
    rows = [line.split("|")[1] for line in (ROOT / PAGES[way]).read_text().splitlines() if line.startswith("| ")]
    for words in ("lists for some clients", "`!name`", "ports", "report mode", "resolves to an internal address"):
        assert any(words in row for row in rows), words


@pytest.mark.parametrize("way", PAGES)
def test_a_way_is_less_than_150_lines_of_its_own(way: str) -> None:
    assert sum(len(file.read_text().splitlines()) for file in (ROOT / way).rglob("*.yaml")) < 150


def test_no_module_of_the_function_knows_which_way_it_fills() -> None:
    words = re.compile("base-direct|base-ambient|waypoint|ambient|envoy.?gateway", re.IGNORECASE)
    parts = ("function", "injection", "lists", "manifest", "names", "yamltext")
    modules = [file for part in parts for file in (ROOT / "plugin/egress_overlays" / part).rglob("*.py")]
    assert len(modules) > 50
    assert [file.name for file in modules if words.search(file.read_text())] == []
