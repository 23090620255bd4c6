"""Logs that somebody wrote to mislead: they never stop the reader, never widen a list, and are counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accesslogs import counted, in_json, text
from egress_overlays import Domain, parse
from egress_overlays.logs import connection, tally
from egress_overlays.logs.learning import learn
from egress_overlays.logs.proposed import config_map
from egress_overlays.logs.workloads import Pods

NAMES = ["a.example.com", "b.example.com", "x.co.uk", "pay.example.net"]
WELL = [one for name in NAMES for one in (text(name), in_json(name))]


@given(st.lists(st.one_of(st.binary(max_size=300), st.sampled_from([line.encode() for line in WELL])), max_size=20))
def test_any_bytes_are_lines(lines: list[bytes]) -> None:
    """Every line is counted once, as a connection or as what it is not."""
    found = counted(*(line.replace(b"\n", b" ") for line in lines))
    assert found.lines == len(lines)
    connections = sum(seen.outcomes.total() for seen in found.pairs.values())
    assert connections + found.aside.total() == len(lines)


@given(st.sampled_from(WELL), st.data())
def test_a_line_that_lost_a_part_gives_no_other_name(line: str, data: st.DataObject) -> None:
    """Cut at the end or in the middle: never a name that was not asked for."""
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, len(line)))
    found = counted(line[:start] + line[end:])
    for _, name in found.pairs:
        assert any(one.endswith(name) or name in line for one in NAMES)


@given(st.sampled_from(WELL), st.sampled_from(WELL), st.data())
def test_two_lines_written_into_each_other_pair_no_name_with_another_client(
    one: str, other: str, data: st.DataObject
) -> None:
    """A client is named with a name that it asked for, or not at all."""
    at = data.draw(st.integers(1, len(one) - 1))
    mine, theirs = one.replace("10.1.2.3", "10.0.0.1"), other.replace("10.1.2.3", "10.0.0.2")
    pods = Pods("apps")
    for _, name in counted(mine[:at] + theirs + mine[at:], pods=pods).pairs:
        assert name in one or name in other


@given(st.text(max_size=80))
def test_any_name_is_listed_as_it_is_or_not_at_all(name: str) -> None:
    """What is proposed is a name that parses to itself, and never a wildcard."""
    proposals, _ = learn(counted(in_json(name)), "all", 3)
    for proposal in proposals:
        assert not proposal.wildcards
        for group in proposal.groups.values():
            for one in group:
                assert parse(one.name) == (Domain(one.name),)
        assert config_map(proposal, "default").isprintable() or "\n" in config_map(proposal, "default")


@pytest.mark.parametrize("name", [".example.com", "*.example.com", "*.a.example.com"])
def test_a_client_that_asks_for_a_wildcard_gets_none(name: str) -> None:
    found = counted(in_json(name), text(name))
    assert not found.pairs
    assert found.aside[tally.NO_NAMES] == 2


def test_made_up_names_open_no_wildcard() -> None:
    lines = [in_json(f"word{'abcdefgh'[number % 8]}{number}.evil.example.com") for number in range(400)]
    ((proposal,), _) = learn(counted(*lines), "all", 3)
    assert proposal.listed == 0
    assert not proposal.wildcards
    assert "400 names below example.com" in proposal.groups["example.com"][0].doubt


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("{}.evil.example.com", 10_000),
        ("{}.a{}.example.com", 500),
        ("a.{}.b.example.com", 500),
        ("{}-{}.example.com", 500),
        ("w{}.team.github.io", 500),
    ],
)
def test_names_below_one_domain_are_comments_whoever_asks(pattern: str, count: int) -> None:
    """Also where each client asks for a few: what is below one domain is counted over all of them."""
    lines = [
        f"[pod/web{number % 50}-0/istio-proxy] {text(pattern.format(_word(number), _word(number)))}"
        for number in range(count)
    ]
    (proposals, _) = learn(counted(*lines, pods=Pods("apps")), "namespace", 3)
    assert sum(one.listed for one in proposals) == 0
    assert not any(one.wildcards for one in proposals)


def _word(number: int) -> str:
    """A word for each number, which does not look generated."""
    return "".join(f"{'bdfgklmnprst'[digit]}{'aeiou'[digit % 5]}" for digit in map(int, f"{number:04}"))


@pytest.mark.parametrize("length", [254, 1 << 10, 1 << 16, 1 << 21])
def test_a_name_that_is_too_long_is_counted_and_nothing_else(length: int) -> None:
    name = f"{'a' * 60}." * (length // 61) + "example.com"
    for line in (text(name), in_json(name), f"[pod/web-0/istio-proxy] {text(name)}"):
        found = counted(line, text("well.example.org"))
        assert [one for _, one in found.pairs] == ["well.example.org"]
        assert found.aside.total() == 1


@pytest.mark.parametrize(
    "char", ["\0", "\t", "\x1b[2J", "\x7f", "\u202e", "\u200b", "\n  evil: |\n    x", '"', "#", "'"]
)
def test_a_name_with_such_characters_is_counted_and_never_printed_as_it_is(char: str) -> None:
    found = counted(in_json(f"api{char}.example.com"), text("well.example.org"))
    assert [one for _, one in found.pairs] == ["well.example.org"]
    proposals, _ = learn(found, "all", 3)
    assert [config_map(one, "default").count("\n") for one in proposals] == [9]


def test_an_answer_does_not_wash_a_refusal_away() -> None:
    """Who was refused once, by whatever, stays a comment, however often it is answered elsewhere."""
    name = "api.evil.org"
    refused = in_json(name, upstream_cluster="BlackHoleCluster", bytes_sent=0)
    lines = [refused, *[text(name)] * 1000, *[in_json(f"{name}.")] * 10, text(name.upper())]
    proposals, _ = learn(counted(*lines), "all", 3)
    assert sum(one.listed for one in proposals) == 0


def test_a_client_may_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_NAMES", 1000)
    found = counted(*(in_json(f"n{number}.example.com") for number in range(1500)))
    assert len(found.pairs) == 1000
    assert found.aside[connection.TOO_MANY] == 500
    assert [str(one) for one in found.crowded] == ["unknown"]
