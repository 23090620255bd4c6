"""One policy, as far as it is about TCP connections to one port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .ranges import Block


class Policy(NamedTuple):
    """What the rules of `resource` allow and deny to the pods; `is_certain` where it certainly selects them."""

    resource: dict[str, Any]
    is_certain: bool
    allowed: list[Block]
    denied: list[Block]
