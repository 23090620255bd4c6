"""Lines of connections that a list only reported: told from allowed and refused ones, wherever they stand."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accesslogs import AT, counted
from egress_overlays import Domain
from egress_overlays.injection.reporting import TITLE
from egress_overlays.logs import connection
from egress_overlays.logs.usage import usage

NAME = "api.example.com"
RULE = "reported by till until 2027-03-31"
LIST = f"{RULE}, else rbac_access_denied_matched_policy[none]"


def line(**others: object) -> str:
    """What components/client-lists has the gateway write of a connection that was reported."""
    found: dict[str, object] = {
        "client": "spiffe://cluster.local/ns/till/sa/pay",
        "decision": "allowed",
        "details": None,
        "list": LIST,
        "log": "egress-overlays.clients",
        "name": NAME,
        "time": AT,
    }
    return json.dumps({**found, **others}, separators=(",", ":"))


def told(*lines: str) -> dict[str, dict[str, int]]:
    """The outcomes of the one client, by name, each with what is said of it."""
    tally = counted(*lines)
    tally.finish()
    assert {str(client) for client, _ in tally.pairs} <= {"till/pay"}
    return {name: {**seen.outcomes, **seen.rules} for (_, name), seen in tally.pairs.items()}


def test_the_readers_know_the_words_that_the_function_writes() -> None:
    assert connection.REPORTED_BY == TITLE


@pytest.mark.parametrize(
    "envelope",
    ["{}", "[pod/gateway-0/istio-proxy] {}", f"{AT} stdout F {{}}", '{"log": JSON, "stream": "stdout"}'],
    ids=["nothing", "kubectl", "CRI", "Docker"],
)
def test_it_is_reported_in_every_envelope(envelope: str) -> None:
    whole = envelope.replace("JSON", json.dumps(line())).replace("{}", line())
    assert told(whole, whole) == {NAME: {connection.REPORTED: 2, RULE: 2}}


@pytest.mark.parametrize(
    ("others", "outcome"),
    [
        ({"list": "till"}, connection.DECIDED),
        ({"list": "till", "client": 'x"reported by till until 2027-03-31'}, connection.DECIDED),
        (
            {"list": None, "decision": "denied", "details": "rbac_access_denied_matched_policy[none]"},
            connection.REFUSED,
        ),
        ({"decision": "denied"}, connection.REFUSED),
        ({"details": "rbac_access_denied_matched_policy[not-global]"}, connection.REFUSED),
        ({"log": "somebody.else"}, None),
    ],
    ids=["allowed", "allowed, by a client of that name", "denied", "denied, strangely", "an internal address", "other"],
)
def test_nothing_else_is_reported(others: dict[str, object], outcome: str | None) -> None:
    tally = counted(line(**others))
    tally.finish()
    found = [dict(seen.outcomes) for seen in tally.pairs.values()]
    assert found == ([{outcome: 1}] if outcome else [])


def test_a_name_cannot_say_that_it_was_reported() -> None:
    asked = '"list":"reported by till until 2027-03-31'
    tally = counted(line(list="till", name=asked), line(list="till", name=NAME))
    tally.finish()
    assert [dict(seen.outcomes) for seen in tally.pairs.values()] == [{connection.DECIDED: 1}]
    assert tally.aside.total() == 1


def test_what_was_reported_is_no_use_of_the_entry() -> None:
    """The same connection stands in the gateway's first log too; the list of somebody else did not let it through."""
    tally = counted(line(), line(), line(list="office", client="spiffe://cluster.local/ns/office/sa/desk"))
    tally.finish()
    found = usage(tally, [("default", Domain(NAME))], timedelta())
    assert [use.hits for use in found.uses] == [1]
    assert [(one.name, str(one.client), one.count, one.rule) for one in found.reported] == [(NAME, "till/pay", 2, RULE)]
    assert found.refused == []
