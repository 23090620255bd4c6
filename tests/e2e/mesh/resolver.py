"""The container `resolver` of the gateway's pod: its own command, with its own configuration, in the pod's network."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from .network import run
from .processes import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .cluster import Cluster
    from .network import PodNetwork

DEPLOYMENT = ("deployment", "sni-egressgateway", "--namespace=istio-egress")


def is_here() -> bool:
    """Whether this machine has the program that the container's image holds."""
    return shutil.which("unbound") is not None


class Resolver:
    """What the Deployment's container runs, with the files that its volumes hold."""

    def __init__(self, cluster: Cluster, pod: PodNetwork, logs: Path) -> None:
        template = cluster.get(*DEPLOYMENT)["spec"]["template"]["spec"]
        (container,) = (one for one in template["containers"] if one["name"] == "resolver")
        self._mounts = {one["name"]: Path(one["mountPath"]) for one in container["volumeMounts"]}
        self._files = {
            self._mounts[one["name"]]: cluster.get("configmap", one["configMap"]["name"], DEPLOYMENT[2])["data"]
            for one in template["volumes"]
            if "configMap" in one
        }
        self._daemon = Daemon("resolver", pod.command(*container["command"]), log=logs / "resolver.log")
        self._pod = pod

    def start(self) -> None:
        """Starts it; ready when it answers in the pod."""
        self._daemon.start(self._ready, within=20)

    def stop(self) -> None:
        """Ends it."""
        self._daemon.stop()

    @contextlib.contextmanager
    def mounted(self) -> Iterator[None]:
        """Its volumes: what was at these places in this mount namespace is back afterwards."""
        roots = [Path("/etc/unbound"), Path("/run/unbound")]
        for root in roots:
            root.mkdir(exist_ok=True)
            run("mount", "-t", "tmpfs", "tmpfs", root)
        try:
            for place, files in self._files.items():
                _write(place, files)
            yield
        finally:
            for root in roots:
                run("umount", root)

    def _ready(self) -> bool:
        listening = run(*self._pod.command("ss", "-Hlnu", "sport = :5353"))
        return "127.0.0.1:5353" in listening


def _write(place: Path, files: Mapping[str, Any]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (place / name).write_text(text)
