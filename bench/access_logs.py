"""Access logs as a mesh writes them, made up: `python -m bench.access_logs --lines 100000 --form json > proxy.log`.

Names follow a power law, as real ones do: few are asked for all the time, most seldom. Every run with the same numbers
gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

FORMS = ("text", "json", "clients")  # the last is what components/client-lists adds to the gateway
_WORDS = ("api", "auth", "cdn", "data", "docs", "events", "files", "hooks", "images", "login", "metrics", "static")
_ENDS = ("com", "org", "net", "io", "co.uk")
_START = datetime(2026, 11, 1, tzinfo=UTC)


def names(count: int, chance: random.Random) -> list[str]:
    """`count` different names below a third as many domains."""
    domains = [f"{chance.choice(_WORDS)}{number}.{_ENDS[number % len(_ENDS)]}" for number in range(count // 3 + 1)]
    return [f"{_WORDS[number % len(_WORDS)]}-{number}.{chance.choice(domains)}" for number in range(count)]


def lines(count: int, form: str, pairs: int = 2_000, clients: int = 40, seed: int = 1) -> Iterator[str]:
    """`count` lines of sidecars in `form`, of about `pairs` clients and names, a minute of real time each 100 lines."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    addresses = [f"10.{chance.randrange(256)}.{chance.randrange(256)}.{number % 250 + 1}" for number in range(clients)]
    known = [(address, name) for name in names(max(1, pairs // clients), chance) for address in addresses]
    weights = list(accumulate(1 / (rank + 10) for rank in range(len(known))))
    write = {"text": _text, "json": _json, "clients": _clients}[form]
    for number in range(count):
        ((address, name),) = chance.choices(known, cum_weights=weights)
        at = (_START + timedelta(milliseconds=600 * number)).isoformat(timespec="milliseconds")[:-6] + "Z"
        yield write(at, address, name, chance)


def _text(at: str, client: str, name: str, chance: random.Random) -> str:
    port, site = chance.randrange(32768, 60999), _site(name)
    return (
        f'[{at}] "- - -" 0 - - - "-" {chance.randrange(500, 4000)} {chance.randrange(1000, 200_000)} '
        f'{chance.randrange(5, 900)} - "-" "-" "-" "-" "{site}:443" PassthroughCluster {client}:{port + 2} {site}:443 '
        f"{client}:{port} {name} -"
    )


def _json(at: str, client: str, name: str, chance: random.Random) -> str:
    port, site = chance.randrange(32768, 60999), _site(name)
    return json.dumps(
        {
            "authority": None,
            "bytes_received": chance.randrange(500, 4000),
            "bytes_sent": chance.randrange(1000, 200_000),
            "connection_termination_details": None,
            "downstream_local_address": f"{site}:443",
            "downstream_remote_address": f"{client}:{port}",
            "duration": chance.randrange(5, 900),
            "method": None,
            "path": None,
            "protocol": None,
            "request_id": None,
            "requested_server_name": name,
            "response_code": 0,
            "response_code_details": None,
            "response_flags": "-",
            "route_name": None,
            "start_time": at,
            "upstream_cluster": "PassthroughCluster",
            "upstream_host": f"{site}:443",
            "upstream_local_address": f"{client}:{port + 2}",
            "upstream_service_time": None,
            "upstream_transport_failure_reason": None,
            "user_agent": None,
            "x_forwarded_for": None,
        },
        separators=(",", ":"),
    )


def _clients(at: str, client: str, name: str, chance: random.Random) -> str:
    namespace = f"team-{client.replace('.', '-')}"
    return json.dumps(
        {
            "client": f"spiffe://cluster.local/ns/{namespace}/sa/worker",
            "decision": "allowed",
            "details": None,
            "list": f"egress-domains-{chance.randrange(20)}",
            "log": "egress-overlays.clients",
            "name": name,
            "time": at,
        },
        separators=(",", ":"),
    )


def _site(name: str) -> str:
    """An address of a name, always the same."""
    number = sum(map(ord, name)) * 2654435761 % 2**24
    return f"151.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def main() -> int:
    """Print lines."""
    parser = argparse.ArgumentParser(prog="python -m bench.access_logs", description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--form", choices=FORMS, default="json")
    parser.add_argument("--pairs", type=int, default=2_000, help="clients and names together")
    options = parser.parse_args()
    sys.stdout.writelines(f"{line}\n" for line in lines(options.lines, options.form, options.pairs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
