"""`!name` on a list: what it denies, and the lines that cannot stand."""

from __future__ import annotations

import pytest

from builders import domains
from egress_overlays.lists import allowlist
from egress_overlays.lists.allowlist import AllowSet
from egress_overlays.manifest.resource import Resource


def read(*texts: str) -> tuple[AllowSet, list[tuple[str, str, int | None, str]]]:
    """The set of ConfigMaps with these lists, and what is said of it: severity, rule, line, message."""
    sources = [Resource(domains(text, name=f"list-{number}")) for number, text in enumerate(texts)]
    sets, findings = allowlist.read(sources)
    return sets["default"], [(one.severity, one.rule, one.line, one.message) for one in findings]


def denied(*texts: str) -> list[str]:
    found = read(*texts)[0].denials
    return [] if found is None else list(found.names)


def test_a_denial_is_none_of_the_names() -> None:
    allowed, _ = read("*.example.com\n!admin.example.com\n!.internal.example.com  # owner=sec everything there\n")
    assert [entry.domain for entry in allowed.entries] == ["*.example.com"]
    assert allowed.hosts == ("*.example.com",)
    assert denied("*.example.com\n!admin.example.com\n!.internal.example.com\n") == [
        "*.internal.example.com",
        "admin.example.com",
        "internal.example.com",
    ]


def test_of_another_list_of_the_set_counts() -> None:
    assert denied("*.example.com", "!admin.example.com") == ["admin.example.com"]


def test_is_normalised_and_least_in_number() -> None:
    assert denied("*.example.com\n!ADMIN.example.com.\n!*.b\u00fccher.example.com\n!a.b\u00fccher.example.com") == [
        "*.xn--bcher-kva.example.com",
        "admin.example.com",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api.example.com\n!admin.example.com", '"!admin.example.com" denies what the set "default" does not open'),
        ("api.example.com\n!api.example.com", '"!api.example.com" denies all of "api.example.com" (ConfigMap'),
        ("*.example.com\n!*.example.com", '"!*.example.com" denies all of "*.example.com" (ConfigMap'),
        ("*.example.com\n!example.com", '"!example.com" denies what the set "default" does not open'),
    ],
)
def test_what_no_wildcard_holds_is_an_error(text: str, said: str) -> None:
    errors = [one for one in read(text)[1] if one[0] == "error" and one[3].startswith(said)]
    assert [(one[1], one[2]) for one in errors] == [("denial", 2)]


def test_a_denial_wins_within_a_set_and_says_so() -> None:
    text = "*.example.com\n!*.internal.example.com\nok.internal.example.com\n"
    warnings = [one for one in read(text)[1] if one[0] == "warning"]
    assert [(one[1], one[2]) for one in warnings] == [("denied", 3)]
    assert '"ok.internal.example.com" opens nothing: "!*.internal.example.com" (ConfigMap' in warnings[0][3]
    assert "a denial wins within a set" in warnings[0][3]


def test_a_denial_within_another_is_left_out_and_said() -> None:
    text = "*.example.com\n!*.internal.example.com\n!a.internal.example.com\n!*.internal.example.com\n"
    assert denied(text) == ["*.internal.example.com"]
    assert [(one[1], one[2]) for one in read(text)[1] if one[0] == "info"] == [("covered", 3), ("repeated", 4)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("!", '"!": names nothing'),
        ("!!a.example.com", "holds the character '!'"),
        ("! a.example.com", "has white space inside"),
        ("!*", "admits every name there is"),
        ("!*.com", 'opens the whole top-level domain "com"'),
        ("!https://a.example.com/x", "is a URL"),
    ],
)
def test_what_denies_no_name_is_refused(line: str, said: str) -> None:
    faults = [one for one in read(f"*.example.com\n{line}")[1] if one[1] == "domain"]
    assert [one[2] for one in faults] == [2]
    assert said in faults[0][3]
    assert faults[0][3].startswith(f'"{line}": ')
