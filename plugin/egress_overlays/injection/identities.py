"""Expressions for clients, and the rules by which Envoy lets some of them through; loaded with limited lists.

A client is known by what the mesh listener has read in its certificate, and left for the internal listener.
"""

from __future__ import annotations

import re

from ..lists.clients import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

TYPE = "type.googleapis.com/"
FILTER_STATE_KEY = "egress-overlays.client"
"""Where the mesh listener leaves the client's identity for the internal listener."""
_ANY = "[^/,]+"
_IDENTITY = re.compile(r"spiffe://\((?P<trust>[a-z0-9._\\|-]+)\)/ns/(?P<namespace>[^/]+|\[\^/,\]\+)/sa/(?P<account>.+)")


def clients_of(rule: str) -> list[tuple[tuple[str, ...], Client]]:
    """The trust domains and the client of each expression of a `rule` of `among`; raises ValueError for any other."""
    return [_client_of(expression) for expression in re.split(r"\|(?=spiffe:)", rule)]


def _client_of(expression: str) -> tuple[tuple[str, ...], Client]:
    """What `identity` wrote as `expression`."""
    match = _IDENTITY.fullmatch(expression)
    if match is None:
        raise ValueError("an expression of another kind")
    parts = (match["namespace"], match["account"])
    client = Client("/".join("*" if part == _ANY else _unescaped(part) for part in parts))
    return tuple(map(_unescaped, match["trust"].split("|"))), client


def _unescaped(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part)


def trusted(domains: Sequence[str]) -> str:
    """What the identities of these trust domains begin with."""
    return f"spiffe://({'|'.join(map(re.escape, domains))})"


def identity(of: str, client: Client) -> str:
    """The expression for the identities of `client`, which begin with `of`."""
    namespace = _ANY if client.namespace == "*" else re.escape(client.namespace)
    account = _ANY if client.service_account == "*" else re.escape(client.service_account)
    return f"{of}/ns/{namespace}/sa/{account}"


def among(title: str, expressions: Sequence[str]) -> dict[str, Any]:
    """The rule that lets the identities of `expressions` through, as `title`."""
    return {
        "predicate": {
            "single_predicate": {
                "input": {
                    "name": "client",
                    "typed_config": {
                        "@type": TYPE + "envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
                        "key": FILTER_STATE_KEY,
                    },
                },
                "value_match": {"safe_regex": {"google_re2": {}, "regex": "|".join(expressions)}},
            }
        },
        "on_match": allow(title),
    }


def allow(title: str) -> dict[str, Any]:
    """What lets a connection through; the access log names `title` as what decided."""
    action = {"@type": TYPE + "envoy.config.rbac.v3.Action", "name": title, "action": "ALLOW"}
    return {"action": {"name": "allow", "typed_config": action}}
