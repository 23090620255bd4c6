"""The reader that one writes first: json.loads or one regular expression a line. `read_log.py FORM FILE`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

LINE = re.compile(
    rb'\[(?P<start_time>[^\]]+)\] "(?P<request>[^"]*)" (?P<response_code>\S+) (?P<response_flags>\S+) '
    rb'(?P<response_code_details>\S+) (?P<connection_termination_details>\S+) "(?P<transport_failure>[^"]*)" '
    rb"(?P<bytes_received>\d+) (?P<bytes_sent>\d+) (?P<duration>\d+) (?P<service_time>\S+) "
    rb'"(?P<forwarded_for>[^"]*)" "(?P<user_agent>[^"]*)" "(?P<request_id>[^"]*)" "(?P<authority>[^"]*)" '
    rb'"(?P<upstream_host>[^"]*)" (?P<upstream_cluster>\S+) (?P<upstream_local_address>\S+) '
    rb"(?P<downstream_local_address>\S+) (?P<downstream_remote_address>\S+) (?P<requested_server_name>\S+) "
    rb"(?P<route_name>\S+)"
)


def main(form: str, file: str) -> None:
    """Count by client, name, cluster and flags; print how many there are."""
    found: dict[Any, list[Any]] = {}
    with Path(file).open("rb") as lines:
        for line in lines:
            match: Any = json.loads(line) if form == "json" else LINE.match(line)
            if match is None:
                continue
            separator: Any = ":" if form == "json" else b":"
            client = match["downstream_remote_address"].rpartition(separator)[0]
            key = (client, match["requested_server_name"], match["upstream_cluster"], match["response_flags"])
            at = match["start_time"]
            seen = found.setdefault(key, [0, at, at])
            seen[0] += 1
            seen[2] = at
    sys.stdout.write(f"{len(found)}\n")


main(*sys.argv[1:])
