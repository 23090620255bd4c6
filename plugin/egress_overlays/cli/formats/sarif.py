"""SARIF 2.1.0, as code scanning reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...manifest.findings import ERROR, INFO, WARNING
from ...review.verification import RULES
from ...version import VERSION
from .escaping import message, unicode_escapes, uri, visible

if TYPE_CHECKING:
    from ..report import Found, Report
    from .view import View

_RULES = {**RULES, "expectation": "What the expectations of the tree say is so."}
_LEVELS = {ERROR: "error", WARNING: "warning", INFO: "note"}


def write(report: Report, _view: View) -> str:
    """One run with every finding; paths are relative to the working directory (SARIF 2.1.0, 3.4)."""
    driver = {
        "name": "egress-overlays",
        "version": VERSION,
        "rules": [{"id": name, "shortDescription": {"text": message(text)}} for name, text in _RULES.items()],
    }
    whole = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": list(map(_result, report.findings))}],
    }
    return unicode_escapes(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")


def _result(one: Found) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": uri(one.file)}}
    if one.line:
        place["region"] = {"startLine": one.line}
    accepted = [{"kind": "inSource", "status": "accepted", "justification": visible(one.accepted)}]
    return {
        "ruleId": one.rule,
        "level": _LEVELS[one.severity],
        "message": {"text": message(one.said)},
        "locations": [{"physicalLocation": place}],
        **({"suppressions": accepted} if one.accepted else {}),
        **({"properties": {"proposal": one.proposal}} if one.proposal else {}),
    }
