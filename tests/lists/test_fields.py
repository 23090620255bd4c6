"""The fields that a comment begins with: what they are, what is prose, and what fails the build."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress_overlays.lists import allowlist, fields, unread
from egress_overlays.lists.fields import Fields
from egress_overlays.manifest.findings import ERROR, WARNING
from egress_overlays.manifest.resource import Resource

GOOD = {
    "": Fields(),
    "orders, EX-17": Fields(text="orders, EX-17"),
    "ttl=60": Fields(text="ttl=60"),
    "see owner=x": Fields(text="see owner=x"),
    "owner: payments": Fields(text="owner: payments"),
    "x=1 owner=a": Fields(text="x=1 owner=a"),
    "owner=payments": Fields(owner="payments"),
    "owner=payments  card  payments": Fields(owner="payments", text="card  payments"),
    "until=2027-03-31 ticket=NET-12 owner=a@b.example x": Fields("a@b.example", "NET-12", date(2027, 3, 31), text="x"),
    "allow=risk ticket=S-1 until=2027-01-01": Fields(ticket="S-1", until=date(2027, 1, 1), allow="risk"),
    "owner=团队 why": Fields(owner="团队", text="why"),
}
BAD = {
    "Owner=x": ("is near to owner=", "owner=x"),
    "owners=x": ("is near to owner=", "owner=x"),
    "onwer=x": ("is near to owner=", "owner=x"),
    "untill=1.4.2027": ("is near to until=", "until=2027-04-01"),
    "owner=": ("has no value", ""),
    "owner= payments": ("has no value", ""),
    'owner="a': ("holds a quote", "owner=a"),
    "ticket=A-1,": ("holds a quote, comma or semicolon", "ticket=A-1"),
    "owner=a owner=b": ("is the second owner=", ""),
    "until=2027-02-30": ("is no day of the calendar", ""),
    "until=31.03.2027": ("is no YYYY-MM-DD", "until=2027-03-31"),
    "until=2027/3/1": ("is no YYYY-MM-DD", "until=2027-03-01"),
    "until=20270301": ("is no YYYY-MM-DD", "until=2027-03-01"),
    "until=2027-W10-1": ("is no YYYY-MM-DD", ""),
    "until=soon": ("is no YYYY-MM-DD", ""),
}


@pytest.mark.parametrize("comment", GOOD)
def test_what_is_a_field_and_what_is_prose(comment: str) -> None:
    assert fields.read(comment) == (GOOD[comment], [])


@pytest.mark.parametrize("comment", BAD)
def test_a_field_that_cannot_be_read_has_a_reason_and_a_proposal(comment: str) -> None:
    _, (bad,) = fields.read(comment)
    reason, proposal = BAD[comment]
    assert bad.reason.startswith(reason)
    assert bad.proposal == proposal
    assert not proposal or fields.read(proposal)[1] == []


@given(st.text())
def test_no_comment_is_too_odd(comment: str) -> None:
    found, bad = fields.read(comment)
    assert comment.endswith(found.text)
    assert all(one.word in comment for one in bad)


def source(text: str, **annotations: Any) -> Resource:
    keys = {f"egress-overlays.dev/{key.replace('__', '.')}": value for key, value in annotations.items()}
    metadata = {"name": "d", "labels": {"egress-overlays.dev/set": "default"}, "annotations": keys}
    data = {"pay": text, "docs": "docs.example.com\n"}
    return Resource({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def found(one: Resource) -> tuple[dict[str, Fields], list[tuple[str, str, str]]]:
    sets, findings = allowlist.read([one])
    of = {str(entry.domain): entry.fields for entry in sets["default"].entries}
    return of, [(finding.severity, finding.rule, finding.message) for finding in findings]


def test_defaults_of_the_configmap_and_of_a_group() -> None:
    own = "a.example.com # owner=me\nb.example.com # until=2027-01-01\n"
    of, findings = found(source(own, owner="all", owner__pay="pay-team", until="2027-12-31", ticket="T-1"))
    assert findings == []
    last = date(2027, 12, 31)
    assert of["a.example.com"] == Fields("me", "T-1", last)
    assert of["b.example.com"] == Fields("pay-team", "T-1", date(2027, 1, 1))
    assert of["docs.example.com"] == Fields("all", "T-1", last)


def test_an_acceptance_keeps_its_own_ticket_and_day() -> None:
    of, _ = found(source("*.github.io # allow=shared-suffix ticket=S-1 until=2027-01-01\n", until="2026-06-01"))
    own = of["*.github.io"]
    assert own.until == date(2027, 1, 1)
    assert own.last_day is None


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        ({"until": "soon"}, '"soon" is no YYYY-MM-DD'),
        ({"until__pay": "2027-02-30"}, "is no day of the calendar"),
        ({"until": 20270101}, "must be text in quotes"),
        ({"owner__paid": "x"}, 'is for a group "paid", and there is none; groups are pay, docs'),
        ({"owner": "two, teams"}, "holds a quote, comma"),
        ({"onwer": "x"}, "write egress-overlays.dev/owner"),
    ],
)
def test_an_annotation_that_cannot_be_read_is_an_error(annotations: dict[str, Any], said: str) -> None:
    one = source("a.example.com\n", **annotations)
    findings = [*allowlist.read([one])[1], *unread.misplaced(one)]
    assert [said in finding.message for finding in findings if finding.severity == ERROR] == [True]


def test_a_field_on_a_line_without_a_name_is_for_none() -> None:
    _, ((severity, rule, message),) = found(source("# owner=payments\na.example.com\n"))
    assert (severity, rule) == (WARNING, "field")
    assert "stands on a line without a name" in message


def test_a_list_of_such_lines_alone_is_still_empty() -> None:
    one = source("# owner=payments\n")
    one.value["data"].pop("docs")
    assert {rule for severity, rule, _ in found(one)[1] if severity == ERROR} == {"empty-list"}


RIGHT = ["owner=a", "ticket=NET-1", "until=2027-02-28", "until=2027-02-30", "until=0000-01-01", "allow=risk"]
WRONG = ["owners=a", "owner=", "prose", "ttl=60", "until=2027-13-01", "until=20270101", "owner=a;", "ticket=a_b"]
LETTERS = st.text(st.sampled_from("ownertickuail=-0123 "), max_size=9)
WORD = st.one_of(st.sampled_from(RIGHT), st.sampled_from(WRONG), LETTERS)


@given(st.lists(WORD, max_size=7).map(" ".join))
def test_the_quick_looks_agree_with_the_reading(comment: str) -> None:
    found, bad = fields.read(comment)
    if fields.are_plain(comment):
        assert bad == []
    if not bad:
        words = {key: getattr(found, key) for key in ("owner", "ticket", "allow") if getattr(found, key)}
        if found.until:
            words["until"] = found.until.isoformat()
        assert fields.words(comment) == words


def test_most_comments_need_the_quick_look_alone() -> None:
    assert fields.are_plain("owner=team-1 ticket=NET-4711 until=2027-03-28 who asked")
    assert fields.are_plain("prose")
    for comment in ("onwer=x", "until=2027-02-30", "until=2027-00-01", "owner=a owner=b", "owner=", "ticket=a,"):
        assert not fields.are_plain(comment)
