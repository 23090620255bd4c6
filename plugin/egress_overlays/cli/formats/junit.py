"""JUnit XML, as CI systems read it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from .escaping import lines, visible

if TYPE_CHECKING:
    from ..report import Report
    from .view import View


def write(report: Report, _view: View) -> str:
    """A suite for each of the cases' suites; what fails is a failure, all else stands in the case's output."""
    suites = Element("testsuites", name=f"egress-overlays {report.command}")
    for name, cases in groupby(report.cases, key=lambda case: case.suite):
        suite = SubElement(suites, "testsuite", name=visible(name))
        tests = failures = 0
        for one in cases:
            tests += 1
            case = SubElement(suite, "testcase", name=visible(one.name), classname=visible(name))
            if one.failures:
                failures += 1
                failure = SubElement(case, "failure", type=one.rule, message=visible(one.failures[0]))
                failure.text = lines("\n".join(one.failures))
            if one.others:
                SubElement(case, "system-out").text = lines("\n".join(one.others))
        # Jenkins' schema wants all three; what is wrong with the program itself ends it, and writes no report.
        for key, count in (("tests", tests), ("failures", failures), ("errors", 0)):
            suite.set(key, str(count))
            suites.set(key, str(int(suites.get(key, "0")) + count))
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"
