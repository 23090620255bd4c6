"""`verify` and its like on fields of a wrong type, which no rule may stumble over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from command import Run, one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("tree")

WRONG: list[tuple[str | int, ...]] = [
    ("EnvoyFilter", "metadata", "name"),
    ("Gateway", "spec", "servers"),
    ("Gateway", "spec", "servers", 0),
    ("Gateway", "spec", "servers", 0, "tls"),
    ("Gateway", "spec", "selector"),
    ("EnvoyFilter", "spec"),
    ("EnvoyFilter", "spec", "workloadSelector"),
    ("EnvoyFilter", "spec", "workloadSelector", "labels"),
    ("EnvoyFilter", "spec", "configPatches"),
    ("EnvoyFilter", "spec", "configPatches", 3),
    ("EnvoyFilter", "spec", "configPatches", 3, "match"),
    ("EnvoyFilter", "spec", "configPatches", 3, "match", "listener"),
    ("EnvoyFilter", "spec", "configPatches", 3, "patch"),
    ("EnvoyFilter", "spec", "configPatches", 3, "patch", "value"),
    ("VirtualService", "spec"),
    ("VirtualService", "spec", "exportTo"),
    ("VirtualService", "spec", "gateways"),
    ("VirtualService", "spec", "tls"),
    ("VirtualService", "spec", "tls", 0),
    ("VirtualService", "spec", "tls", 0, "match", 0),
    ("VirtualService", "spec", "tls", 0, "match", 0, "gateways"),
    ("VirtualService", "spec", "tls", 0, "route"),
    ("ServiceEntry", "spec"),
    ("ServiceEntry", "spec", "ports"),
]


def damage(documents: dict[str, dict[str, Any]], path: tuple[str | int, ...]) -> None:
    holder: Any = documents
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = 5


@pytest.mark.parametrize("path", WRONG, ids=[".".join(map(str, path)) for path in WRONG])
def test_a_wrong_type_is_said_and_troubles_no_command(
    path: tuple[str | int, ...], run: Run, rendered: Callable[[str], Path]
) -> None:
    file = rendered("prod")
    documents = {one["kind"]: one for one in yaml.safe_load_all(file.read_text())}
    damage(documents, path)
    file.write_text(yaml.safe_dump_all(documents.values()))
    outcome = run("verify", "-o", "json", file)
    found = [one for one in json.loads(outcome.out)[0]["findings"] if one["rule"] == "type"]
    assert outcome.code == 1
    assert [one["severity"] for one in found] == ["error"]
    assert found[0]["message"].startswith("must be ")
    for command in (("list",), ("check", "pypi.org"), ("matrix",), ("diff", "overlays/prod")):
        outcome = run(*command, file)
        assert outcome.code in {0, 1}, outcome.err
        assert "a fault of" not in outcome.err


@pytest.mark.parametrize(
    "change",
    [
        {"kind": ["EnvoyFilter"]},
        {"metadata": "x"},
        {"metadata": {"name": "x", "annotations": "x"}},
        {"metadata": {"name": "x", "labels": ["x"]}},
    ],
)
def test_an_item_of_a_list_is_read_as_a_document_is(
    change: dict[str, Any], run: Run, rendered: Callable[[str], Path]
) -> None:
    documents = list(yaml.safe_load_all(rendered("prod").read_text()))
    damaged = next(one for one in documents if one["kind"] == "EnvoyFilter")
    damaged |= change
    damaged["spec"]["egress-overlays.dev/"] = "a single document with it is checked"
    live = {"apiVersion": "v1", "kind": "List", "items": documents}
    for text in (yaml.safe_dump(live), json.dumps(live), yaml.safe_dump_all(documents)):
        assert one_line(run("verify", "-", stdin=text.encode()), 2).count("stdin") == 1


@pytest.mark.parametrize("item", ["x", {}, {"kind": "Service"}, {"apiVersion": "v1"}])
def test_an_item_that_is_no_object_is_exit_2(item: Any, run: Run) -> None:
    live = {"apiVersion": "v1", "kind": "List", "items": [item]}
    assert "no Kubernetes object" in one_line(run("verify", "-", stdin=json.dumps(live, indent=1).encode()), 2)
