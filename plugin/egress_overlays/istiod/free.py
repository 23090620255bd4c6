"""What of a gateway of base/ may be changed on purpose, and a part of it without that: what no one may change.

Everything that is not named here is fixed: it must be as base/ and components/ of this version have it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..sites.virtual_hosts import denies

Message = dict[str, Any]

FREE = {
    "access_log": "logs decide nothing; of the sorts of `_LOGGER`, which write or send a line, or count it",
    "access_log_options": "logs decide nothing",
    "circuit_breakers": "how many connections, not which",
    "connect_timeout": "how long, not where to",
    "connection_balance_config": "how connections are spread over threads",
    "dns_cache_circuit_breaker": "how many look-ups, not of what",
    "dns_failure_refresh_rate": "how often is asked, not whom",
    "dns_min_refresh_rate": "how often is asked, not whom",
    "dns_query_timeout": "how long, not whom",
    "dns_refresh_rate": "how often is asked, not whom",
    "host_ttl": "how long a name is remembered",
    "idle_timeout": "how long a connection may be silent",
    "listener_filters_timeout": "how long a client may wait with its name; it is closed then",
    "max_connect_attempts": "how often, not where to",
    "max_downstream_connection_duration": "how long, not where to",
    "max_early_data_bytes": "how much is held back; Envoy wants it above 0 where it waits",
    "max_hosts": "how many names are remembered",
    "per_connection_buffer_limit_bytes": "how much is held back",
    "query_timeout_seconds": "how often is asked, not whom",
    "query_tries": "how often is asked, not whom",
    "shadow_rules_stat_prefix": "a name in statistics",
    "stat_prefix": "a name in statistics",
    "upstream_connection_options": "keep-alive of TCP",
}
"""Fields that may have any value, and why, wherever they stand."""

_LOGGER = re.compile(
    r"type\.googleapis\.com/envoy\.extensions\.access_loggers\."
    r"(?:file|fluentd|grpc|open_telemetry|stats|stream)\.v3\.[A-Za-z]+"
)
NAMES = "<names>"
DENIED_ADDRESSES = "denied-addresses"
"""The policy of components/deny-addresses."""
_WIDEST = {4: 4, 6: 7}
_ADDRESSES = "<addresses>"
_CLIENTS = "<clients>"
_CACHE = "<a name for these settings>"
_MATCHER = "type.googleapis.com/envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher"


def fixed(part: Any) -> Any:
    """A copy of `part` without what is free; in place of the lists that other rules judge a word stands."""
    if isinstance(part, list):
        return [fixed(item) for item in part if not denies(item)]  # such a virtual host lets nothing through
    if not isinstance(part, dict):
        return part
    return {
        key: _fixed(key, value)
        for key, value in part.items()
        if (key not in FREE or _runs_code(key, value)) and not _reports(key, part)
    }


def _reports(key: str, part: Message) -> bool:
    """Whether `key` of `part`, rules for clients, is what a list that only reports adds; rules of verify judge it."""
    if key != "on_no_match" or part.keys() != {"matcher_tree", "on_no_match"}:
        return False
    from ..injection.reporting import read

    return read(part[key]) is not None


def _runs_code(key: str, value: Any) -> bool:
    """Whether access logs are of another sort than those that write or send a line: a Wasm module is a program."""
    entries = value if isinstance(value, list) else [value]
    return key == "access_log" and not all(
        isinstance(one, dict) and _LOGGER.fullmatch(str(_type_of(one))) for one in entries
    )


def _type_of(logger: Message) -> Any:
    config = logger.get("typed_config")
    return config.get("@type") if isinstance(config, dict) else None


def _fixed(key: str, value: Any) -> Any:
    if key in ("server_names", "domains") and isinstance(value, list):
        # Of a filter chain, or of a virtual host: an empty list, or an empty name, stands for every name.
        return NAMES if value and all(isinstance(n, str) and n for n in value) else fixed(value)
    if key == "domain_matchers" and isinstance(value, list):
        return _CLIENTS
    if key == "dns_cache_config" and isinstance(value, dict):
        return fixed({**value, "name": _CACHE})
    if key == "not_rule" and _are_addresses(value):
        return _ADDRESSES
    if key == "rules" and isinstance(value, dict) and value.get("action") == "DENY":
        return fixed(_without_denied_addresses(value))
    return fixed(value)


def _without_denied_addresses(rules: Message) -> Message:
    """`rules` without what components/deny-addresses adds: rules that DENY let less through with each policy."""
    policies = rules.get("policies")
    if not isinstance(policies, dict):
        return rules
    own = policies.get(DENIED_ADDRESSES)
    permissions = own.get("permissions") if isinstance(own, dict) else None
    if not isinstance(permissions, list) or len(permissions) != 1 or not _are_addresses(permissions[0]):
        return rules
    if own != {"principals": [{"any": True}], "permissions": permissions}:
        return rules
    return {**rules, "policies": {name: policy for name, policy in policies.items() if name != DENIED_ADDRESSES}}


def _are_addresses(value: Any) -> bool:
    """Whether these are ranges as components/allow-private-addresses takes them out; none that holds every address."""
    try:
        rules = value["or_rules"]["rules"]
        configs = [rule["matcher"]["typed_config"] for rule in rules]
        are_matchers = set(value) == {"or_rules"} and all(
            set(rule) == {"matcher"}
            and config["@type"] == _MATCHER
            and set(config) <= {"@type", "upstream_ip", "upstream_port_range"}
            for rule, config in zip(rules, configs, strict=True)
        )
        return are_matchers and not _are_too_wide([config["upstream_ip"] for config in configs])
    except (KeyError, TypeError, ValueError):
        return False


def _are_too_wide(ranges: list[Message]) -> bool:
    """Whether one of these is wider than any that is not public (240.0.0.0/4, fc00::/7), or they hold half of all."""
    from ipaddress import ip_network

    found = [ip_network(f"{one['address_prefix']}/{one['prefix_len']}", strict=False) for one in ranges]
    sizes = {4: 0, 6: 0}
    for one in set(found):
        if one.prefixlen < _WIDEST[one.version]:
            return True
        sizes[one.version] += one.num_addresses
    return sizes[4] >= 1 << 31 or sizes[6] >= 1 << 127


def client_rules(part: Any) -> Iterator[str]:
    """Each way in which rules for clients are written in `part`, without the names and the identities themselves."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "domain_matchers" and isinstance(value, list):
                yield from (text(_rule(rule)) for rule in value)
            else:
                yield from client_rules(value)
    elif isinstance(part, list):
        for item in part:
            yield from client_rules(item)


def _rule(node: Any) -> Any:
    """`node` of a rule for clients, with a word for the names, for the identities and for what the log calls it."""
    if isinstance(node, list):
        return [_rule(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _rule(value) for key, value in node.items()}
    if isinstance(node.get("domains"), list):
        copy["domains"] = NAMES
    if str(node.get("regex", "")).startswith("spiffe://("):
        copy["regex"] = _CLIENTS
    if node.get("action") in ("ALLOW", "DENY") and "name" in node:
        copy["name"] = _CLIENTS
    return copy


def text(part: Any) -> str:
    """One spelling of `part`."""
    return json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
