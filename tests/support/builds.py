"""Overlays built with the real kustomize, for tests of base/ and components/."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml
from known_builds import kustomized

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = tuple(
    sorted(
        path.name
        for path in (ROOT / "components").iterdir()
        if (path / "kustomization.yaml").is_file() and not path.name.startswith(("inject", "domains-"))
    )
)
LAST = (
    *("ipv6-only", "plain-http", "json-access-log", "plain-http/client-lists", "monitoring"),
    *("steady-connections", "exact-names", "own-namespace"),
)
"""The components that go after all others, in this order."""
ON_TOP = {"exact-names": "steady-connections"}
"""Components that need another one."""
OWN_NAMESPACE = "egress-prod"
OWNER = "system:serviceaccount:argocd:argocd-application-controller"
"""Who syncs the gateway, in a mesh with components/admission."""
FLUX = "system:serviceaccount:flux-system:kustomize-controller"
"""The same where Flux does."""
MATCHER = "type.googleapis.com/envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher"


def private_addresses(address: str = "127.0.0.1", length: int = 32) -> dict[str, Any]:
    """The object that components/allow-private-addresses reads, as its README shows it."""
    matcher = {
        "name": "envoy.rbac.matchers.upstream_ip_port",
        "typed_config": {"@type": MATCHER, "upstream_ip": {"address_prefix": address, "prefix_len": length}},
    }
    return {
        "apiVersion": "egress-overlays.dev/v1alpha1",
        "kind": "PrivateAddresses",
        "metadata": {"name": "private-addresses", "annotations": {"config.kubernetes.io/local-config": "true"}},
        "envoy": [{"matcher": matcher}],
        "kubernetes": [{"ipBlock": {"cidr": f"{address}/{length}"}}],
    }


def denied_addresses(into: Path, address: str, length: int) -> None:
    """A copy of components/deny-addresses in the directory `into`, with this IPv4 range and no other."""
    copied = into / "deny-addresses"
    shutil.copytree(ROOT / "components/deny-addresses", copied)
    for file, example, own in (
        (
            "envoyfilter.yaml",
            "address_prefix: 203.0.113.0, prefix_len: 24",
            f"address_prefix: {address}, prefix_len: {length}",
        ),
        ("networkpolicy.yaml", "203.0.113.0/24", f"{address}/{length}"),
    ):
        text = (copied / file).read_text()
        assert text.count(example) == 1
        (copied / file).write_text(text.replace(example, own))
    kustomization = into / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("components:\n", "components:\n- deny-addresses\n"))


def gateway_owners(actions: tuple[str, ...] = ("Deny",)) -> dict[str, Any]:
    """The object that components/admission reads, as its README shows it."""
    owners = _named("GatewayOwners", "owners", f"{OWNER} {FLUX} system:masters")
    return {**owners, "rootNamespace": "istio-system", "podLabels": "", "actions": list(actions)}


def _named(kind: str, field: str, value: str) -> dict[str, Any]:
    """A local object that a component reads one value from, as its README shows it."""
    metadata = {"name": kind.lower(), "annotations": {"config.kubernetes.io/local-config": "true"}}
    return {"apiVersion": "egress-overlays.dev/v1alpha1", "kind": kind, "metadata": metadata, field: value}


def config_map(domains: tuple[str, ...], clients: str = "") -> dict[str, Any]:
    """A domains ConfigMap, for these clients alone where there are any."""
    metadata: dict[str, Any] = {"name": "egress-domains", "labels": {"egress-overlays.dev/set": "default"}}
    if clients:
        metadata["annotations"] = {"egress-overlays.dev/clients": clients}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"all": "\n".join(domains)}}


def overlay(
    directory: Path,
    components: tuple[str, ...],
    domains: tuple[str, ...],
    clients: str = "",
    patches: tuple[dict[str, Any], ...] = (),
    *,
    actions: tuple[str, ...] = ("Deny",),
) -> Path:
    """Write an overlay on base/ with `components` in that order, the function last, then `patches`; its directory."""
    here = os.path.relpath(ROOT, directory)
    components = tuple(dict.fromkeys((*components, *(ON_TOP[name] for name in components if name in ON_TOP))))
    components = tuple(sorted(components, key=lambda name: LAST.index(name) if name in LAST else -1))
    kustomization: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"{here}/base", "domains.yaml"],
        "components": [*(f"{here}/components/{name}" for name in components), f"{here}/components/inject"],
        "patches": list(patches),
    }
    read = {
        "allow-private-addresses": private_addresses(),
        "admission": gateway_owners(actions),
        "own-namespace": _named("GatewayNamespace", "namespace", OWN_NAMESPACE),
        "revision": _named("Revision", "revision", "stable"),
    }
    for component in set(components) & set(read):
        kustomization["resources"].append(f"{component}.yaml")
        (directory / f"{component}.yaml").write_text(yaml.safe_dump(read[component]))
    (directory / "domains.yaml").write_text(yaml.safe_dump(config_map(domains, clients)))
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return directory


def sources(lists: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]) -> list[dict[str, Any]]:
    """A domains ConfigMap each: its groups, its annotations of this project."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "labels": {"egress-overlays.dev/set": "default"},
                "annotations": {f"egress-overlays.dev/{key}": value for key, value in annotations.items()},
            },
            "data": dict(groups),
        }
        for name, (groups, annotations) in lists.items()
    ]


def overlay_of(
    directory: Path, lists: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]], components: tuple[str, ...]
) -> Path:
    """Write base/ with `components` in that order, and of `lists` what `sources` makes."""
    here = os.path.relpath(ROOT, directory)
    (directory / "domains.yaml").write_text(yaml.safe_dump_all(sources(lists)))
    named = [f"{here}/components/{name}" for name in (*components, "inject")]
    kustomization = {"resources": ["domains.yaml", f"{here}/base"], "components": named}
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return directory


def built_of(
    directory: Path, lists: Mapping[str, tuple[str, Mapping[str, str]]], components: tuple[str, ...]
) -> list[dict[str, Any]]:
    """As `overlay_of`, built; each list has one group, with these names."""
    groups = {name: ({"names": names}, annotations) for name, (names, annotations) in lists.items()}
    return build(overlay_of(directory, groups, components))


def build(directory: Path) -> list[dict[str, Any]]:
    """The resources of `kustomize build DIRECTORY`; fails with what it said on stderr."""
    try:
        return list(yaml.safe_load_all(kustomized(directory)))
    except subprocess.CalledProcessError as fault:
        raise AssertionError(fault.stderr.decode()) from None
