"""What a name on a list opens beside what it was listed for: classes of risk, and what to write instead.

By a maintained table (`risk_table`), and by the public suffix list for wildcards over or above what many share.
"""

from __future__ import annotations

from .public_suffix import is_private_suffix, is_top_level, shared_below
from .risk_table import TABLE

# The function loads it where a policy names classes of risk: no typing and no functools.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .domain import Domain

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


class Risk:
    """A risk's class in `name`, the entry that it goes back to (`of`), its `source`, and that one's date (ISO 8601).

    `is_below`: the entry is one of those that the wildcard opens.
    """

    __slots__ = ("date", "is_below", "name", "of", "source")

    def __init__(
        self,
        name: str,
        of: str,
        source: str = "https://publicsuffix.org/list/",
        date: str = "",
        *,
        is_below: bool = False,
    ) -> None:
        self.name = name
        self.of = of
        self.source = source
        self.date = date
        self.is_below = is_below

    def __repr__(self) -> str:
        return f"Risk({self.name!r}, {self.of!r}, is_below={self.is_below})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Risk) and all(getattr(self, key) == getattr(other, key) for key in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.name, self.of))

    def below(self, *, is_below: bool = True) -> Risk:
        """The same, where a wildcard opens the entry."""
        return Risk(self.name, self.of, self.source, self.date, is_below=is_below)

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
    domain = domain.name
    base, entries = domain.base, _entries()
    if not is_top_level(base.rpartition(".")[2]) and base.rpartition(".")[2] not in _PRIVATE_TOP_LEVELS:
        return Risk("unknown-top-level", base.rpartition(".")[2])
    if _tail(base) not in _tails():
        return _risk_of_wildcard(base) if domain.is_wildcard else None
    if base in entries:
        return entries[base].below(is_below=domain.is_wildcard)
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
    entries = _entries()
    # Looked for in one text first: most wildcards are over none of them.
    below = next((one for one in entries if one.endswith("." + base)), "") if f".{base} " in _names_read() else ""
    below = below or shared_below(base)
    if below:
        return entries.get(below, Risk("shared-suffix", below)).below()
    return None


_read: dict[str, Risk] = {}
_text: list[str] = []


_last_labels: set[str] = set()


def _tail(name: str) -> str:
    """The last two labels of a name."""
    return name[name.rfind(".", 0, name.rfind(".")) + 1 :]


def _tails() -> set[str]:
    """The last two labels of all entries: of most names they say that none is above it."""
    if not _last_labels:
        _last_labels.update(map(_tail, _entries()))
    return _last_labels


def _names_read() -> str:
    """All entries, each with a blank behind it."""
    if not _text:
        _text.append(" ".join([*_entries(), ""]))
    return _text[0]


def _entries() -> dict[str, Risk]:
    for name, source, date, entries in () if _read else TABLE:
        for entry in entries.split():
            _read.setdefault(entry, Risk(name, entry, source, date))
    return _read
