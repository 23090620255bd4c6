"""What `verify` found, as CI systems read it: SARIF 2.1.0, JUnit XML, GitHub workflow commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.findings import ERROR, INFO, WARNING
from ..review.verification import RULES
from ..version import VERSION

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ..review.verification import Reported

    Found = Sequence[tuple[str, list[Reported]]]


def write(form: str, everything: Found, grave: Collection[str] = (ERROR,)) -> str:
    """The report in `form`: sarif, junit or github; findings of the `grave` severities fail."""
    if form == "junit":
        return junit(everything, grave)
    return {"sarif": sarif, "github": github}[form](everything)


def sarif(everything: Found) -> str:
    """One run with every finding; paths are relative to the working directory (SARIF 2.1.0, 3.4)."""
    import json

    levels = {ERROR: "error", WARNING: "warning", INFO: "note"}
    results: list[dict[str, Any]] = []
    for _, reported in everything:
        for one in reported:
            place: dict[str, Any] = {"artifactLocation": {"uri": _uri(one.location.file)}}
            if one.location.line:
                place["region"] = {"startLine": one.location.line}
            results.append(
                {
                    "ruleId": one.finding.rule,
                    "level": levels[one.finding.severity],
                    "message": {"text": one.said},
                    "locations": [{"physicalLocation": place}],
                }
            )
    driver = {
        "name": "egress-overlays",
        "version": VERSION,
        "rules": [{"id": name, "shortDescription": {"text": text}} for name, text in RULES.items()],
    }
    report = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _uri(file: str) -> str:
    from pathlib import Path
    from urllib.parse import quote

    return Path(file).as_uri() if file.startswith("/") else quote(file)


def junit(everything: Found, grave: Collection[str] = (ERROR,)) -> str:
    """A suite a path, a case a rule; what is `grave` is a failure, all else stands in the case's output."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    suites = Element("testsuites", name="egress-overlays verify")
    for path, reported in everything:
        suite = SubElement(suites, "testsuite", name=path)
        failures = 0
        for rule, description in RULES.items():
            case = SubElement(suite, "testcase", name=f"{rule}: {description}", classname=path)
            mine = [one for one in reported if one.finding.rule == rule]
            failing = [one for one in mine if one.finding.severity in grave]
            if failing:
                failures += 1
                failure = SubElement(case, "failure", type=rule, message=_xml(_line(failing[0])))
                failure.text = _xml("\n".join(map(_line, failing)))
            others = [one for one in mine if one.finding.severity not in grave]
            if others:
                SubElement(case, "system-out").text = _xml("\n".join(map(_line, others)))
        suite.set("tests", str(len(RULES)))
        suite.set("failures", str(failures))
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _line(one: Reported) -> str:
    return f"{one.location}: {one.finding.severity}: {one.said}"


def _xml(text: str) -> str:
    """`text` without what XML 1.0 cannot hold at all."""
    return "".join(char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text)


def github(everything: Found) -> str:
    """Workflow commands that annotate file and line; nothing where nothing was found."""
    words = {ERROR: "error", WARNING: "warning", INFO: "notice"}
    lines = []
    for _, reported in everything:
        for one in reported:
            where = f"file={_property(one.location.file)}"
            if one.location.line:
                where += f",line={one.location.line}"
            title = _property(f"egress-overlays: {one.finding.rule}")
            lines.append(f"::{words[one.finding.severity]} {where},title={title}::{_escaped(one.said)}\n")
    return "".join(lines)


def _escaped(text: str) -> str:
    """`text` as the message of a workflow command, which ends at a line break."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
