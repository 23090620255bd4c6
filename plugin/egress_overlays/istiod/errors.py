"""What cannot be told of a gateway from its manifests."""

from __future__ import annotations

from typing import Any, NamedTuple


class ProbeError(ValueError):
    """The probe cannot answer; the message is one line to act on, or several, one fault each."""


class NotModelled(NamedTuple):
    """What the manifest `resource` says at `path` that is not known here as istiod knows it, and why, in words.

    `opens`: it may let through what nothing of the gateway has checked.
    """

    resource: dict[str, Any]
    path: tuple[str | int, ...]
    reason: str
    opens: bool = False
