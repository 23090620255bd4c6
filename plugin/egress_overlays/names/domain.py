"""A domain on the list: its normal form, and what it covers.

The grammar of a name stands here alone, and says yes or no; `refusals` says why not.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LETTERS_DIGITS_HYPHEN_DOT = "abcdefghijklmnopqrstuvwxyz0123456789-."
_DIGITS = "0123456789"
_HEX_DIGITS = "0123456789abcdef"

# Names that mean this machine, this cluster, or nothing at all (RFC 6761; Kubernetes' DNS
# specification). `invalid` is also where the placeholder of a deny-everything list lives.
RESERVED = ("cluster.local", "svc", "localhost", "invalid")

HTTPS = 443
"""The port of a name without one."""

BY_HTTP = "/http"
"""What a name for plain HTTP ends in, after its port."""

PLACEHOLDER = "egress-domains.invalid"
"""The one host of a list that admits nothing: RFC 6761 promises that it never resolves."""
SECOND_PLACEHOLDER = "wildcards." + PLACEHOLDER
"""The same in a filter chain for wildcards alone: no two chains of a listener may hold one name."""


class InvalidDomain(ValueError):  # noqa: N818 - named after its concept, as in `InvalidX` of the field
    """A line that cannot stand on the list: `reason` says why, `accepted` what could stand there.

    `proposal` is the one name that may have been meant, where one can be made out.
    """

    def __init__(self, text: str, reason: str, accepted: str, proposal: str = "") -> None:
        super().__init__(f"{ascii_quoted(text)}: {reason}; {accepted}")
        self.text = text
        self.reason = reason
        self.accepted = accepted
        self.proposal = proposal


class Domain(str):
    """A normalised name, or `*.` and a normalised name, where `read` made it; any text where it stands in a manifest.

    Lower case, no trailing dot, A-labels only (RFC 1123 section 2.1, RFC 5890): the form in which
    Envoy compares an SNI. A name at another port than 443 ends in it, and one by plain HTTP in its port and `/http`, as
    `ports` writes them.
    """

    __slots__ = ()

    @property
    def base(self) -> str:
        """The name without the leading `*.`."""
        return self[2:] if self[0] == "*" else str(self)

    @property
    def is_wildcard(self) -> bool:
        """Whether this entry stands for every name below its base."""
        return self[:1] == "*"

    @property
    def port(self) -> int:
        """The port that the name is for; 443 of a text that stands in a manifest and is no name."""
        written = self.rpartition(":")[2].removesuffix(BY_HTTP) if ":" in self else ""
        return int(written) if written.isdecimal() and len(written) < 6 else HTTPS

    @property
    def is_http(self) -> bool:
        """Whether the name is for plain HTTP, by the Host of each request."""
        return self.endswith(BY_HTTP)

    @property
    def name(self) -> Domain:
        """The name, whatever its port."""
        return Domain(self.partition(":")[0]) if ":" in self else self

    def matches(self, host: str) -> bool:
        """Whether Envoy's `server_names` would match the lower-case name `host` with this entry.

        A wildcard matches at any depth below its base and never the base itself
        (Envoy, FilterChainMatch.server_names).
        """
        return host.endswith(self[1:]) and len(host) >= len(self) if self.is_wildcard else host == self

    def covers(self, other: str) -> bool:
        """Whether this entry stands for all that `other`, a name or `*.` and a name, stands for."""
        return other == self or (self.is_wildcard and other.endswith(self[1:]))

    def meets(self, other: Domain) -> bool:
        """Whether some name is one of both."""
        return self.covers(other) or other.covers(self)


def ascii_quoted(text: str, limit: int = 80) -> str:
    """`text` in double quotes, invisible and non-ASCII characters escaped, cut at `limit` characters."""
    cut = text if len(text) <= limit else text[:limit] + "..."
    escaped = ascii(cut)[1:-1].replace('"', '\\"').replace("\\'", "'")
    return f'"{escaped}"'


def read(text: str) -> tuple[Domain, ...] | None:
    """The domains that one entry of a list stands for, normalised; None where it stands for none.

    `name` and `*.name` give one domain, `.name` gives both.
    """
    name = text.lower() if text.isascii() else _alabels(text)
    if name[-1:] == ".":
        name = name[:-1]
    wildcard = name[:2] == "*."
    both = name[:1] == "."
    base = name[2:] if wildcard else name[1:] if both else name
    if not _is_hostname(base):
        return None
    if base.endswith(RESERVED) and is_reserved(base):
        return None
    if (wildcard or both) and _is_public_suffix(base):
        return None
    if wildcard:
        return (Domain("*." + base),)
    return (Domain(base), Domain("*." + base)) if both else (Domain(base),)


def _is_hostname(name: str) -> bool:
    """Whether `name` is a host name of two or more labels (RFC 1123 section 2.1) and no IP address."""
    # Stripping the alphabet leaves nothing only where every character belongs to it.
    if not name or len(name) > 253 or name.strip(_LETTERS_DIGITS_HYPHEN_DOT):
        return False
    if name[0] in "-." or name[-1] in "-." or ".." in name or "-." in name or ".-" in name:
        return False
    head, _, last = name.rpartition(".")
    # An all-numeric last label makes the whole an IPv4 address to resolvers and browsers, and so
    # does a hexadecimal one (WHATWG URL, "ends in a number").
    if not head or not last.strip(_DIGITS) or (last[:2] == "0x" and not last[2:].strip(_HEX_DIGITS)):
        return False
    if len(name) > 63 and max(map(len, name.split("."))) > 63:
        return False
    if "xn--" in name:
        from .idn import is_valid_alabels

        return is_valid_alabels(name)
    return True


def is_reserved(base: str) -> bool:
    """Whether `base` is one of the RESERVED names or stands below one."""
    return any(base == name or base.endswith("." + name) for name in RESERVED)


def _is_public_suffix(base: str) -> bool:
    from .public_suffix import is_icann_suffix

    return is_icann_suffix(base)


def _alabels(text: str) -> str:
    """`text`, which holds a non-ASCII character, with every label as an A-label; empty where there is none."""
    from .idn import Unencodable, to_alabels

    try:
        return to_alabels(text)
    except Unencodable:
        return ""


def minimise(domains: Iterable[Domain]) -> tuple[tuple[Domain, ...], dict[Domain, Domain]]:
    """The sorted domains without those that a wildcard among them covers, and what covers each left out.

    Istio refuses overlapping hosts in one VirtualService ("duplicate hosts"), so a covered name
    must not be emitted; `x.org` beside `*.x.org` is no overlap, for the wildcard misses the apex.
    """
    unique = set(domains)
    wildcards = {domain for domain in unique if domain[0] == "*"}
    kept = []
    covered = {}
    for domain in unique:
        cover = covering(domain, wildcards)
        if cover is None:
            kept.append(domain)
        else:
            covered[domain] = cover
    kept.sort()
    return tuple(kept), covered


def covering(domain: str, wildcards: set[Domain]) -> Domain | None:
    """The widest wildcard that covers `domain` and is not `domain` itself."""
    if not wildcards:
        return None
    found = None
    start = 2 if domain[0] == "*" else 0
    dot = domain.find(".", start)
    while dot != -1:
        candidate = "*" + domain[dot:]
        if candidate in wildcards:
            found = Domain(candidate)
        dot = domain.find(".", dot + 1)
    return found
