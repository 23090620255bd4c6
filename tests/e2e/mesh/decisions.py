"""What the gateway's log says about clients: one JSON line a connection, of components/client-lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .processes import eventually
from .proxy import FLUSH_SECONDS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from .proxy import Proxy


def decisions(gateway: Proxy, since: dt.datetime) -> Iterator[dict[str, Any]]:
    """The gateway's lines about clients."""
    for line in gateway.log.read_text(errors="replace").splitlines():
        if '"log":"egress-overlays.clients"' in line:
            found = json.loads(line)
            if found["time"] >= since.isoformat().replace("+00:00", "Z"):
                yield found


def decided(gateway: Proxy, since: dt.datetime, client: str, name: str) -> dict[str, Any]:
    """The one line about this client and name."""

    def found() -> dict[str, Any]:
        lines = [line for line in decisions(gateway, since) if line["client"] == client and line["name"] == name]
        assert len(lines) == 1, lines
        return lines[0]

    return eventually(found, within=5 * FLUSH_SECONDS, what=f"a line about {client} and {name}")
