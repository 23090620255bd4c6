"""Flux without containers: source-controller, kustomize-controller, and the registry and git server they read from."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import TYPE_CHECKING

from mesh.git_server import GitServer
from mesh.internet import wait_for_port
from mesh.network import add_internet_address
from mesh.processes import Daemon, eventually

from builds import FLUX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mesh.mesh import Mesh

NAMESPACE = "flux-system"
REGISTRY, GIT = "registry.example", "git.example"
ADDRESSES = {REGISTRY: "203.0.113.10", GIT: "203.0.113.11"}
STORAGE, SOURCE_HEALTH, KUSTOMIZE_HEALTH = "127.0.0.1:9790", "127.0.0.1:9440", "127.0.0.1:9441"


class Flux:
    """What `flux install` brings and we need of it, with the flags of its Deployments but for leader election."""

    def __init__(self, components: Mapping[str, Path], mesh: Mesh, directory: Path) -> None:
        self.cluster = mesh.cluster
        self._components = components
        authority = mesh.internet.authority
        directory.mkdir()
        for name, address in ADDRESSES.items():
            add_internet_address(address)
            mesh.internet.dns.records[name] = [address]
        # What a machine does that trusts the registry's authority.
        self.trust = {"SSL_CERT_FILE": str(authority.root), "GIT_SSL_CAINFO": str(authority.root)}
        self.repositories = directory / "git"
        self.git = GitServer(self.repositories, ADDRESSES[GIT], authority.leaf(GIT))
        certificate, key = authority.leaf(REGISTRY)
        registry = directory / "registry.json"
        http = {"addr": f"{ADDRESSES[REGISTRY]}:443", "tls": {"certificate": str(certificate), "key": str(key)}}
        storage = {"filesystem": {"rootdirectory": str(directory / "registry")}}
        registry.write_text(json.dumps({"version": 0.1, "storage": storage, "http": http}))

        def daemon(name: str, *arguments: str | Path) -> Daemon:
            private = directory / name
            (private / "tmp").mkdir(parents=True)
            environ = {
                **self.trust,
                "KUBECONFIG": str(mesh.cluster.kubeconfig_of(FLUX)),
                "RUNTIME_NAMESPACE": NAMESPACE,
                "HOME": str(private),
                "TMPDIR": str(private / "tmp"),
            }
            log = mesh.logs / f"flux-{name}.log"
            return Daemon(name, [components[name], *arguments], log=log, cwd=private, env=environ)

        flags = ("--watch-all-namespaces", "--log-level=info", "--log-encoding=json", "--metrics-addr=0")
        (directory / "artifacts").mkdir()
        storage_flags = (
            f"--storage-path={directory / 'artifacts'}",
            f"--storage-addr={STORAGE}",
            f"--storage-adv-addr={STORAGE}",
        )
        self.registry = daemon("registry", "serve", registry)
        self.source_controller = daemon("source-controller", *flags, *storage_flags, f"--health-addr={SOURCE_HEALTH}")
        self.kustomize_controller = daemon("kustomize-controller", *flags, f"--health-addr={KUSTOMIZE_HEALTH}")

    def programs(self, *directories: Path) -> dict[str, str]:
        """The environment of a CI runner: the programs it needs on PATH, and the registry's authority trusted."""
        found = [*directories, *(self._components[name].parent for name in ("flux", "kustomize"))]
        return {**self.trust, "PATH": ":".join([*map(str, found), os.environ["PATH"]])}

    def start(self) -> None:
        """Starts everything."""
        self.cluster.namespace(NAMESPACE)
        for crds in ("source-controller-crds", "kustomize-controller-crds"):
            self.cluster.kubectl("apply", "--server-side", "-f", str(self._components[crds]))
        self.cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        self.git.start()
        self.registry.start(lambda: wait_for_port(ADDRESSES[REGISTRY], 443))
        self.source_controller.start(lambda: _healthy(SOURCE_HEALTH))
        self.kustomize_controller.start(lambda: _healthy(KUSTOMIZE_HEALTH))
        eventually(lambda: wait_for_port(*_split(STORAGE)), within=30, what="artifacts are served")

    def stop(self) -> None:
        """Ends everything; what was applied stays."""
        for one in (self.kustomize_controller, self.source_controller, self.registry, self.git):
            one.stop()


def _split(address: str) -> tuple[str, int]:
    host, port = address.split(":")
    return host, int(port)


def _healthy(address: str) -> bool:
    with urllib.request.urlopen(f"http://{address}/readyz", timeout=2) as answer:
        return bool(answer.status == 200)
