"""The real Flux applies what the documented job pushes; whatever fails on the way, live lists stay."""

from __future__ import annotations

import json
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from flux.checkout import REMOTE, Checkout
from flux.installation import NAMESPACE, Flux
from flux.sync import Sync
from mesh.components import installed
from mesh.live import ROUTES, live

from distribution import artifact
from documents import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mesh.cluster import Cluster
    from mesh.mesh import Mesh

NEW = "added-by-a-commit.example.com"


@pytest.fixture(scope="module")
def flux(components: dict[str, Path], mesh: Mesh, guarded: Cluster, run_directory: Path) -> Iterator[Flux]:
    """It goes on with components/admission in force."""
    del guarded
    programs = installed("flux", "source-controller", "kustomize-controller", "registry")
    flux = Flux({**components, **programs}, mesh, run_directory / "flux")
    try:
        flux.start()
        yield flux
    finally:
        flux.stop()


@pytest.fixture(scope="module")
def runner(flux: Flux, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A runner with the programs that ci.yaml names, and its checkout."""
    directory = tmp_path_factory.mktemp("runner")
    with tarfile.open(artifact()) as archive:
        archive.extractall(directory / "image", filter="data")
    (unpacked,) = (directory / "image").iterdir()
    subprocess.run(
        [unpacked / "egress-overlays", "install", "--to", directory / "bin"], check=True, capture_output=True
    )
    flux.git.create(REMOTE)
    return Checkout(directory / "checkout", flux.programs(directory / "bin"))


@pytest.fixture
def checkout(runner: Checkout) -> Iterator[Checkout]:
    """The checkout, after each test as it was."""
    yield runner
    runner.restore()


@pytest.fixture
def staging(flux: Flux, checkout: Checkout) -> Sync:
    """The artifact of the first commit, pushed and applied."""
    push(checkout)
    flux.cluster.apply((ROOT / "deploy/flux/egress.yaml").read_text())
    sync = Sync("egress-staging", "ocirepository", flux.cluster)
    sync.applied(checkout.head)
    return sync


def push(checkout: Checkout) -> None:
    done = checkout.job()
    assert done.returncode == 0, done.stderr + done.stdout


def live_hosts(cluster: Cluster) -> list[str]:
    """The names that each of the three kinds holds, which must be the same."""
    routes = cluster.get("virtualservice", ROUTES, "--namespace=istio-system")["spec"]
    entries = cluster.get("serviceentries", "--namespace=istio-system")["items"]
    filters = str([one["spec"] for one in cluster.get("envoyfilters", "--all-namespaces")["items"]])
    hosts: list[str] = routes["hosts"]
    assert all(f"'{name}'" in filters for name in hosts)
    assert sorted(hosts) == sorted(host for one in entries for host in one["spec"]["hosts"])
    return sorted(hosts)


def test_what_the_job_pushes_becomes_ready(flux: Flux, staging: Sync) -> None:
    assert live_hosts(flux.cluster) == ["api.example.com"]
    assert staging.status()["ready"]["reason"] == "ReconciliationSucceeded"


def test_a_commit_that_adds_a_domain_arrives(flux: Flux, checkout: Checkout, staging: Sync) -> None:
    checkout.add(NEW)
    commit = checkout.commit("Add a domain")
    push(checkout)
    staging.applied(commit)
    assert live_hosts(flux.cluster) == [NEW, "api.example.com"]


def test_what_a_shorter_list_no_longer_fills_is_pruned(flux: Flux, checkout: Checkout, staging: Sync) -> None:
    before = live(flux.cluster).keys()
    checkout.add(*(f"n{number}.example.org" for number in range(300)))
    commit = checkout.commit("Add so many that they need a second ServiceEntry")
    push(checkout)
    staging.applied(commit)
    assert len(live_hosts(flux.cluster)) == 301
    assert live(flux.cluster).keys() - before == {"serviceentries/wildcard-1"}
    checkout.restore()
    push(checkout)
    staging.applied(checkout.head)
    assert live_hosts(flux.cluster) == ["api.example.com"]
    assert live(flux.cluster).keys() == before


@pytest.mark.parametrize(
    ("name", "replaced", "message"),
    [
        ("192.0.2.1", {}, '"192.0.2.1"'),
        (NEW, {"--enable-exec ": ""}, "the egress-overlays function did not run"),
        (NEW, {"--enable-alpha-plugins --enable-exec ": ""}, "external plugins disabled"),
        (NEW, {"kustomize build": 'PATH="$WITHOUT" kustomize build'}, "executable file not found in $PATH"),
        (NEW, {"overlays/staging": "base"}, "not injected"),
    ],
)
def test_a_job_that_fails_pushes_nothing(
    flux: Flux, checkout: Checkout, staging: Sync, *, name: str, replaced: dict[str, str], message: str
) -> None:
    pushed, before = staging.revision(), live(flux.cluster)
    checkout.add(name)
    checkout.commit("Change something that a push would have changed")
    done = checkout.job(replaced, {"WITHOUT": flux.programs()["PATH"]})
    assert done.returncode
    assert message in done.stderr + done.stdout
    assert staging.revision() == pushed
    assert live(flux.cluster) == before
    assert staging.status()["ready"]["status"] == "True"


def test_a_branch_does_as_well(flux: Flux, checkout: Checkout, staging: Sync) -> None:
    del staging
    checkout.documented("rendered", "branch")
    flux.cluster.apply((ROOT / "deploy/flux/branch.yaml").read_text())
    branch = Sync("egress-staging", "gitrepository", flux.cluster)
    branch.applied(checkout.rendered()[0])
    checkout.add(NEW)
    checkout.commit("Add a domain")
    checkout.documented("rendered", "branch")
    branch.applied(checkout.rendered()[0])
    assert live_hosts(flux.cluster) == [NEW, "api.example.com"]
    pushed = checkout.rendered()
    assert len(pushed) == 2
    before = live(flux.cluster)
    checkout.add("192.0.2.1")
    checkout.commit("Add a fault")
    with pytest.raises(AssertionError, match=r'"192\.0\.2\.1"'):
        checkout.documented("rendered", "branch")
    assert checkout.rendered() == pushed
    assert live(flux.cluster) == before


@pytest.mark.parametrize(
    ("path", "reason", "message"),
    [
        ("overlays/staging", "BuildFailed", "external plugins disabled; unable to load external plugin"),
        ("base", "ReconciliationFailed", 'Invalid value: "not injected: build with --enable-alpha-plugins'),
    ],
)
def test_sources_that_nobody_rendered_are_refused(
    flux: Flux, checkout: Checkout, staging: Sync, *, path: str, reason: str, message: str
) -> None:
    del staging
    checkout.add(NEW)
    checkout.commit("Change something that a sync would have changed")
    before = live(flux.cluster)
    text = (ROOT / "deploy/flux/branch.yaml").read_text().replace("egress-staging", "sources")
    flux.cluster.apply(
        text.replace("branch: rendered", "branch: main").replace("path: ./staging", f"path: egress/{path}")
    )
    ready = Sync("sources", "gitrepository", flux.cluster).refusal()
    assert ready["reason"] == reason
    assert message in ready["message"]
    assert live(flux.cluster) == before
    flux.cluster.kubectl("delete", "kustomization,gitrepository", "sources", f"--namespace={NAMESPACE}")
    assert live(flux.cluster) == before


def test_what_somebody_opens_by_hand_is_closed_again(flux: Flux, staging: Sync) -> None:
    for kind, name in (("virtualservice", ROUTES), ("serviceentry", "wildcard")):
        patch = json.dumps([{"op": "add", "path": "/spec/hosts/-", "value": "by-hand.example.com"}])
        flux.cluster.kubectl("patch", kind, name, "--namespace=istio-system", "--type=json", "-p", patch)
    assert "by-hand.example.com" in flux.cluster.get("virtualservice", ROUTES, "-nistio-system")["spec"]["hosts"]
    staging.request("kustomization")
    assert live_hosts(flux.cluster) == ["api.example.com"]
