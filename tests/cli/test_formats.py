"""Every format shows hostile text from manifests as text: nothing moves, breaks out, links, calls or hides."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from cmarkgfm import github_flavored_markdown_to_html
from hypothesis import example, given, settings
from hypothesis import strategies as st

import quick_yaml as yaml
from egress_overlays.cli.formats import MODULES, View, render
from egress_overlays.cli.formats.escaping import visible
from egress_overlays.cli.formats.prometheus import DECISIONS
from egress_overlays.cli.report import Case, Column, Found, Line, Report, Row, Section

TOKENS = (
    *("\x1b[31m", "\x1b]8;;x\x07", "\x9b", "\x00", "\n", "\r", "\r\n", "\t", "\u2028", "\u202e", "\u200b", "\u3164"),
    *("<!--", "-->", "</td>", "<script>", "&amp;", "<details>", "|", "\\", "`", "``", "~~~", "*", "_", "#", "1."),
    *("@team", "#12", "http://a.example", "www.a.example", "![a](b)", "[a](b)", ":warning:", "$x$", "{0}", "]]>"),
    *("::error::", "%0A", ",line=9", "a", "b.example", "é", "漢", " ", "-", "+", "=", "'", '"'),
)
HOSTILE = st.lists(st.sampled_from(TOKENS), max_size=8).map("".join)


def report_of(text: str) -> Report:
    """A report that has `text` wherever a manifest's text can stand."""
    cell = {"state": "listed", "by": [text], "clients": [text]}
    name = {"name": text, "set": text, "groups": [text], "comments": [text], "differs": True, "in": {text: cell}}
    name |= {"lists": [text], "owners": [text], "risk": {"class": text, "said": text}}
    columns = (Column("", matters=2), Column(text, is_quoted=True), Column("words"))
    found = Found(text, "error", "domain", text, text or "x", 3, fails=True)
    return Report(
        "matrix",
        text,
        {
            "environments": [text],
            "names": [name, name],
            "revision": text,
            "date": text,
            "groups": [{"set": text, "configMap": text, "group": text, **dict.fromkeys(DECISIONS, 0)}],
            "window": {"first": None, "last": None},
        },
        headlines=[Line(f"two: {text}", "bad")],
        sections=[Section(Line(text), columns, [Row(("opens", text, text), "doubtful", (text, text))] * 2)],
        findings=[found, found._replace(severity="warning", accepted=f"why {text}")],
        cases=[Case(text, text, "domain", [text, text]), Case(text, text, "name", [], [text])],
    )


def written(form: str, text: str) -> str:
    return render(report_of(text), View(form, every=True))


class Structure(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.outside_of_code = ""
        self.comments = 0
        self.code = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.code += tag == "code"
        self.elements.append(f"{tag} {' '.join(name for name, _ in attrs)}".strip())

    def handle_endtag(self, tag: str) -> None:
        self.code -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.text += data
        self.outside_of_code += "" if self.code else data

    def handle_comment(self, data: str) -> None:  # noqa: ARG002 - what it is called with
        self.comments += 1


@pytest.mark.parametrize("form", MODULES)
@settings(max_examples=30)
@given(text=HOSTILE)
def test_no_character_is_unseen(form: str, text: str) -> None:
    out = written(form, text)
    joiners = out.replace("\u200d", "") if form == "markdown" else out
    assert all(char.isprintable() or char == "\n" for char in joiners)


@given(text=HOSTILE)
def test_text_and_commands_have_the_lines_that_they_would_have(text: str) -> None:
    assert written("text", text).count("\n") == 12
    assert written("github", text).count("\n") == 1


@given(text=HOSTILE)
def test_labels_end_where_they_would_end(text: str) -> None:
    lines = written("prometheus", text).splitlines()
    assert len(lines) == 2 + len(DECISIONS)
    value = r'"(?:[^"\\\n]|\\[\\"n])*"'
    for line in lines[2:]:
        assert re.fullmatch(rf"\w+\{{set={value},list={value},group={value},decision={value}\}} 0", line)


@pytest.mark.parametrize("form", ["json", "yaml"])
@given(text=HOSTILE)
def test_data_comes_back_as_it_was(form: str, text: str) -> None:
    out = written(form, text)
    assert (json.loads(out) if form == "json" else yaml.safe_load(out)) == report_of(text).data


HARMLESS = [Structure(github_flavored_markdown_to_html(written("markdown", "a"))), Structure(written("html", "a"))]


@example(text="\\|")
@example(text="`\\")
@example(text="a\\|b`|")
@given(text=HOSTILE.filter(str.strip))
def test_markdown_shows_it_as_text(text: str) -> None:
    """Rendered by GitHub's own cmark-gfm, it has the elements that harmless text has, and says what it said."""
    found = Structure(github_flavored_markdown_to_html(written("markdown", text)))
    elements = [one for one in found.elements if one != "code"]
    assert elements == [one for one in HARMLESS[0].elements if one != "code"]
    assert found.comments == HARMLESS[0].comments
    squeezed = re.sub(r"\s|\u200d", "", found.text)
    assert squeezed.count(re.sub(r"\s", "", visible(text)).replace("\\|", "\\|")) >= 6
    assert not re.search(r"@\w|://|:[a-z]+:|#\d|www\.", found.outside_of_code.replace(":warning: ", ""))


@given(text=HOSTILE)
def test_a_page_shows_it_as_text(text: str) -> None:
    found = Structure(written("html", text))
    assert found.elements == HARMLESS[1].elements
    assert found.comments == 0


@given(text=HOSTILE)
def test_reports_of_ci_systems_stay_in_shape(text: str) -> None:
    (suite,) = ET.fromstring(written("junit", text))  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures"), len(suite)) == ("2", "1", 2)
    (run,) = json.loads(written("sarif", text))["runs"]
    for one in run["results"]:
        said: Any = one["message"]["text"]
        assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]]", said), "an embedded link (SARIF 2.1.0, 3.11.6)"
        assert "{" not in said.replace("{{", "")
