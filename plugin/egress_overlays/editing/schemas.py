"""JSON Schemas for editors: of a domains ConfigMap, and of EgressDomains.

Draft 7, which yaml-language-server reads. A schema sees one line at a time: public suffixes, reserved names and what
several groups mean together are for `verify`.
"""

from __future__ import annotations

from typing import Any

from ..manifest.resource import (
    ALLOW_EMPTY_ANNOTATION,
    API_VERSION,
    CLIENTS_ANNOTATION,
    ENFORCE_ANNOTATION,
    KIND,
    PREFIX,
    REPORT_UNTIL_ANNOTATION,
    SET_LABEL,
)

_ALNUM = r"[A-Za-z0-9]|[^\x00-\x7f]"
_LABEL = rf"(?:{_ALNUM})(?:(?:{_ALNUM}|-){{0,61}}(?:{_ALNUM}))?"
_NAME = rf"!?(?:\*\.|\.)?{_LABEL}(?:\.{_LABEL})+\.?(?::[1-9][0-9]{{0,4}})?"
_LINE = rf"[ \t]*(?:{_NAME}[ \t]*)?(?:#[^\n]*)?\r?"
GROUP_PATTERN = rf"^(?:{_LINE}\n)*{_LINE}$"
"""A group's text: lines that are empty, a comment, or a name that may have one, ! before what is denied."""

_METADATA = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "labels": {
            "type": "object",
            "properties": {
                SET_LABEL: {
                    "type": "string",
                    "minLength": 1,
                    "description": "The set that this list adds to; its presence makes the object a source.",
                }
            },
        },
        "annotations": {
            "type": "object",
            "properties": {
                ALLOW_EMPTY_ANNOTATION: {
                    "const": "true",
                    "description": "The set may be empty, and denies everything then.",
                },
                CLIENTS_ANNOTATION: {"type": "string", "description": "Who may use this list."},
                ENFORCE_ANNOTATION: {
                    "const": "report",
                    "description": "Its clients pass, and are logged, where they would be refused (components/report).",
                },
                REPORT_UNTIL_ANNOTATION: {
                    "type": "string",
                    "format": "date",
                    "pattern": r"^\d{4}-\d\d-\d\d$",
                    "description": "The last day of enforce: report.",
                },
            },
            "dependencies": {
                ENFORCE_ANNOTATION: [CLIENTS_ANNOTATION, REPORT_UNTIL_ANNOTATION],
                REPORT_UNTIL_ANNOTATION: [ENFORCE_ANNOTATION],
            },
            "patternProperties": {
                f"^{PREFIX}(owner|ticket)(\\..+)?$": {
                    "type": "string",
                    "pattern": r"^[^\s\"'`,;]+$",
                    "description": "Whose the names are, or why: of all, or of the group after the dot.",
                },
                f"^{PREFIX}until(\\..+)?$": {
                    "type": "string",
                    "format": "date",
                    "pattern": r"^\d{4}-\d\d-\d\d$",
                    "description": "The last day of the names: of all, or of the group after the dot.",
                },
            },
        },
    },
}


def json_schema(kind: str = "") -> dict[str, Any]:
    """The schema of `kind` (ConfigMap or EgressDomains), or one that takes both."""
    if kind:
        return {"$schema": "http://json-schema.org/draft-07/schema#", **_object(kind)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Domains of an egress gateway",
        "oneOf": [_object("ConfigMap"), _object(KIND)],
    }


def _object(kind: str) -> dict[str, Any]:
    return {
        "title": f"{kind} of domains",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {
            "apiVersion": {"const": "v1" if kind == "ConfigMap" else API_VERSION},
            "kind": {"const": kind},
            "metadata": _METADATA,
            "data": {
                "description": "A key is a group. In a patch, null removes a group.",
                "type": "object",
                "propertyNames": {"pattern": "^[-._a-zA-Z0-9]+$", "maxLength": 253},
                "additionalProperties": {
                    "description": "One name a line: name, *.name for all below, .name for both; # starts a comment.",
                    "type": ["string", "null"],
                    "pattern": GROUP_PATTERN,
                },
            },
            # Never read as domains: kubectl puts text there that is not UTF-8.
            "binaryData": False,
        },
    }
