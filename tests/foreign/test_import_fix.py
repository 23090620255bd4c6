"""`import --fix`: a pasted line is taken where one name is left, and one that is doubtful never is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml
from egress_overlays import InvalidDomain, parse
from egress_overlays.names.mending import mended

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

TAKEN = [
    "\u2022 a.example.com",
    "* a.example.com",
    "- [x] a.example.com",
    "1. a.example.com",
    "2) a.example.com",
    "(3) a.example.com",
    "12,a.example.com",
    "a.example.com,",
    '"a.example.com",',
    "['a.example.com',",
    "`a.example.com`",
    "\u201ca.example.com\u201d",
    "**a.example.com**",
    "a.example.com (optional)",
    "a.example.com\t443\tTCP",
    "a.example.com TCP/443",
    "a.example.com // login",
    "a.example.com ; login",
    "a.example.com \u2013 login",
    "a.example.com: login",
    "| a.example.com | 443 |",
    "<li>a.example.com</li>",
    "<td>a.example.com</td><td>443</td>",
    '<a href="https://a.example.com/x">a.example.com</a>',
    "[a.example.com](https://a.example.com/)",
    "a.example.com\u00a0",
    "\u200ba.example.com",
    "https://a.example.com/",
    "<https://a.example.com/>",
    "<a.example.com>",
    "https://a.example.com:443/path/index.html?x=y",
    "a.example.com:443",
    "a.example.com/path",
    "- name: a.example.com",
    '"host": "a.example.com",',
    "> a.example.com",
    "&nbsp;a.example.com",
]
DOUBTFUL = [
    "a.example.com b.example.com",
    "a.example.com,b.example.com",
    "a.example.com:8443",
    "a.example.com 80, 443",
    "a.example.com 443/udp",
    "http://a.example.com/",
    "10.0.0.1 a.example.com",
    "user@example.com",
    "do not allow a.example.com",
    "a.example.com (blocked)",
    "Please allow a.example.com",
    "||a.example.com^",
    "// a.example.com",
    '<a href="https://b.example.com/">a.example.com</a>',
    "_a.example.com",
    "a.example.com/24",
    # The name may go on behind a sign that stands for its dot.
    "api.example,com",
    "api.example;org",
    "api.example'com",
    "api.example\u2024com",
    "api.example\u2026",
]
# What a refusal proposes, and nothing takes by itself.
PROPOSED = {
    "ftp://user@api.example.com:21/x": "api.example.com",
    "api..example.com": "api.example.com",
    "-api.example.com": "api.example.com",
    "**.example.com": "*.example.com",
    r"^api\.example\.com$": "api.example.com",
    r"(^|\.)example\.com$": ".example.com",
    r"^.*\.example\.com$": "*.example.com",
    r"^api[0-9]\.example\.com$": "",
    "*api.example.com": "",
    "api.*.example.com": "",
    "api_1.example.com": "",
    "user@example.com": "",
    "a.example.com,b.example.com": "",
    "http://10.0.0.1/": "",
    "http://example/": "",
    "**.com": "",
    "*": "",
}


@pytest.mark.parametrize("line", TAKEN)
def test_a_pasted_line_with_one_name_is_taken(line: str) -> None:
    found = mended(line)
    assert found is not None
    assert found.name == "a.example.com"


@pytest.mark.parametrize("line", DOUBTFUL)
def test_a_doubtful_line_stays_out(line: str) -> None:
    assert mended(line) is None


@pytest.mark.parametrize(("line", "name"), PROPOSED.items())
def test_a_refusal_proposes_the_one_name_that_can_be_made_out(line: str, name: str, run: Run) -> None:
    assert mended(line) is None
    with pytest.raises(InvalidDomain) as refused:
        parse(line)
    assert refused.value.proposal == name
    outcome = run("import", "--fix", "-o", "json", "-", stdin=f"a.example.org\n{line}\n".encode())
    found = json.loads(outcome.out)
    (note,) = found["notes"]
    assert (outcome.code, note["kind"], note["proposal"]) == (1, "left out", name or None)
    assert (f'"{name}"' in note["message"]) == bool(name)
    assert "--fix takes it" not in note["message"]


def test_port_and_path_are_no_comment() -> None:
    assert mended("https://a.example.com:443/path?x=1#y") == ("a.example.com", "")
    assert mended("a.example.com:443 login") == ("a.example.com", "login")


def test_fix_says_every_line_and_keeps_the_rest_as_comment(run: Run) -> None:
    text = "ok.example.com # fine\n.b.example.com:443\na.example.com \u2013 login\nhttp://c.example.com/\n".encode()
    without = run("import", "-", stdin=text)
    assert without.code == 1
    assert 'stdin:2: left out: ".b.example.com:443"' in without.err
    outcome = run("import", "--fix", "-", stdin=text)
    lines = yaml.safe_load(outcome.out)["data"]["stdin"].split("\n")
    assert [line.split() for line in lines] == [
        ["ok.example.com", "#", "fine"],
        [".b.example.com"],
        ["a.example.com", "#", "login"],
        [],
    ]
    assert outcome.err.count("remark: ") == 3  # two lines, and the line that counts
    assert "stdin:4: left out" in outcome.err


def test_into_adds_what_is_new_and_says_what_was_there(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.yaml"
    file.write_text(run("import", "-", stdin=b"*.x.example\na.example.com # kept\n").out)
    outcome = run("import", "--into", file, "--group", "stdin", "-", stdin=b"b.example.com\na.x.example\n")
    assert outcome.code == 0
    assert "a.x.example is open there already" in outcome.err
    names = [line.split("#")[0].strip() for line in yaml.safe_load(file.read_text())["data"]["stdin"].splitlines()]
    assert names == ["*.x.example", "a.example.com", "b.example.com"]
    assert run("import", "--into", file, "-", stdin=b"c.example.com\n").code == 2
