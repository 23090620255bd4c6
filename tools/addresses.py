"""Writes the ranges of docs/addresses.md to where they are refused: `make addresses`; with --check, says what differs.

Each of OUTPUTS holds the ranges in one form, in blocks that nothing else stands in.
"""

from __future__ import annotations

import ipaddress
import re
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs/addresses.md"
_ROW = re.compile(r"^\| (?P<range>[0-9a-f:.]+/\d+) \| (?P<what>.*?)(?: \(\[.*\]\(.*\)\))? \|$", re.MULTILINE)


class Refused(NamedTuple):
    """A range, and what it is."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    what: str


def table() -> list[Refused]:
    """The ranges of docs/addresses.md, in order."""
    return [Refused(ipaddress.ip_network(row["range"]), row["what"]) for row in _ROW.finditer(TABLE.read_text())]


_MATCHER = "envoy.rbac.matchers.upstream_ip_port"
_TYPE = "type.googleapis.com/envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher"


def _prefix(one: Refused) -> str:
    address = str(one.network.network_address)
    quoted = f'"{address}"' if ":" in address else address
    return f"{{ address_prefix: {quoted}, prefix_len: {one.network.prefixlen} }}"


def _envoy(one: Refused) -> str:
    return f"""- matcher: # {one.what}
    name: {_MATCHER}
    typed_config:
      "@type": {_TYPE}
      upstream_ip: {_prefix(one)}"""


def _envoy_in_a_line(one: Refused) -> str:
    typed = f'{{ "@type": {_TYPE}, upstream_ip: {_prefix(one)} }}'
    return f"- matcher: {{ name: {_MATCHER}, typed_config: {typed} }} # {one.what}"


def _policy(one: Refused) -> str:
    return f"- {one.network} # {one.what}"


def _unbound(one: Refused) -> str:
    return f"private-address: {one.network} # {one.what}"


def _python(one: Refused) -> str:
    return f'("{one.network}", "{one.what}"),'


OUTPUTS = {
    "base/envoyfilter.yaml": (r"- matcher: # .*\n(?: +(?!- ).*\n){3} +upstream_ip: .*", _envoy),
    "base-direct/addresses/envoyfilter.yaml": (r"- matcher: \{ .* # .*", _envoy_in_a_line),
    "deploy/envoy-gateway/envoypatchpolicy.yaml": (r"- matcher: \{ .* # .*", _envoy_in_a_line),
    "components/restrict-direct-egress/direct-namespace/networkpolicy.yaml": (r"- [0-9a-f:.]+/\d+ # .*", _policy),
    "base/networkpolicy.yaml": (r"- [0-9a-f:.]+/\d+ # .*", _policy),
    "components/resolver/unbound.conf": (r"private-address: .*", _unbound),
    "plugin/egress_overlays/policies/refused_ranges.py": (r'\("[0-9a-f:.]+/\d+", ".*"\),', _python),
}


def written(path: str, text: str) -> str:
    """`text`, that of the file `path`, with the ranges of the table in every block of them."""
    line, form = OUTPUTS[path]

    def block(found: re.Match[str]) -> str:
        # A block of the NetworkPolicy is for one family.
        versions = (
            {4, 6} if not path.endswith("networkpolicy.yaml") else {6 if ":" in found[0].partition("#")[0] else 4}
        )
        return textwrap.indent(
            "".join(f"{form(one)}\n" for one in table() if one.network.version in versions), found["indent"]
        )

    return re.sub(rf"^(?P<indent> *){line}\n(?:^(?P=indent){line}\n)*", block, text, flags=re.MULTILINE)


def main() -> int:
    """Write the outputs, or with --check name those that differ."""
    differing = []
    for path in OUTPUTS:
        file = ROOT / path
        before = file.read_text()
        after = written(path, before)
        if after != before:
            differing.append(path)
            if "--check" not in sys.argv:
                file.write_text(after)
    for path in differing:
        sys.stderr.write(f"{path}: {'differs from docs/addresses.md' if '--check' in sys.argv else 'written'}\n")
    return int("--check" in sys.argv and bool(differing))


if __name__ == "__main__":
    raise SystemExit(main())
