"""What Envoy's access log says about a connection, in fewer words; and reading a log as it grows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..injection.reporting import TITLE

_FLAGS = {"UH": "no address", "UF": "connecting failed", "UO": "connection limit", "NR": "no route"}
_RBAC = "rbac_access_denied_matched_policy["


_INNER = "envoy://"  # the address of an internal listener


def decides(entry: dict[str, Any]) -> bool:
    """Whether it is the line of the internal listener that decided, and not of one that passed the connection on."""
    return bool(entry.get("internal")) and not str(entry.get("upstream") or "").startswith(_INNER)


def rule_of(entry: dict[str, Any], address: str) -> str:
    """What decided, in the words of Envoy's access log."""
    if _is_request(entry) and not entry["chain"]:
        return "no virtual host matches"
    for said in (entry.get("terminated") or "", entry.get("details") or ""):
        if _RBAC in said:
            return "RBAC " + said.split(_RBAC)[1].rstrip("]")
    if entry.get("details") == "filter_chain_not_found":
        return "no filter chain matches"
    if address:
        decided = str(entry.get("list") or "")
        return decided if decided.startswith(TITLE) else "domains" if _is_request(entry) else "server_names"
    if not entry:
        return "no access-log line: closed before Envoy took the connection"
    return _failure(entry)


def _is_request(entry: dict[str, Any]) -> bool:
    """Whether it is the line of a request by plain HTTP."""
    return "status" in entry


def has_connected(entry: dict[str, Any]) -> bool:
    """Whether the gateway connected to somebody outside, or tried to."""
    if _is_request(entry):  # its route has a cluster, whatever a filter says
        return bool(entry["upstream"]) or "UF" in str(entry["flags"])
    return bool(entry.get("internal") and entry.get("cluster") and entry.get("flags") != "UH")


def words_of(entry: dict[str, Any]) -> list[str]:
    """What a line of the gateway's own log has to say of this connection: its name, and why it was refused."""
    name = entry.get("name") if entry.get("internal") else ""
    return [word for word in (name, entry.get("terminated"), entry.get("details"), entry.get("tls_failure")) if word]


def _failure(entry: dict[str, Any]) -> str:
    """Why a connection ended that no rule refused."""
    if entry.get("upstream_failure"):
        return "upstream: " + str(entry["upstream_failure"]).replace("_", " ")
    if entry.get("tls_failure"):
        found = re.search(r"OPENSSL_internal:(\w+)", entry["tls_failure"])
        return "TLS: " + (found[1].lower().replace("_", " ") if found else str(entry["tls_failure"]))
    flags = _FLAGS.get(entry["flags"], entry["flags"].strip("-"))
    return " ".join(part for part in (flags, entry.get("details")) if part) or "closed before a name was read"


class Lines:
    """The lines that a file has gained since one last looked; half a line is left for later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def new(self) -> list[str]:
        """Whole lines since the last call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        return whole.decode("utf-8", "replace").splitlines()
