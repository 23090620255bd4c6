"""Names whose last day is over, or near: CI is to turn red before somebody asks why they are still open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lists.denials import MARK
from ...manifest.findings import ERROR, WARNING

if TYPE_CHECKING:
    from datetime import date

    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

EXPIRED, EXPIRING, DISTANT = "expired", "expiring", "distant"
_NEAR = 30
"""Days before the last one."""
_FAR = 2 * 365
"""Days to a last one that is as good as none, and may be a slip of the pen; a policy has a bound of its own."""


def lifetime(last: date | None, today: date) -> str:
    """EXPIRED after the last day, EXPIRING from 30 days before it, "" before that."""
    if last is None or (last - today).days > _NEAR:
        return ""
    return EXPIRED if last < today else EXPIRING


def is_distant(last: date | None, today: date) -> bool:
    """Whether the last day is so far ahead that nobody means it."""
    return last is not None and (last - today).days > _FAR


def rule(found: Rendered, options: Options) -> Faults:
    """The names of ConfigMaps at hand whose last day is over or near, where a day is given to judge by."""
    today = options.today
    if today is None:
        return
    for allowed in found.sets.values():
        for entry, mark in (*((one, "") for one in allowed.entries), *((one, MARK) for one in allowed.denying)):
            own = entry.fields
            judged = lifetime(own.last_day, today)
            if not judged:
                continue
            whose = "".join(
                f", {key} {value}" for key, value in (("owner", own.owner), ("ticket", own.ticket)) if value
            )
            opens = ", which opens the name again" if mark else ""
            if judged == EXPIRED:
                said = f"was to end on {own.last_day}{whose}; remove the line{opens}, or write a later until="
            else:
                said = f"ends on {own.last_day}{whose}; remove the line then{opens}, or write a later until="
            severity = ERROR if judged == EXPIRED else WARNING
            yield entry.remark(said, judged, severity, mark), ()
