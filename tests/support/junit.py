"""JUnit XML held to what its readers ask for: the elements and attributes of Jenkins' xUnit schema (junit-10.xsd)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

_NEEDED = {"testsuites": (), "testsuite": ("name", "tests", "failures", "errors"), "testcase": ("name",)}
_KNOWN = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname", "file"},
    "testcase": {"name", "time", "classname"},
    "failure": {"type", "message"},
    "system-out": set[str](),
}
_WITHIN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase", "system-out"},
    "testcase": {"failure", "system-out"},
    "failure": set[str](),
    "system-out": set[str](),
}


def validate(text: str) -> ET.Element:
    """The root of `text`; fails where it is no JUnit XML, or does not count its own cases right."""
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.tag == "testsuites"
    for one in root.iter():
        assert {*_NEEDED.get(one.tag, ())} <= {*one.attrib} <= _KNOWN[one.tag]
        assert {child.tag for child in one} <= _WITHIN[one.tag]
    for one in (root, *root):
        cases = list(one.iter("testcase"))
        failing = sum(case.find("failure") is not None for case in cases)
        assert (one.get("tests"), one.get("failures"), one.get("errors")) == (str(len(cases)), str(failing), "0")
    return root
