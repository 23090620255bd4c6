"""The connections of docs/ways.md: what each way out is asked, in groups, and whether it should be reached."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from egress_overlays.probe.client import with_raw_name
from hellos import of_size, with_ech, with_two_names

from .askers import SITE
from .network import NODE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .askers import Asker
    from .internet import Internet

ZONE, EXACT, EXACT_LIE = "ways.example.com", "shop.exact.example.org", "lie.exact.example.org"
WILDCARD, OTHERS = f"*.{ZONE}", "*.others.example.com"
EVERYBODY, LISTS = (WILDCARD, EXACT, EXACT_LIE), (WILDCARD, EXACT, EXACT_LIE, OTHERS)
LISTED, DEEP, THEIRS, UNLISTED = f"shop.{ZONE}", f"a.b.{ZONE}", "shop.others.example.com", "elsewhere.example.net"
THEIR_SITE, STRANGER, DEAD = "185.15.63.11", "185.15.63.12", "185.15.63.199"
INSIDE, BEHIND_DEAD, BEHIND_LIVE, METADATA = "10.0.0.1", "192.168.7.7", "192.168.7.8", "169.254.169.254"
SHARED, INSIDE_V6, LATER = "100.64.0.1", "fd00::1", "192.168.7.9"
ANSWERS = {
    "10.0.0.1": (f"lie.{ZONE}", [INSIDE], INSIDE),
    "100.64.0.1 (shared address space)": (f"shared.{ZONE}", [SHARED], SHARED),
    "169.254.169.254 (metadata service)": (f"metadata.{ZONE}", [METADATA], METADATA),
    "an address of a node": (f"node.{ZONE}", [NODE], NODE),
    "fd00::1": (f"v6.{ZONE}", [INSIDE_V6], INSIDE_V6),
    "::ffff:10.0.0.1": (f"mapped.{ZONE}", ["::ffff:a00:1"], INSIDE),
    "an address of the internet, then 192.168.7.8": (f"mixed.{ZONE}", [SITE, BEHIND_LIVE], BEHIND_LIVE),
    "a dead address, then 192.168.7.7": (f"behind.{ZONE}", [DEAD, BEHIND_DEAD], BEHIND_DEAD),
}
"""What DNS says of a listed name: the name, the addresses, and which of them nobody may reach."""
REBINDS, NOWHERE = f"rebinds.{ZONE}", f"nowhere.{ZONE}"
LOOK_ALIKES = (f"evil{ZONE}", f"{LISTED}.evil.example.net")
BELOW_EXACT = f"a.{EXACT}"
NAMES = [LISTED, DEEP, *(name for name, _, _ in ANSWERS.values()), REBINDS, NOWHERE]
"""The names below the wildcard that are asked for: where a way takes no wildcard, they are its list."""
REBOUND_WITHIN = 9  # seconds: Envoy asks DNS again after 5 at the least
PLAIN = b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % LISTED.encode()


@dataclass(frozen=True)
class Connection:
    """One of them: None is what a way cannot be asked."""

    group: str
    title: str
    should: bool
    ask: Callable[[Asker], bool | None]


def serve(internet: Internet) -> None:
    """The servers of all names, and of addresses that should not be reached."""
    for name in (LISTED, DEEP, EXACT, ZONE, BELOW_EXACT, REBINDS, *LOOK_ALIKES):
        internet.serve(name, SITE)
    internet.serve(THEIRS, THEIR_SITE)
    internet.serve(UNLISTED, STRANGER)
    internet.serve(EXACT_LIE, INSIDE)
    for name, addresses, forbidden in ANSWERS.values():
        internet.listen(forbidden)
        internet.dns.records[name] = addresses
    internet.listen(LATER)
    for address, port in itertools.product((SITE, STRANGER), (8443, 80)):
        internet.listen(address, port)


def _rebound(asker: Asker) -> bool | None:
    """Whether a name is followed inside once DNS says so, after its own site was reached."""
    records = asker.internet.dns.records
    asker.asks(REBINDS)
    records[REBINDS] = [LATER]
    try:
        deadline = time.monotonic() + REBOUND_WITHIN
        while not (found := asker.asks(REBINDS, LATER)) and time.monotonic() < deadline:
            time.sleep(1)
        return found
    finally:
        records[REBINDS] = [SITE]


def _answered(what: str, times: int = 6) -> Callable[[Asker], bool | None]:
    name, addresses, forbidden = ANSWERS[what]
    return lambda one: one.asks(name, forbidden, times=times if len(addresses) > 1 else 1)


def _asked(name: str | None, *, raw: bytes = b"") -> Callable[[Asker], bool | None]:
    return lambda one: one.asks(name, raw=raw)


_LISTED, _UNLISTED = LISTED.encode(), UNLISTED.encode()
_PAST = "past the sidecar"
_GROUPS: dict[str, dict[str, tuple[bool, Callable[[Asker], bool | None]]]] = {
    "names": {
        "a name below a listed wildcard": (True, _asked(LISTED)),
        "one two labels below it": (True, _asked(DEEP)),
        "a listed exact name": (True, _asked(EXACT)),
        "a listed name in upper case": (True, _asked(LISTED.upper())),
        "a name on no list": (False, lambda one: one.asks(UNLISTED, at=STRANGER)),
        "a name on no list, at a listed name's address": (False, _asked(UNLISTED)),
        "the apex of a listed wildcard": (False, _asked(ZONE)),
        "a name below a listed exact name": (False, _asked(BELOW_EXACT)),
        "a look-alike before (`evil` and a listed name)": (False, _asked(LOOK_ALIKES[0])),
        "a look-alike after (a listed name and `.evil.example.net`)": (False, _asked(LOOK_ALIKES[1])),
        "a listed name with a trailing dot": (False, _asked(f"{LISTED}.")),
    },
    "ClientHellos": {
        "a listed name, ClientHello of 8 KB": (True, _asked(LISTED, raw=of_size(_LISTED, 8000))),
        "a listed name outside of ECH": (True, _asked(LISTED, raw=with_ech(_LISTED))),
        "a name on no list outside of ECH": (False, _asked(UNLISTED, raw=with_ech(_UNLISTED))),
        "no SNI": (False, _asked(None)),
        "an address as SNI": (False, _asked(None, raw=with_raw_name(SITE.encode()))),
        "a NUL before a listed name": (False, _asked(None, raw=with_raw_name(b"evil.example\0." + _LISTED))),
        "a space before a listed name": (False, _asked(None, raw=with_raw_name(b"evil.example ." + _LISTED))),
        "a listed name and another, in two extensions": (False, _asked(None, raw=with_two_names(_LISTED, _UNLISTED))),
    },
    "a listed name whose DNS says": {
        **{what: (False, _answered(what)) for what in ANSWERS},
        "10.0.0.1, an exact name": (False, lambda one: one.asks(EXACT_LIE, INSIDE)),
        "192.168.7.9, a while after its site": (False, _rebound),
        "nothing (NXDOMAIN)": (False, _asked(NOWHERE)),
    },
    "a listed name in the SNI, sent to": {
        "10.0.0.1": (False, lambda one: one.lies(LISTED, INSIDE)),
        "169.254.169.254": (False, lambda one: one.lies(LISTED, METADATA)),
        "fd00::1": (False, lambda one: one.lies(LISTED, INSIDE_V6)),
        "a stranger's address": (False, lambda one: one.lies(LISTED, STRANGER)),
    },
    "other ports and protocols": {
        "a listed name at 8443": (False, lambda one: one.asks(LISTED, port=8443)),
        "plain HTTP to a listed name at 443": (False, _asked(None, raw=PLAIN)),
        "plain HTTP to a listed name at 80": (False, lambda one: one.asks(None, port=80, raw=PLAIN)),
        "SSH to a listed name's address at 443": (False, _asked(None, raw=b"SSH-2.0-x\r\n")),
    },
    "who asks": {
        "a name for another namespace alone": (False, lambda one: one.is_theirs(THEIRS, THEIR_SITE)),
        f"{_PAST}: a listed name": (True, lambda one: one.past(LISTED)),
        f"{_PAST}: a name on no list": (False, lambda one: one.past(UNLISTED)),
        f"{_PAST}: a name for another namespace alone": (False, lambda one: one.past(THEIRS)),
        f"{_PAST}: a listed name whose DNS says 10.0.0.1": (False, lambda one: one.past(f"lie.{ZONE}", INSIDE)),
        f"{_PAST}: 10.0.0.1 itself": (False, lambda one: one.past(LISTED, INSIDE, at=INSIDE)),
        f"{_PAST}: a stranger's address, a listed name in the SNI": (
            False,
            lambda one: one.past(LISTED, STRANGER, at=STRANGER),
        ),
        f"{_PAST}: a stranger at 8443": (False, lambda one: one.past(UNLISTED, STRANGER, at=STRANGER, port=8443)),
        f"{_PAST}: a listed name outside, one on no list inside": (False, lambda one: one.wraps(LISTED, UNLISTED)),
        "without a certificate of the mesh: a listed name": (False, lambda one: one.past(LISTED, shown="none")),
        "with another mesh's certificate: a listed name": (False, lambda one: one.past(LISTED, shown="other")),
    },
}
CONNECTIONS = [
    Connection(group, title, should, ask) for group, cases in _GROUPS.items() for title, (should, ask) in cases.items()
]


def rows() -> list[tuple[str, str, str]]:
    """Group, title, and what should be, of each of them."""
    return [(one.group, one.title, "reached" if one.should else "refused") for one in CONNECTIONS]


def seen(asker: Asker) -> list[str]:
    """What each connection comes to by one way, in their order."""
    words = {True: "reached", False: "refused", None: "not asked"}
    return [words[one.ask(asker)] for one in CONNECTIONS]
