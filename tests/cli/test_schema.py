"""`schema`: what an editor accepts is what the parser accepts, as far as a line can tell."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quick_yaml as yaml
from command import Run
from egress_overlays import InvalidDomain, json_schema, parse
from egress_overlays.editing.schemas import GROUP_PATTERN

if TYPE_CHECKING:
    from pathlib import Path

VALIDATOR = jsonschema.Draft7Validator(json_schema())


def config_map(data: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", **metadata}, "data": data}


def test_it_is_a_schema_and_the_command_prints_it(run: Run) -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())
    assert json.loads(run("schema").out) == json_schema()
    assert yaml.safe_load(run("schema", "-o", "yaml", "EgressDomains").out) == json_schema("EgressDomains")
    assert run("schema", "Service").code == 2


def test_every_list_of_this_repository_is_valid(tree: Path) -> None:
    found = [
        document
        for path in [*tree.glob("overlays/**/*.yaml"), *tree.glob("components/**/*.yaml")]
        for document in yaml.safe_load_all(path.read_text())
        if isinstance(document, dict)
        and document["kind"] == "ConfigMap"
        and "egress-domains" in document["metadata"]["name"]
    ]
    assert len(found) >= 5
    for document in found:
        VALIDATOR.validate(document)


@pytest.mark.parametrize(
    "data",
    [
        {"g": ["example.com"]},
        {"g": {"h": "example.com"}},
        {"g": 1},
        {"g h": "example.com"},
        {"g": "example.com, example.org\n"},
        {"g": "http://example.com\n"},
        {"g": "example.com:0443\n"},
        {"g": "*\n"},
        {"g": "a.*.com\n"},
        {"g": "- example.com\n"},
        {"g": "example\n"},
        {"g": "a..example.com\n"},
        {"g": "-a.example.com\n"},
        {"g": f"{'a' * 64}.example.com\n"},
    ],
)
def test_what_is_no_list_is_refused(data: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(config_map(data))


def test_what_may_stand_in_a_list_is_accepted() -> None:
    text = (
        "# a comment\n\n  *.example.com   # why\nq.example.com:9093\n!admin.example.com\n!*.x.example.com\n"
        ".Example.ORG.\nbücher.example\r\n\t# end"
    )
    VALIDATOR.validate(config_map({"g": text, "removed": None}, labels={"egress-overlays.dev/set": "x"}))
    VALIDATOR.validate(
        {**config_map({"g": text}), "apiVersion": "egress-overlays.dev/v1alpha1", "kind": "EgressDomains"}
    )
    assert not VALIDATOR.is_valid(config_map({}, labels={"egress-overlays.dev/set": ""}))
    assert not VALIDATOR.is_valid(config_map({}, annotations={"egress-overlays.dev/allow-empty": "yes"}))
    assert not VALIDATOR.is_valid({**config_map({}), "binaryData": {"a": "eA=="}})


@given(st.text(alphabet="ab1-.*xn ü_", max_size=12).map(str.strip))
def test_no_name_that_the_parser_takes_is_marked_in_the_editor(name: str) -> None:
    """RFC 1123 names, wildcards and leading dots as `parse` reads them; the schema may accept more, never less."""
    try:
        parse(name)
    except InvalidDomain:
        return
    assert re.search(GROUP_PATTERN, name + "\n")


def test_a_long_list_does_not_slow_the_pattern_down() -> None:
    lines = "".join(f"h{number}.example.com # why\n" for number in range(5000))
    assert re.search(GROUP_PATTERN, lines)
    assert not re.search(GROUP_PATTERN, lines + "not a name\n")
