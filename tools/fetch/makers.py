"""What is built from Go modules, or taken out of them: a maker each, which fills a directory."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .component import VERSIONS, run
from .golang import GO_ENV, STRIP, copied_out, go, module

if TYPE_CHECKING:
    from collections.abc import Callable

YAML_READERS = Path(__file__).parents[1] / "yaml-readers"
YAML_READERS_DIGEST = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(YAML_READERS.iterdir()))
).hexdigest()[:12]
KUBE_APISERVER_MAIN = """\
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
"""


def make_kube_apiserver(into: Path) -> None:
    """Builds the API server from its module: our main.go, staging modules replaced by published ones."""
    version = VERSIONS["KUBERNETES_VERSION"]
    staging_version = "v0" + version.removeprefix("v1")
    found = module("k8s.io/kubernetes", version, into)
    upstream = Path(found["GoMod"]).read_text()
    # Kubernetes requires its own staging modules at v0.0.0 and finds them in its tree; outside of it they need naming.
    staging = sorted(set(re.findall(r"^\s*(k8s\.io/\S+) v0\.0\.0(?=\s)", upstream, re.MULTILINE)))
    (go_line,) = re.findall(r"^go \S+", upstream, re.MULTILINE)
    with tempfile.TemporaryDirectory(prefix="kube-apiserver-") as scratch:
        source = Path(scratch)
        (source / "main.go").write_text(KUBE_APISERVER_MAIN)
        replaced = "".join(f"replace {name} => {name} {staging_version}\n" for name in staging)
        required = "".join(f"require {name} {staging_version}\n" for name in staging)
        (source / "go.mod").write_text(
            f"module apiserver\n\n{go_line}\n\nrequire k8s.io/kubernetes {version}\n{required}{replaced}"
        )
        shutil.copyfile(Path(found["Dir"]) / "go.sum", source / "go.sum")
        # The CRD machinery compares versions: "v0.0.0" is none.
        stamp = f"-ldflags=-s -w -X k8s.io/component-base/version.gitVersion={version}"
        build = ("build", "-mod=mod", "-trimpath", stamp, "-o", into / "kube-apiserver", ".")
        run(go(), *build, cwd=source, env=GO_ENV)


def make_yaml_readers(into: Path) -> None:
    """Builds the YAML readers of kubectl and Kustomize as one program: tools/yaml-readers."""
    run(go(), "build", *STRIP, "-o", into / "yaml-readers", ".", cwd=YAML_READERS, env=GO_ENV)


def make_istio(into: Path) -> None:
    """Builds istiod, pilot-agent and istioctl from Istio's module."""
    with copied_out("istio.io/istio", VERSIONS["ISTIO_VERSION"], into) as (source, in_it):
        packages = ("./pilot/cmd/pilot-discovery", "./pilot/cmd/pilot-agent", "./istioctl/cmd/istioctl")
        in_it("build", *STRIP, "-o", f"{into}/", *packages)
        shutil.copyfile(source / "tools/packaging/common/envoy_bootstrap.json", into / "envoy_bootstrap.json")


def make_istio_crds(into: Path) -> None:
    """Takes the CRDs from the istio.io/api module."""
    found = module("istio.io/api", VERSIONS["ISTIO_API_VERSION"], into)
    shutil.copyfile(Path(found["Dir"]) / "kubernetes/customresourcedefinitions.gen.yaml", into / "crds.yaml")


def make_prometheus_crds(into: Path) -> None:
    """Takes the CRDs of PodMonitor and PrometheusRule from the Prometheus operator's module."""
    found = module("github.com/prometheus-operator/prometheus-operator", VERSIONS["PROMETHEUS_OPERATOR_VERSION"], into)
    (into / "crds").mkdir()
    for kind in ("podmonitors", "prometheusrules"):
        name = f"monitoring.coreos.com_{kind}.yaml"
        shutil.copyfile(Path(found["Dir"]) / "example/prometheus-operator-crd" / name, into / "crds" / name)


def make_gateway_api_crds(into: Path) -> None:
    """Takes the CRDs of the Gateway API's standard channel from its module."""
    found = module("sigs.k8s.io/gateway-api", VERSIONS["GATEWAY_API_VERSION"], into)
    (into / "crds").mkdir()
    for source in sorted((Path(found["Dir"]) / "config/crd/standard").glob("gateway.networking.k8s.io_*.yaml")):
        if "kind: CustomResourceDefinition" in source.read_text():  # an admission policy stands among them
            shutil.copyfile(source, into / "crds" / source.name)


def make_network_policy_api_crds(into: Path) -> None:
    """Takes the CRD of ClusterNetworkPolicy from the module of Kubernetes' network policy group."""
    found = module("sigs.k8s.io/network-policy-api", VERSIONS["NETWORK_POLICY_API_VERSION"], into)
    (into / "crds").mkdir()
    name = "policy.networking.k8s.io_clusternetworkpolicies.yaml"
    shutil.copyfile(Path(found["Dir"]) / "config/crd/standard" / name, into / "crds" / name)


def make_cilium_crds(into: Path) -> None:
    """Takes the CRDs of the two network policies from Cilium's module."""
    found = module("github.com/cilium/cilium", VERSIONS["CILIUM_VERSION"], into)
    (into / "crds").mkdir()
    for kind in ("ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"):
        source = Path(found["Dir"]) / "pkg/k8s/apis/cilium.io/client/crds/v2" / f"{kind}.yaml"
        shutil.copyfile(source, into / "crds" / f"{kind}.yaml")


def make_argocd(into: Path) -> None:
    """Builds Argo CD's one binary, with the CRDs and the git wrapper that its repo-server calls."""
    version, newer_go = VERSIONS["ARGOCD_VERSION"], VERSIONS["ARGOCD_GO_OLDEST"]
    with copied_out("github.com/argoproj/argo-cd/v3", version, into, newer_go) as (source, in_it):
        engine = "github.com/argoproj/argo-cd/gitops-engine/v3"
        # In its own tree a directory stands for this module; outside of it the published one does.
        in_it("mod", "edit", f"-replace={engine}={engine}@{version}")
        in_it("build", "-mod=mod", *STRIP, "-o", into / "argocd", "./cmd")
        shutil.copytree(source / "manifests/crds", into / "crds")
        shutil.copyfile(source / "hack/git-verify-wrapper.sh", into / "git-verify-wrapper.sh")
    (into / "git-verify-wrapper.sh").chmod(0o755)


def make_egctl(into: Path) -> None:
    """Builds egctl, which translates Envoy Gateway's resources to Envoy's configuration without a cluster."""
    version, newer_go = VERSIONS["ENVOY_GATEWAY_VERSION"], VERSIONS["ENVOY_GATEWAY_GO_OLDEST"]
    with copied_out("github.com/envoyproxy/gateway", version, into, newer_go) as (source, in_it):
        in_it("build", *STRIP, "-o", into / "egctl", "./cmd/egctl")
        shutil.copytree(source / "charts/gateway-helm/charts/crds/crds/generated", into / "crds")


def make_flux(into: Path) -> None:
    """Builds the `flux` command."""
    with copied_out("github.com/fluxcd/flux2/v2", VERSIONS["FLUX_VERSION"], into) as (source, in_it):
        # It embeds the installer's manifests, which its Makefile makes; nothing else of it needs them.
        (source / "cmd/flux/manifests").mkdir()
        (source / "cmd/flux/manifests/none.yaml").touch()
        in_it("build", *STRIP, "-o", into / "flux", "./cmd/flux")


def flux_controller(name: str, **pinned: str) -> Callable[[Path], None]:
    """A maker of one of Flux's controllers and its CRDs; `pinned` are modules of github.com/fluxcd/pkg: versions."""

    def make(into: Path) -> None:
        main, version = f"github.com/fluxcd/{name}", VERSIONS["FLUX_CONTROLLERS_VERSION"]
        with copied_out(main, version, into) as (source, in_it):
            # In its own tree a directory stands for its API; outside of it the published module does.
            in_it("mod", "edit", f"-replace={main}/api={main}/api@{version}")
            for one, other in pinned.items():
                in_it("mod", "edit", f"-replace=github.com/fluxcd/pkg/{one}=github.com/fluxcd/pkg/{one}@{other}")
            in_it("build", "-mod=mod", *STRIP, "-o", into / name, ".")
            shutil.copytree(source / "config/crd/bases", into / "crds")

    return make


def installed_by_go(package: str, version: str) -> Callable[[Path], None]:
    """A maker of a program that `go install` builds as it stands."""

    def make(into: Path) -> None:
        run(go(), "install", *STRIP, f"{package}@{version}", cwd=into, env={**GO_ENV, "GOBIN": str(into)})

    return make
