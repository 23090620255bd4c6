"""What `import` makes of random files: no name is open that the format's own decision denies, unless a note says so.

The evaluators are written from each format's documentation, and decide one host at a time.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

import quick_yaml as yaml
from egress_overlays import Source, import_lists
from evaluated import DOTTED, LISTS, NAME, check

if TYPE_CHECKING:
    from collections.abc import Sequence


def smokescreen(acl: dict[str, list[str]], host: str) -> bool:
    """acl/v1, Decide: the service's list, the global deny list, the global allow list, enforce."""

    def on(key: str) -> bool:
        return any(host == glob or (glob[0] == "*" and host.endswith(glob[1:])) for glob in acl[key])

    return on("own") or (not on("deny") and on("allow"))


@given(own=LISTS, deny=LISTS, allow=LISTS)
def test_smokescreen(own: list[str], deny: list[str], allow: list[str]) -> None:
    text = yaml.safe_dump(
        {
            "services": [{"name": "a", "action": "enforce", "allowed_domains": own}],
            "global_deny_list": deny,
            "global_allow_list": allow,
        }
    )
    found = import_lists([Source("acl.yaml", text.encode())])
    check(found, lambda host: smokescreen({"own": own, "deny": deny, "allow": allow}, host))


def nginx(entries: Sequence[tuple[str, bool]], host: str) -> bool:
    """ngx_stream_map_module with hostnames: an exact name, then the longest wildcard, then the default."""
    known = dict(reversed(entries))
    if host in known:
        return known[host]
    labels = host.split(".")
    for start in range(len(labels)):
        rest = ".".join(labels[start:])
        if "." + rest in known:
            return known["." + rest]
        if start and "*." + rest in known:
            return known["*." + rest]
    return False


ENTRY = st.tuples(st.builds("{}{}".format, st.sampled_from(["", "*.", "."]), NAME), st.booleans())


@given(entries=st.lists(ENTRY, max_size=5, unique_by=lambda entry: entry[0].removeprefix("*")), chained=st.booleans())
def test_nginx(entries: list[tuple[str, bool]], chained: bool) -> None:
    yes, no = ("1", "0") if chained else ("$ssl_preread_server_name:443", "127.0.0.1:9")
    lines = "".join(f"  {key} {yes if goes else no};\n" for key, goes in entries)
    more = 'map $a $to { 1 "$ssl_preread_server_name:443"; default ""; }\n' if chained else ""
    text = f"map $ssl_preread_server_name ${'a' if chained else 'to'} {{\n  hostnames;\n{lines}}}\n{more}"
    found = import_lists([Source("n.conf", f"{text}server {{ ssl_preread on; proxy_pass $to; }}\n".encode())])
    check(found, lambda host: nginx(entries, host))


def squid(lists: Sequence[Sequence[str]], rules: Sequence[tuple[bool, bool, int]], host: str) -> bool:
    """http_access: the first line that holds, else the opposite of the last."""

    def holds(number: int) -> bool:
        return any(
            host == name or (name[0] == "." and (host == name[1:] or host.endswith(name))) for name in lists[number]
        )

    for allows, negated, number in rules:
        if holds(number) != negated:
            return allows
    return not rules[-1][0]


RULE = st.tuples(st.booleans(), st.booleans(), st.integers(0, 1))


@given(
    lists=st.lists(st.lists(DOTTED, min_size=1, max_size=3), min_size=2, max_size=2),
    rules=st.lists(RULE, min_size=1, max_size=4),
)
def test_squid(lists: list[list[str]], rules: list[tuple[bool, bool, int]]) -> None:
    text = "".join(f"acl l{number} dstdomain {' '.join(names)}\n" for number, names in enumerate(lists))
    for allows, negated, number in rules:
        text += f"http_access {'allow' if allows else 'deny'} {'!' if negated else ''}l{number}\n"
    check(import_lists([Source("squid.conf", text.encode())]), lambda host: squid(lists, rules, host))


def cilium(pattern: str, host: str) -> bool:
    """matchpattern: `*` is any number of characters of one label, `**.` at the start any number of labels."""
    if pattern.startswith("**."):
        return host.endswith(pattern[2:]) and len(host) > len(pattern) - 2
    return host.count(".") == pattern.count(".") and all(
        fnmatchcase(one, two) for one, two in zip(host.split("."), pattern.split("."), strict=True)
    )


PATTERN = st.builds("{}{}".format, st.sampled_from(["", "*.", "**.", "a*."]), NAME)


@given(fqdns=st.lists(PATTERN, max_size=3), names=st.lists(PATTERN, max_size=2))
def test_cilium(fqdns: list[str], names: list[str]) -> None:
    port = {"ports": [{"port": "443", "protocol": "TCP"}], **({"serverNames": names} if names else {})}
    rule = {"toPorts": [port], "toFQDNs": [{"matchPattern": pattern} for pattern in fqdns]}
    policy = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": "p"},
        "spec": {"endpointSelector": {}, "egress": [rule] if fqdns else []},
    }
    found = import_lists([Source("p.yaml", yaml.safe_dump(policy).encode())])
    check(
        found,
        lambda host: any(cilium(one, host) for one in fqdns) and (not names or any(cilium(one, host) for one in names)),
    )


def test_a_name_beside_an_expression_on_one_line_is_asked_first() -> None:
    """ngx_stream_map_module: names go before regular expressions, wherever they stand."""
    entries = "hostnames; ~^(.+\\.)?example\\.net$ $ssl_preread_server_name:443; bad.example.net 127.0.0.1:9;"
    text = f"map $ssl_preread_server_name $to {{ {entries} }}\nserver {{ ssl_preread on; proxy_pass $to; }}\n"
    found = import_lists([Source("n.conf", text.encode())])
    assert (found.groups, found.notes) == ({"to": {".example.net": "", "!bad.example.net": ""}}, [])
