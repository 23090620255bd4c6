"""One set of lists for every way out, and names to ask for: what is on the lists, what is not, and what is nearly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import quick_yaml as yaml
from builds import ROOT
from egress_overlays.lists.allowlist import read
from egress_overlays.manifest.resource import Resource

if TYPE_CHECKING:
    from egress_overlays.lists.allowlist import AllowSet

DOMAINS = (ROOT / "tests/e2e/ways/moving/lists/domains.yaml").read_text()
ASKED = (
    *("shop.moving.example.com", "a.b.moving.example.com", "moving.example.com", "example.com"),
    *("exact.moving.example.org", "below.exact.moving.example.org", "moving.example.org", "exact-moving.example.org"),
    *("shop.moving.example.com.example.net", "xmoving.example.com", "elsewhere.example.net"),
)


def of_lists() -> AllowSet:
    """The set that the lists are, as the function reads them."""
    sets, findings = read([Resource(one) for one in yaml.safe_load_all(DOMAINS)])
    assert not findings
    return sets["default"]


LISTED = {str(host) for host in of_lists().hosts}
ADMITTED = {name for name in ASKED if of_lists().covering(name)}
assert len(ADMITTED) == 3
