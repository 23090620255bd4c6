"""`egress-policy.yaml`: rules of one's own for lists, as a file that is a list of them, or an EgressPolicy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lists import policies
from ..lists.rules import ASKING, SCOPE
from ..manifest.resource import API_VERSION, DEFAULTS, POLICY_KIND, Resource
from ..names.risks import CLASSES
from ..yamltext import InvalidInput

if TYPE_CHECKING:
    from ..lists.governance import Rule
    from ..manifest.edits import Path as Steps

FILE = "egress-policy.yaml"
_OF_OBJECTS = {"apiVersion", "kind", "rules"}
_TEXTS = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_CLASS = {"enum": list(CLASSES)}
_FIELD = {"enum": list(DEFAULTS)}
KEYS: dict[str, dict[str, Any]] = {
    "for": {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": dict.fromkeys(SCOPE, _TEXTS),
        "description": "Which lines it is for: globs of set, group and list (the ConfigMap's name), and name, what a "
        "line opens some of; without it, all.",
    },
    "wildcards": {"enum": ["never"], "description": "No wildcard may stand there."},
    "only": {**_TEXTS, "description": "The names and wildcards that may stand there."},
    "never": {**_TEXTS, "description": "Names that no line may open."},
    "never-risks": {
        "anyOf": [_CLASS, {"type": "array", "items": _CLASS, "minItems": 1}],
        "description": "Classes of risk that no name there may have.",
    },
    "most": {"type": "integer", "minimum": 0, "description": "The most lines."},
    "clients": {**_TEXTS, "description": "The workloads that such a list may be for, as in the annotation clients."},
    "require": {
        "anyOf": [_FIELD, {"type": "array", "items": _FIELD, "minItems": 1}],
        "description": "Fields that each line has: its own, or defaults of its ConfigMap.",
    },
    "longest": {"type": "integer", "minimum": 1, "description": "The most days from today to the last one, until=."},
    "approved": {
        **_TEXTS,
        "description": "Globs of tickets: a line with such a ticket= keeps to the rule; alone, each line has one.",
    },
    "optional": {"const": True, "description": "It may be for no line, as where it is for lists of other overlays."},
    "why": {"type": "string", "minLength": 1, "description": "The reason, for whoever breaks it."},
}


def read(text: str, file: str) -> tuple[list[Rule], list[str]]:
    """The rules of `text`, which stands in `file`, and every fault in it."""
    from ..foreign.values import Map, documents  # few runs have such a file

    try:
        found = documents(text, file)
    except InvalidInput as fault:
        return [], [f"{file}: {fault}"]
    if not found or not all(isinstance(one, Map) and one.keys() & _OF_OBJECTS for one in found):
        if len(found) > 1:
            return [], [f"{file}: holds {len(found)} documents, and rules are one list; put them into one"]
        if not found or not isinstance(found[0], list):
            return [], [f"{file}: holds no list of rules; write items such as - {{wildcards: never}}"]
        found = [{"apiVersion": API_VERSION, "kind": POLICY_KIND, "rules": found[0]}]
    rules: list[Rule] = []
    faults: list[str] = []
    for value in found:
        own, findings = policies.read(Resource(value))
        for number, rule in enumerate(own):
            rule.place = _place(value, ("rules", number), file)
        rules += own
        faults += [f"{_place(value, policies.steps(one.field), file)}: {one.message}" for one in findings]
    return rules, faults


def _place(value: Any, steps: Steps, file: str) -> str:
    """Where what `steps` lead to in `value`, a policy of `file`, stands, or the nearest thing above it."""
    from ..foreign.values import Map

    found = str(value.place) if isinstance(value, Map) else file
    for step in steps:
        if isinstance(step, int):
            value = value[step]
            found = str(value.place) if isinstance(value, Map) else f"{found}: item {step + 1}"
        else:
            found = str(value.at(step)) if isinstance(value, Map) else found
            value = value.get(step)
    return found


def json_schema() -> dict[str, Any]:
    """The schema of the file, for editors: a list of rules, or an EgressPolicy."""
    asks = [{"required": [key]} for key in ASKING]
    item = {"type": "object", "additionalProperties": False, "properties": KEYS, "anyOf": asks}
    rules = {"type": "array", "minItems": 1, "items": item}
    whole = {"apiVersion": {"const": API_VERSION}, "kind": {"const": POLICY_KIND}, "metadata": {"type": "object"}}
    policy = {
        "type": "object",
        "required": [*whole, "rules"],
        "additionalProperties": False,
        "properties": {**whole, "rules": rules},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Rules of one's own for egress lists",
        "oneOf": [rules, policy],
    }
