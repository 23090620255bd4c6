"""What a name on a list opens beside what it was listed for: classes of risk, and what to write instead.

By a maintained table (`risk_table`), and by the public suffix list for wildcards over or above what many share.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .domain import Domain
from .public_suffix import is_private_suffix, is_top_level, shared_below
from .risk_table import TABLE

# Of these, every name below an entry is as risky as the entry itself; of others a name below is one customer's own.
_AS_A_WHOLE = {"paste", "tunnel", "webhook", "dns-over-https", "dynamic-dns"}

CLASSES = {
    "paste": ("is a paste or upload site, where anybody can leave data", "use a store of your own"),
    "tunnel": ("is a tunnel service, which leads to anybody's machine", "give the target a name of its own"),
    "webhook": ("hands what is sent there to whoever asked for it", "name the service that should get it"),
    "dns-over-https": ("resolves names past your own DNS, which carries data out", "use the cluster's resolver"),
    "object-store": ("is an object store of many customers", "name the host of your own bucket"),
    "user-content": ("serves what any user uploads", "keep a copy, and name where that is"),
    "dynamic-dns": ("is free dynamic DNS, whose names anybody can take", "name a host of a domain that somebody owns"),
    "shared-suffix": ("hands out names to any customer", "name the ones you use"),
    "unknown-top-level": ("lies under a top-level domain that does not exist", "correct the name"),
}
"""Each class of risk: what is the matter, and what to write instead."""

# Not in the root zone, and meant not to be (RFC 2606, RFC 6762, ICANN's .internal).
_PRIVATE_TOP_LEVELS = {"example", "test", "internal", "local", "home", "corp", "lan"}


class Risk(NamedTuple):
    """A risk's class in `name`, the entry that it goes back to (`of`), its `source`, and that one's date (ISO 8601).

    `is_below`: the entry is one of those that the wildcard opens.
    """

    name: str
    of: str
    source: str = "https://publicsuffix.org/list/"
    date: str = ""
    is_below: bool = False

    @property
    def said(self) -> str:
        """What is the matter."""
        matter = CLASSES[self.name][0]
        if self.name == "unknown-top-level":
            return matter
        return f"opens all of {self.of}, which {matter}" if self.is_below else f"{self.of} {matter}"

    @property
    def instead(self) -> str:
        """What to write instead."""
        return CLASSES[self.name][1]


def risk_of(domain: Domain) -> Risk | None:
    """The gravest risk of `domain`, a name or a wildcard; None where none is known."""
    base, entries = domain.base, _entries()
    if not is_top_level(base.rpartition(".")[2]) and base.rpartition(".")[2] not in _PRIVATE_TOP_LEVELS:
        return Risk("unknown-top-level", base.rpartition(".")[2])
    if base in entries:
        return entries[base]._replace(is_below=domain.is_wildcard)
    above = base.partition(".")[2]
    while "." in above:
        found = entries.get(above)
        if found and found.name in _AS_A_WHOLE:
            return found
        above = above.partition(".")[2]
    return _risk_of_wildcard(base) if domain.is_wildcard else None


def _risk_of_wildcard(base: str) -> Risk | None:
    if is_private_suffix(base):
        return Risk("shared-suffix", base, is_below=True)
    below = next((entry for entry in _entries() if entry.endswith("." + base)), "") or shared_below(base)
    if below:
        return _entries().get(below, Risk("shared-suffix", below))._replace(is_below=True)
    return None


@cache
def _entries() -> dict[str, Risk]:
    found: dict[str, Risk] = {}
    for name, source, date, entries in TABLE:
        for entry in entries.split():
            found.setdefault(entry, Risk(name, entry, source, date))
    return found
