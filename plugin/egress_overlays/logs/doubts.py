"""Why a name that was asked for is not simply put on a list: what a person has to decide first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..manifest.quantities import many
from ..names.domain import Domain
from ..names.public_suffix import is_icann_suffix, is_private_suffix
from ..names.risks import CLASSES, risk_of
from .connection import FAILED, OUTCOMES, REFUSED, REPORTED
from .lookalikes import imitates

if TYPE_CHECKING:
    from collections import Counter

    from .tally import Seen

MOST_BELOW_ONE = 50  # names below one registered domain, before they look made up

# Beside the risks of names.risks, which every command knows: what a list that is written by hand may want all the same.
_RISKY = {
    "is a tunnel, by which anybody may be reached": (
        "loca.lt serveo.net localhost.run pagekite.me tunnelmole.net bore.pub"
    ),
    "takes files or text from anybody": "termbin.com ix.io ghostbin.com rentry.co dpaste.org",
    "records requests for anybody": "requestbin.com pipedream.net beeceptor.com requestcatcher.com",
    "resolves to any address that its own name says": "nip.io sslip.io xip.io localtest.me lvh.me",
    "is a directory of Tor": "torproject.org tor2web.org onion.ws onion.ly",
}
_RISKS = {name: why for why, names in _RISKY.items() for name in names.split()}

# Endings that never stand in the public DNS (RFC 6762, 8375; ICANN's resolution on .internal), or mean a private zone.
_INTERNAL = (".internal", ".local", ".home.arpa", ".lan", ".corp", ".intranet", ".private", ".test", ".example")

# Labels as machines make them: hexadecimal, UUIDs, or long ones in which digits and letters take turns.
_HEX = re.compile(r"(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{12,}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DIGITS_THEN_LETTERS = re.compile(r"\d[a-z]|[a-z]\d")
_VOWELS = re.compile(r"[aeiouy]")


def registered(name: str) -> str:
    """The domain that somebody registered: `name` from the label before its public or shared suffix on."""
    labels = name.split(".")
    for start in range(len(labels)):
        suffix = ".".join(labels[start:])
        if is_icann_suffix(suffix) or is_private_suffix(suffix):
            return ".".join(labels[max(0, start - 1) :])
    return name


def may_have_wildcard(base: str) -> bool:
    """Whether all names below `base` belong to one owner, as far as the public suffix list knows."""
    return not is_icann_suffix(base) and not is_private_suffix(base)


def is_inside(name: str) -> bool:
    """Whether `name` is one of a private zone."""
    return name.endswith(_INTERNAL)


def looks_generated(name: str) -> bool:
    """Whether a label of `name` looks as if a machine made it for one use: then no list will hold the next one."""
    return any(map(_is_generated, name.split(".")))


def _is_generated(label: str) -> bool:
    if label.startswith("xn--"):
        return False
    if _UUID.search(label) or any(_HEX.fullmatch(part) for part in label.split("-")):
        return True
    longest = max(label.split("-"), key=len)
    if len(longest) >= 12 and len(_DIGITS_THEN_LETTERS.findall(longest)) >= 4:
        return True
    return len(longest) >= 14 and len(_VOWELS.findall(longest)) * 6 < len(longest)


def doubt(name: str, seen: Seen, whole: Seen, siblings: Counter[str]) -> str:
    """Why a person has to look at `name` first; "" where it was asked for and answered like any other.

    `seen` is what its client saw, `whole` what all did. `siblings`: how many names were asked for below each
    registered domain.
    """
    answered = sum(seen.outcomes[one] for one in OUTCOMES if one not in (REFUSED, FAILED))
    if whole.outcomes[REFUSED]:
        return f"was refused {times(whole.outcomes[REFUSED])}: {most_common(whole)}"
    if seen.outcomes[REPORTED]:
        return f"passed {times(seen.outcomes[REPORTED])} because a list only reports: {most_common(seen)}"
    if not answered:
        return f"was never answered: {most_common(seen)}"
    if whole.internal:
        return "was answered from an address that is not global, which the gateway refuses"
    domain = registered(name)
    if siblings[domain] > MOST_BELOW_ONE:
        return f"is one of {siblings[domain]} names below {domain}, which looks made up"
    return _risk(name) or imitates(name, domain, siblings)


def _risk(name: str) -> str:
    labels = name.split(".")
    for start in range(len(labels) - 1):
        why = _RISKS.get(".".join(labels[start:]))
        if why:
            return why
    risk = risk_of(Domain(name))
    if risk is None:
        return ""
    matter = CLASSES[risk.name][0]
    return f"is below {risk.of}, which {matter}" if name.endswith(f".{risk.of}") and "." in risk.of else matter


def most_common(seen: Seen) -> str:
    """The rules that refused, or the flags of what failed, the most common ones first."""
    return ", ".join(rule for rule, _ in seen.rules.most_common(3)) or "nobody knows why"


def times(count: int) -> str:
    """`count` in words: once, 2 times."""
    return "once" if count == 1 else many(count, "time")
