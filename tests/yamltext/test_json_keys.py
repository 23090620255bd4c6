"""Objects in JSON, as kubectl prints them: keys are held to the same rules, without the slow reader of any style."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from egress_overlays.yamltext import InvalidInput, manifests, roundtrip

if TYPE_CHECKING:
    from collections.abc import Callable

LIST = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "egress-domains", "labels": {"egress-overlays.dev/set": "default"}, "generation": 1},
    "data": {"all": "example.com\n*.example.org", "ü": "example.net"},
}
FORMS: dict[str, Callable[[Any], str]] = {
    "one line": json.dumps,
    "as kubectl prints it": lambda value: json.dumps(value, indent=4) + "\n",
    "in a List": lambda value: json.dumps({"apiVersion": "v1", "kind": "List", "items": [value]}, indent=4),
    "without escapes": lambda value: json.dumps(value, ensure_ascii=False),
}


@pytest.mark.parametrize("form", list(FORMS.values()), ids=list(FORMS))
def test_json_is_read_without_the_reader_of_every_style(
    form: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roundtrip, "check_keys", None)
    (found,) = manifests.read(form(LIST).encode())
    assert found.resource.value == LIST


@pytest.mark.parametrize("form", list(FORMS.values()), ids=list(FORMS))
@pytest.mark.parametrize("key", ["name", "labels"])
def test_a_key_that_stands_twice_is_refused(form: Callable[[Any], str], key: str) -> None:
    text = form(LIST).replace(f'"{key}"', f'"{key}": null, "{key}"')
    with pytest.raises(InvalidInput, match=f'duplicate key "{key}"'):
        manifests.read(text.encode())


def test_a_key_that_stands_twice_by_an_escape_is_refused() -> None:
    text = json.dumps(LIST).replace('"name"', '"n\\u0061me": null, "name"')
    with pytest.raises(InvalidInput, match='duplicate key "name"'):
        manifests.read(text.encode())


def test_flow_style_that_is_no_json_is_held_to_the_same() -> None:
    text = json.dumps(LIST).replace('"name"', "name")
    assert [one.resource.value for one in manifests.read(text.encode())] == [LIST]
    with pytest.raises(InvalidInput, match='duplicate key "name"'):
        manifests.read(text.replace("name", "name: null, name", 1).encode())
