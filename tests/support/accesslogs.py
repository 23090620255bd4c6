"""Access-log lines for tests: one connection, in each format that Istio and our components write."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from egress_overlays.logs.connection import Origin
from egress_overlays.logs.tally import Tally

if TYPE_CHECKING:
    from egress_overlays.logs.formats import TextFormat
    from egress_overlays.logs.workloads import Pods

AT = "2026-11-02T14:33:11.123Z"
POD = "10.1.2.3"
SITE = "151.101.1.1"


def text(
    name: str = "api.example.com",
    *,
    at: str = AT,
    flags: str = "-",
    details: str = "-",
    sent: int = 1257,
    cluster: str = "PassthroughCluster",
    destination: str = f"{SITE}:443",
    peer: str = POD,
    request: str = "- - -",
    rest: str = "-",
) -> str:
    """Istio's default text format."""
    return (
        f'[{at}] "{request}" 0 {flags} {details} - "-" 597 {sent} 75 - "-" "-" "-" "-" "{destination}" {cluster} '
        f"{peer}:41456 {destination} {peer}:41444 {name} {rest}"
    )


def of_request(
    host: str, *, status: int = 200, details: str = "via_upstream", route: str = "allowed", part: str = ""
) -> str:
    """What components/plain-http writes of a request; `part` is `port_8080_` at another port than 80."""
    cluster = f"{part}http_forward_cluster" if route != "-" else "-"
    return (
        f'[{AT}] "GET - HTTP/1.1" {status} - {details} - "-" 0 8 1 - "-" "-" "-" "{host}" "{SITE}:80" {cluster} - '
        f"envoy://{part}http_listener/ envoy://internal_client_address/ - {route}"
    )


def in_json(name: str | None = "api.example.com", *, peer: str = POD, **others: object) -> str:
    """Istio's default JSON encoding."""
    line: dict[str, object] = {
        "bytes_sent": 1257,
        "downstream_local_address": f"{SITE}:443",
        "downstream_remote_address": f"{peer}:41444",
        "method": None,
        "requested_server_name": name,
        "response_flags": "-",
        "start_time": AT,
        "upstream_cluster": "PassthroughCluster",
    }
    return json.dumps({**line, **others}, separators=(",", ":"))


def counted(*lines: str | bytes, pods: Pods | None = None, form: TextFormat | None = None) -> Tally:
    """The tally of these lines."""
    tally = Tally(pods, form)
    data = [line.encode() if isinstance(line, str) else line for line in lines]
    tally.add(b"".join(line + b"\n" for line in data), Origin())
    tally.finish()
    return tally


def outcomes(tally: Tally) -> dict[tuple[str, str], dict[str, int]]:
    """Outcomes by the workload as text and the name."""
    return {(str(workload), name): dict(seen.outcomes) for (workload, name), seen in tally.pairs.items()}


def stream(data: bytes) -> io.BytesIO:
    """`data` as stdin."""
    return io.BytesIO(data)
