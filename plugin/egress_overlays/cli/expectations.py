"""Expectations of a tree, `egress-tests.yaml`: which names must be allowed or denied, to whom, and why.

Text in, values out: it knows nothing of files and manifests. A key or a verdict that is none, and what is said twice,
are faults, all of them told at once: a typo never makes an expectation pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..foreign.values import Map, Text, documents
from ..lists.clients import Client, InvalidClient
from ..lists.clients import parse as parse_client
from ..manifest.nearness import nearest, wanted
from ..names.domain import InvalidDomain, ascii_quoted
from ..names.ports import pairs
from ..yamltext import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = "egress-tests.yaml"
ALLOW, DENY = VERDICTS = ("allow", "deny")
KEYS = {
    "host": "the name, as an application would ask for it; *.NAME: every name below it, or to deny it: each of them",
    "as": "the workload that asks, namespace/serviceaccount; without it, whoever may",
    "expect": "allow or deny",
    "why": "the reason, for whoever breaks it",
}


class InvalidExpectations(ValueError):  # noqa: N818 - named after its concept
    """A text that holds no expectations; `faults` has every fault with its line, one a line of the message."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class Expectation(NamedTuple):
    """That `host` is allowed or denied (`expect`) to `client`, or to whoever may; it stands in `line` (from 1)."""

    host: str
    client: Client | None
    expect: str
    why: str
    line: int


def read(text: str, file: str) -> list[Expectation]:
    """The expectations of `text`, which stands in `file`; raises InvalidExpectations."""
    try:
        found = documents(text, file)
    except InvalidInput as fault:
        raise InvalidExpectations([f"{file}: {fault}"]) from None
    if len(found) != 1 or not isinstance(found[0], list) or not found[0]:
        raise InvalidExpectations(
            [f"{file}: holds no list of expectations; write items such as - {{host: api.example.com, expect: allow}}"]
        )
    faults: list[str] = []
    expectations: dict[tuple[str, Client | None], Expectation] = {}
    for number, item in enumerate(found[0], 1):
        one = _expectation(item, f"{file}: item {number}", faults)
        before = expectations.setdefault((one.host, one.client), one) if one else one
        if one and before and before is not one:
            word = "repeats" if before.expect == one.expect else "contradicts"
            faults.append(
                f"{file}:{one.line}: {word} line {before.line} on {ascii_quoted(one.host)}; keep one of the two"
            )
    if faults:
        raise InvalidExpectations(faults)
    return list(expectations.values())


def _expectation(item: Any, title: str, faults: list[str]) -> Expectation | None:
    """What `item` says; None where it has faults, which are added to `faults`."""
    if not isinstance(item, Map):
        faults.append(f"{title} is no mapping; write host: and expect: in it")
        return None
    before = len(faults)
    meant = {key: nearest(key, KEYS) for key in item if key not in KEYS}
    faults += [f"{item.at(key)}: {ascii_quoted(key)} is no key of an expectation; {wanted(key, KEYS)}" for key in meant]
    values = {key: _text(item, key, faults) for key in KEYS}
    place = item.at("host")
    missing = [key for key in ("host", "expect") if key not in item and key not in meant.values()]
    faults += [f"{item.place}: has no {key}; write {key}: and {KEYS[key].partition(';')[0]}" for key in missing]
    if values["expect"] and values["expect"] not in VERDICTS:
        near = nearest(values["expect"], VERDICTS)
        write = f"did you mean {near}?" if near else "write allow or deny"
        faults.append(f"{item.at('expect')}: {ascii_quoted(values['expect'])} is no verdict; {write}")
    host = _host(values["host"], f"{place}", values["expect"], faults)
    client = _client(values["as"], f"{item.at('as')}", faults)
    return None if len(faults) > before else Expectation(host, client, values["expect"], values["why"], place.line)


def _text(item: Map, key: str, faults: list[str]) -> str:
    value = item.get(key, Text("", item.place))
    if not isinstance(value, Text) or (key in item and not value.strip()):
        faults.append(f"{item.at(key)}: {key} is no text; write {KEYS[key].partition(';')[0]}, in quotes if need be")
        return ""
    return str(value)


def _host(text: str, place: str, expect: str, faults: list[str]) -> str:
    """The name as lists have it; what no list may hold can be expected to be denied, and stays as it is."""
    if not text:
        return ""
    try:
        domains = pairs(text)
    except InvalidDomain as fault:
        if expect == ALLOW:
            faults.append(f"{place}: {ascii_quoted(text)}: no list may hold it, so that it is never allowed: {fault}")
        return text
    if len(domains) > 1:
        faults.append(f'{place}: "{text}" means two names; write an item for "{domains[0]}" and one for "{domains[1]}"')
    return str(domains[0])


def _client(text: str, place: str, faults: list[str]) -> Client | None:
    if not text:
        return None
    try:
        client = parse_client(text)
    except InvalidClient as fault:
        faults.append(f"{place}: as: {fault}")
        return None
    if "*" in client:
        faults.append(f'{place}: as: {ascii_quoted(text)}: name one workload, as in "payments/api"')
    return client


def json_schema() -> dict[str, Any]:
    """The schema of the file, for editors."""
    properties: dict[str, Any] = {
        key: {"type": "string", "minLength": 1, "description": words} for key, words in KEYS.items()
    }
    properties["expect"] = {"enum": list(VERDICTS), "description": KEYS["expect"]}
    item = {"type": "object", "required": ["host", "expect"], "additionalProperties": False, "properties": properties}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Expectations of an egress gateway",
        "type": "array",
        "minItems": 1,
        "items": item,
    }
