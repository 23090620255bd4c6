"""How commands say that a name is let through and reported, where a list that is enforced would refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..names.domain import ascii_quoted
from ..review.verification.reporting import loud

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..lists.clients import Client
    from ..lists.reporting import Reporting
    from ..names.domain import Domain
    from ..rendered.rendered import Rendered


def by_lists(found: Rendered, name: str, host: Domain, client: Client | None) -> Reporting | None:
    """What lets `client` reach a name of the set `name` by ConfigMaps alone, though no list of its own does."""
    allowed = found.sets.get(name)
    if allowed is None or client is None or not any(entry.domain.covers(host) for entry in allowed.entries):
        return None
    return next((one for one in allowed.reporting if one.admits(client)), None)


def data(one: Reporting | None) -> dict[str, Any]:
    """The key `reported` of data; none where nothing reports."""
    return {"reported": whole(one)} if one is not None else {}


def whole(one: Reporting) -> dict[str, Any]:
    """What reports, for whom and until when, as data."""
    return {"by": one.name, "until": one.until, "clients": sorted(one.clients)}


def of_answer(sets: Sequence[dict[str, Any]], reporting: Iterable[Sequence[Reporting]]) -> dict[str, Any]:
    """What is added to an answer: by what it is reported alone, and who is, beside those whom a limit lets through."""
    allowing = [one for one in sets if one["allowed"]]
    added: dict[str, Any] = {}
    if allowing and all("reported" in one for one in allowing):
        added["reported"] = allowing[0]["reported"]
    others = [whole(one) for found in reporting for one in found]
    if others and allowing and all(one["clients"] is not None for one in allowing):
        added["reporting"] = others
    return added


def said(result: dict[str, Any]) -> str:
    """Why a name is allowed that no list of the client holds; empty for all others."""
    if "reported" not in result:
        return ""
    one = result["reported"]
    clients = next((found["clients"] for found in result["sets"] if "reported" in found), None)
    limited = f"limited to {', '.join(clients)}" if clients else "for nobody"
    return f"{ascii_quoted(one['by'])} only reports until {one['until']}; enforced, it is {limited}"


def loudly(found: Rendered) -> list[str]:
    """A sentence for each that reports, for stderr."""
    return [loud(one, name) for name in found.names for one in found.reporting(name)]
