"""The lines that components/client-lists has the gateway write, which have a quick way of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accesslogs import AT, counted, outcomes

LINE: dict[str, Any] = {
    "client": "spiffe://cluster.local/ns/blog/sa/web",
    "decision": "denied",
    "details": "rbac_access_denied_matched_policy[none]",
    "list": None,
    "log": "egress-overlays.clients",
    "name": "api.example.com",
    "time": AT,
}


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"decision": "allowed", "details": None, "list": "default"},
        {"decision": "allowed", "details": None, "list": "reported by till until 2027-03-31, else x"},
        {"list": "reported by till until 2027-03-31, else x"},
        {"list": "reported by till until 2027-03-31, else x", "details": None},
        {"port": "9093"},
        {"port": 9093},
        {"name": None},
        {"name": 'a "quoted" \u00e9 name'},
        {"name": "{braces}.example.com"},
        {"client": None},
        {"log": "another"},
        {"log": None},
        {"time": None},
        {"time": 5},
        {"further": "key"},
        {"message": {"inner": "object"}},
        {"client": None, "kubernetes": {"namespace_name": "shop", "pod_name": "web-0"}},
    ],
    ids=str,
)
def test_the_order_of_keys_makes_no_difference(others: dict[str, Any]) -> None:
    """Envoy sorts them, and so do log stores or not: a line that begins with another key is read another way."""
    line = {**LINE, **others}
    assert json.dumps(line, separators=(",", ":")).startswith('{"client":')
    apart = {key: line[key] for key in sorted(line, reverse=True)}
    one, other = (counted(json.dumps(each, separators=(",", ":"))) for each in (line, apart))
    assert outcomes(one) == outcomes(other)
    assert (one.aside, one.window) == (other.aside, other.window)
