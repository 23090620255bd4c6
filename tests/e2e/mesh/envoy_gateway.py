"""Envoy Gateway without a cluster: what its egctl makes of manifests, in a real Envoy in a pod."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml

from .internet import wait_for_port
from .processes import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .network import PodNetwork

READ = ("GatewayClass", "Gateway", "TLSRoute", "Backend", "EnvoyPatchPolicy")
"""The kinds that Envoy Gateway reads."""
ADMIN = 15000
PORT = 10443  # Envoy Gateway adds 10,000 to ports below 1,024.


def values(node: Any, key: str) -> Iterator[Any]:
    """What stands under a key, wherever it is."""
    if isinstance(node, dict):
        if key in node:
            yield node[key]
        for value in node.values():
            yield from values(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from values(value, key)


def translated(egctl: Path, objects: Sequence[dict[str, Any]], directory: Path) -> tuple[dict[str, Any], list[Any]]:
    """The listener that Envoy Gateway makes, and the clusters."""
    source = directory / "in.yaml"
    source.write_text(yaml.safe_dump_all([one for one in objects if one["kind"] in READ]))
    command = [egctl, "x", "translate", "--from", "gateway-api", "--to", "xds", "--type", "all", "-o", "yaml", "-f"]
    done = subprocess.run([*map(str, command), str(source)], capture_output=True, text=True, check=True)
    found = yaml.safe_load(done.stdout)
    (listener,) = [
        one for one in values(found, "listener") if isinstance(one, dict) and one["name"] == "egress/egress/tls"
    ]
    clusters = [one for one in values(found, "cluster") if isinstance(one, dict) and "name" in one]
    clusters = [one for one in clusters if one["name"].startswith("tlsroute/")]
    for one in (listener, *clusters):
        del one["@type"]  # it stands in an Any there
    return listener, clusters


class Running:
    """An Envoy in a pod whose listener comes from a file, so that it changes as the controller's would."""

    def __init__(self, envoy: Path, pod: PodNetwork, directory: Path, drain: int = 600) -> None:
        self.pod = pod
        self._directory = directory
        self._bootstrap = directory / "envoy.json"
        flags = ("--log-level", "warning", "--concurrency", "1", "--drain-time-s", str(drain))
        node = ("--service-node", "envoy", "--service-cluster", "egress")
        command = pod.command(envoy, "-c", self._bootstrap, *flags, *node)
        self._daemon = Daemon("envoy-gateway", command, log=directory / "envoy.log")

    def put(self, listener: dict[str, Any]) -> None:
        """Gives it this listener."""
        resource = {"@type": "type.googleapis.com/envoy.config.listener.v3.Listener", **listener}
        (self._directory / "new.json").write_text(json.dumps({"resources": [resource]}))
        (self._directory / "new.json").rename(self._directory / "listeners.json")

    def start(self, listener: dict[str, Any], clusters: list[Any]) -> None:
        """Starts it; it serves by then."""
        self.put(listener)
        source = {"path_config_source": {"path": str(self._directory / "listeners.json")}}
        bootstrap = {
            "admin": {"address": {"socket_address": {"address": self.pod.address, "port_value": ADMIN}}},
            "dynamic_resources": {"lds_config": {**source, "resource_api_version": "V3"}},
            "static_resources": {"clusters": clusters},
        }
        self._bootstrap.write_text(json.dumps(bootstrap))
        self._daemon.start(lambda: wait_for_port(self.pod.address, PORT), within=60)

    def admin(self, path: str) -> Any:
        """What its admin interface answers, in JSON."""
        with urllib.request.urlopen(f"http://{self.pod.address}:{ADMIN}/{path}", timeout=20) as answer:
            return json.load(answer)

    def stop(self) -> None:
        """Ends it."""
        self._daemon.stop()
