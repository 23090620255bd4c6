"""SARIF 2.1.0, as code scanning reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...manifest.findings import ERROR, INFO, WARNING
from ...review.verification import RULES
from ...version import VERSION
from .escaping import message, unicode_escapes, uri, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..report import Found, Report
    from .view import View

_RULES = {**RULES, "expectation": "What the expectations of the tree say is so."}
_LEVELS = {ERROR: "error", WARNING: "warning", INFO: "note"}


def write(report: Report, view: View) -> str:
    """One run with every finding once a place; paths are relative to the working directory (SARIF 2.1.0, 3.4)."""
    driver = {
        "name": "egress-overlays",
        "version": VERSION,
        **({"informationUri": view.docs} if view.docs else {}),
        "rules": [_rule(name, text, view.docs) for name, text in _rules(report.command).items()],
    }
    places = {(one.rule, one.said, one.file, one.line): one for one in reversed(report.findings)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one) for one in reversed(places.values())],
    }
    whole = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return unicode_escapes(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")


def _rules(command: str) -> Mapping[str, str]:
    """What each rule of `command` wants."""
    if command != "doctor":
        return _RULES
    from ...review import doctor

    return doctor.RULES


def _rule(name: str, text: str, docs: str) -> dict[str, Any]:
    more = f"{text} See `egress-overlays docs commands` and `egress-overlays docs troubleshooting`, version {VERSION}."
    rule = {"id": name, "shortDescription": {"text": message(text)}, "help": {"text": message(more)}}
    return rule | ({"helpUri": f"{docs}#rules"} if docs else {})


def _suppression(one: Found) -> dict[str, Any]:
    """Why it is accepted (SARIF 2.1.0, 3.35): in the source itself, or in a file of acceptances, and where there."""
    said = {"kind": "inSource", "status": "accepted", "justification": visible(one.accepted)}
    if one.accepted_at is None:
        return said
    file, line = one.accepted_at
    place = {"artifactLocation": {"uri": uri(file)}, "region": {"startLine": line}}
    return said | {"kind": "external", "location": {"physicalLocation": place}}


def _result(one: Found) -> dict[str, Any]:
    artifact = {"uri": uri(one.file)}
    start, end = one.columns
    region = {"startLine": one.line, **({"startColumn": start, "endColumn": end} if start else {})}
    place = {"artifactLocation": artifact, **({"region": region} if one.line else {})}
    said = {
        "ruleId": one.rule,
        "level": _LEVELS[one.severity],
        "message": {"text": message(one.said)},
        "locations": [{"physicalLocation": place}],
    }
    if one.accepted:
        said["suppressions"] = [_suppression(one)]
    if one.proposal:
        said["properties"] = {"proposal": one.proposal}
    if one.proposal and start:
        # Another tool writes this into the file: the proposal as it is, which is a name or two.
        replaced = {"deletedRegion": region, "insertedContent": {"text": one.proposal}}
        change = {"artifactLocation": artifact, "replacements": [replaced]}
        said["fixes"] = [{"description": {"text": message(f"write {one.proposal}")}, "artifactChanges": [change]}]
    return said
