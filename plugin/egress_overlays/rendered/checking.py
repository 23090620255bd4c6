"""What rendered manifests say of one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .reach import Verdict, clients
from .rendered import Rendered

if TYPE_CHECKING:
    from ..lists.clients import Client
    from ..names.domain import Domain


def check(host: Domain, found: Rendered, client: Client | None = None) -> list[Verdict]:
    """What every set of `found` says of `host`, asked for by `client` where one is given; those that allow it first.

    A Verdict has in `clients` for whom the name is, so `found` is what `load` returns: lists alone do not say that
    (TypeError).
    """
    if not isinstance(found, Rendered):
        raise TypeError(
            f"check takes what load returns, and not a {type(found).__name__}: lists alone do not say for which "
            "clients a name is; write check(host, prod) in place of check(host, prod.lists)"
        )
    verdicts = []
    for name in found.lists:
        lists = found.counting(name)
        rules = found.rules.get(name, ())
        for_whom, reporting = clients(host, lists, rules), found.reporting(name)
        exceptions = found.exceptions(name)
        verdicts.append(Verdict(host, name, lists, for_whom, client, reporting=reporting, exceptions=exceptions))
    return sorted(verdicts, key=lambda verdict: not verdict.allowed)
