"""The rows of a change: what they hold, their order, how many there are, and the same one of many overlays told once.

Rows are plain data, and are equal where they say the same, so that one change in forty overlays is told once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..names.domain import Domain
from ..names.risks import risk_of
from ..rendered.host_lists import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..rendered.locations import Location

AROUND, BESIDE, LIFTED, OPENS, WIDENS, OTHER, BREAKS, FOLLOWS, NARROWS, CLOSES, WITHIN, MENDED = (
    *("around", "beside", "lifted", "opens", "widens", "other", "breaks"),
    *("follows", "narrows", "closes", "within", "mended"),
)
KINDS = (AROUND, BESIDE, LIFTED, OPENS, WIDENS, OTHER, BREAKS, FOLLOWS, NARROWS, CLOSES, WITHIN, MENDED)
"""The kinds of rows, what to look at first in front.

`around`: something passes, or may pass, beside the lists; `mended`: that is over. `beside`: an object by which ways out
open or close is another one, and `verify` does not say whether it opens. `lifted`: names of a list that was
limited are for every workload. `other`: for some clients more and for others no longer. `breaks`: an error of `verify`
that opens nothing: names of the lists may be out of reach. `follows`: a port that the function opens, or closes, for
names that have one of their own. `within`: an object beside the lists is another one, and surely lets nothing more
through.
"""
OPENING = (AROUND, BESIDE, LIFTED, OPENS, WIDENS, OTHER)

OF_WAYS = (AROUND, BESIDE, BREAKS, FOLLOWS, WITHIN, MENDED)
"""Kinds of which a row is one thing, however many names it has."""
BASE, HEAD = "base", "head"


def order(row: dict[str, Any]) -> tuple[int, bool, bool, bool]:
    """What to look at first in front."""
    return KINDS.index(row["kind"]), not row["unlimited"], row["risk"] is None, not row["wildcard"]


def merged(found: Iterable[tuple[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """The rows of many overlays, those that say the same as one, with the `overlays` that they are of."""
    import json

    rows: dict[str, dict[str, Any]] = {}
    for overlay, its in found:
        for row in its:
            key = json.dumps({**row, "unlimited": None}, sort_keys=True)
            one = rows.setdefault(key, {**row, "overlays": []})
            one["overlays"].append(overlay)
            one["unlimited"] = one["unlimited"] or row["unlimited"]
    return sorted(rows.values(), key=order)


def size(row: dict[str, Any]) -> int:
    """How much a row counts: its names, or one way."""
    return 1 if row["kind"] in OF_WAYS else max(len(row["names"]), 1)


def counts(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many names, or ways, there are of each kind, and of wildcards and risks that open."""
    found = dict.fromkeys((*KINDS, "wildcards", "risks"), 0)
    for row in rows:
        found[row["kind"]] += size(row)
        found["wildcards"] += row["kind"] == OPENS and row["wildcard"]
        found["risks"] += len(row["risky"]) if row["kind"] in OPENING else 0
    return found


def new(kind: str, set_name: str, names: list[str], **more: Any) -> dict[str, Any]:
    """A row of `kind`, with what it has of its own in `more`."""
    row = {
        "kind": kind,
        "set": set_name,
        "list": None,
        "names": names,
        "wildcard": False,
        "covers": [],
        "clients": None,
        "unlimited": False,
        "gained": [],
        "lost": [],
        "said": "",
        "risk": None,
        "risky": [],
        "group": None,
        "comment": "",
        "owner": None,
        "ticket": None,
        "until": None,
        "file": None,
        "line": None,
        "side": None,
    }
    return {**row, **more}


def placed(where: Location, root: Path | str, side: str) -> dict[str, Any]:
    """The place of a row, in the files of `side`, which stand below `root`."""
    file = where.file.removeprefix(f"{root}/")
    return {"file": file, "line": where.line or None, "side": side}


def risk(domain: str) -> dict[str, str] | None:
    """The risk of a name as data; None where none is known."""
    if domain == EVERYTHING:
        said = {"said": "it stands for every name", "instead": "name the ones you use"}
        return {"class": "everything", **said, "source": "", "date": ""}
    found = risk_of(Domain(domain))
    if found is None:
        return None
    return {
        "class": found.name,
        "said": found.said,
        "instead": found.instead,
        "source": found.source,
        "date": found.date,
    }
