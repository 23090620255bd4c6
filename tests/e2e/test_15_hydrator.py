"""The real Argo CD hydrates: what it built stands on a branch first, and is synced once that was merged."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from argocd.application import NAMESPACE
from argocd.git_server import PrivateGitServer
from argocd.hydrated import NEXT, SYNCED, Branches, Hydrated
from argocd.installation import ArgoCD
from argocd.live import HINT, expected_hosts, live_hosts, own_build
from mesh.components import installed
from mesh.live import live
from mesh.network import add_internet_address

import quick_yaml as yaml
from documents import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mesh.cluster import Cluster
    from mesh.mesh import Mesh

DEPLOY = ROOT / "deploy/argocd/hydrator"
GIT, ADDRESS, REMOTE = "git.example", "203.0.113.12", "platform/egress.git"
NEW = "added-by-a-commit.example.com"
DOMAINS = "overlays/staging/domains.yaml"
PULL, PUSH = (
    {key: one["stringData"][key] for key in ("username", "password")}
    for one in yaml.safe_load_all((DEPLOY / "secrets.yaml").read_text())
)


@pytest.fixture(scope="module")
def server(mesh: Mesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateGitServer]:
    """What the manifests call git.example, with the accounts of secrets.yaml."""
    add_internet_address(ADDRESS)
    mesh.internet.dns.records[GIT] = [ADDRESS]
    accounts = {one["username"]: one["password"] for one in (PULL, PUSH)}
    repositories = tmp_path_factory.mktemp("git")
    server = PrivateGitServer(repositories, ADDRESS, mesh.internet.authority.leaf(GIT), accounts, PUSH["username"])
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["repo-server", "plugin"])
def argocd(  # noqa: PLR0917 - fixtures
    request: pytest.FixtureRequest,
    mesh: Mesh,
    server: PrivateGitServer,
    components: dict[str, Path],
    guarded: Cluster,
    run_directory: Path,
) -> Iterator[ArgoCD]:
    """One installation a way, with components/admission in force."""
    del server
    way = request.param
    programs = {**components, **installed("argocd", "redis-server")}
    directory = run_directory / f"argocd-hydrator-{way}"
    argocd = ArgoCD(way, programs, guarded, directory, run_directory / "logs", "hydrator")
    argocd.trust(GIT, mesh.internet.authority.root)
    # Before and not after: what comes next would meet an istiod that has yet to follow.
    argocd.cluster.restart_api_server()
    try:
        argocd.start()
        argocd.cluster.apply((DEPLOY / "secrets.yaml").read_text())
        yield argocd
    finally:
        argocd.stop()


@pytest.fixture(scope="module")
def branches(argocd: ArgoCD, server: PrivateGitServer, tmp_path_factory: pytest.TempPathFactory) -> Branches:
    """The repository on a server without any other."""
    form = {"repo-server": "inject-installed", "plugin": "inject-legacy"}[argocd.way]
    server.repositories = tmp_path_factory.mktemp("git")
    server.create(REMOTE)
    return Branches(tmp_path_factory.mktemp("clone") / "egress", server.repositories / REMOTE, form)


@pytest.fixture
def application(argocd: ArgoCD) -> Iterator[Hydrated]:
    """The one of the directory, as it stands."""
    manifest = yaml.safe_load((DEPLOY / "application.yaml").read_text())
    with argocd.applied(manifest):
        yield Hydrated(manifest["metadata"]["name"], argocd.cluster)


@pytest.fixture
def staging(application: Hydrated, branches: Branches) -> Hydrated:
    """The Application after its first commit was hydrated, merged and synced."""
    application.hydrate(branches.restore())
    # To this revision: Synced and Healthy it may be to the one before, and what comes late looks like a push.
    application.sync(branches.merge())
    return application


def test_what_is_hydrated_is_what_a_person_builds(argocd: ArgoCD, branches: Branches, application: Hydrated) -> None:
    dry = branches.restore()
    assert application.hydrate(dry) == branches.head_of(NEXT)
    files = branches.files(NEXT)
    assert sorted(files) == [
        ".gitattributes",
        "hydrator.metadata",
        "staging/README.md",
        "staging/hydrator.metadata",
        "staging/manifest.yaml",
    ]
    assert json.loads(files["staging/hydrator.metadata"])["drySha"] == dry
    assert by_name(yaml.safe_load_all(files["staging/manifest.yaml"])) == by_name(
        own_build(argocd, branches, "staging")
    )
    assert branches.files(SYNCED) == {}
    waiting = "waiting for an external process to update rendered/staging from rendered/staging-next"
    assert waiting in application.comparison_error()


def test_a_commit_that_adds_a_domain_arrives_when_it_is_merged(
    argocd: ArgoCD, branches: Branches, staging: Hydrated
) -> None:
    before = live(argocd.cluster)
    branches.edit(DOMAINS, "    ingest.k6.io\n", f"    ingest.k6.io\n    {NEW}\n")
    staging.hydrate(branches.commit("Add a domain"))
    assert NEW in branches.files(NEXT)["staging/manifest.yaml"]
    staging.sync()
    assert live(argocd.cluster) == before
    assert staging.sync(branches.merge())["sourceType"] == "Directory"
    assert NEW in live_hosts(argocd.cluster)


def changes_nothing(argocd: ArgoCD, branches: Branches, staging: Hydrated, lost: AbstractContextManager[object]) -> str:
    """Commits a change while something is lost; why it is not hydrated. Once that is back, it is."""
    before, pushed = live(argocd.cluster), branches.head_of(NEXT)
    branches.edit(DOMAINS, "    ingest.k6.io\n", f"    {NEW}\n")
    dry = branches.commit("Change a domain")
    with lost:
        error = staging.hydration_error()
        assert branches.head_of(NEXT) == pushed
        # Synced and Healthy: who watches these two alone does not learn of it.
        staging.sync()
        assert live(argocd.cluster) == before
    assert staging.hydrate(dry) == branches.head_of(NEXT) != pushed
    return error


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--enable-alpha-plugins", "the egress-overlays function did not run"),
        ("", "external plugins disabled"),
    ],
)
@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_without_a_flag_nothing_is_pushed(
    argocd: ArgoCD, branches: Branches, staging: Hydrated, flags: str, message: str
) -> None:
    assert message in changes_nothing(argocd, branches, staging, argocd.flags(flags))


def test_without_the_artifact_likewise(argocd: ArgoCD, branches: Branches, staging: Hydrated) -> None:
    error = changes_nothing(argocd, branches, staging, argocd.without_artifact())
    assert {"repo-server": "executable file not found in $PATH", "plugin": "EgressDomains"}[argocd.way] in error


@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_without_the_commit_server_likewise(argocd: ArgoCD, branches: Branches, staging: Hydrated) -> None:
    error = changes_nothing(argocd, branches, staging, argocd.without_commit_server())
    assert "failed to commit hydrated manifests: rpc error: code = Unavailable" in error


@contextlib.contextmanager
def push_secret(argocd: ArgoCD, account: dict[str, str]) -> Iterator[None]:
    """The push secret with another account, or gone where there is none."""
    secret = ("secret", "egress-push", f"--namespace={NAMESPACE}")
    if account:
        argocd.cluster.kubectl("patch", *secret, "-p", json.dumps({"stringData": account}))
    else:
        argocd.cluster.kubectl("delete", *secret)
    try:
        yield
    finally:
        argocd.cluster.apply((DEPLOY / "secrets.yaml").read_text())


@pytest.mark.parametrize(
    ("account", "message"),
    [
        ({}, "no credentials matched this URL"),
        ({"password": "of-yesterday"}, "Authentication failed for"),
        (PULL, "The requested URL returned error: 403"),
    ],
    ids=["none", "wrong-password", "may-not-push"],
)
@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_without_an_account_that_may_push_likewise(
    argocd: ArgoCD, branches: Branches, staging: Hydrated, account: dict[str, str], message: str
) -> None:
    assert message in changes_nothing(argocd, branches, staging, push_secret(argocd, account))


def test_with_a_faulty_list_every_fault_is_said(argocd: ArgoCD, branches: Branches, staging: Hydrated) -> None:
    before, pushed = live(argocd.cluster), branches.head_of(NEXT)
    branches.edit(DOMAINS, "    ingest.k6.io\n", "    192.0.2.1\n    *.co.uk\n")
    branches.commit("Break the list twice")
    error = staging.hydration_error()
    assert '"192.0.2.1": is an IP address' in error
    assert 'opens everything under "co.uk"' in error
    assert branches.head_of(NEXT) == pushed
    assert live(argocd.cluster) == before


@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_without_the_guard_the_api_server_refuses_what_was_merged(
    argocd: ArgoCD, branches: Branches, staging: Hydrated
) -> None:
    before = live(argocd.cluster)
    branches.edit("plugin/inject-installed/kustomization.yaml", "- ../guard\n", "")
    with argocd.flags("--enable-alpha-plugins"):
        staging.hydrate(branches.commit("Remove the guard"))
    branches.merge()
    staging.destination_namespace("istio-egress")
    assert HINT in staging.refusal()
    assert live(argocd.cluster) == before
    # Without `retry.refresh` the refused revision alone would be tried again, for minutes.
    staging.hydrate(branches.restore())
    staging.sync(branches.merge())


@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_after_a_squash_the_branch_that_was_deleted_begins_anew(
    argocd: ArgoCD, branches: Branches, staging: Hydrated
) -> None:
    for name in ("one.example.com", "two.example.com"):
        branches.edit(DOMAINS, "    ingest.k6.io\n", f"    ingest.k6.io\n    {name}\n")
        staging.hydrate(branches.commit("Add a domain"))
        staging.sync(branches.squash())
    assert {"one.example.com", "two.example.com"} <= set(live_hosts(argocd.cluster))


@pytest.mark.parametrize("argocd", ["plugin"], indirect=True)
def test_the_plugins_parameters_are_hydrated(argocd: ArgoCD, branches: Branches) -> None:
    text = (DEPLOY / "application.yaml").read_text().replace("staging", "dev")
    manifest = yaml.safe_load(text)
    parameters = [{"name": "environment", "string": "dev"}, {"name": "extra-domains", "array": [NEW]}]
    manifest["spec"]["sourceHydrator"]["drySource"] |= {
        "path": ".",
        "plugin": {"name": "egress-overlays", "parameters": parameters},
    }
    with argocd.applied(manifest):
        Hydrated("egress-dev", argocd.cluster).hydrate(branches.restore())
    objects = yaml.safe_load_all(branches.files("rendered/dev-next")["dev/manifest.yaml"])
    (hosts,) = [one["spec"]["hosts"] for one in objects if one["kind"] == "VirtualService"]
    assert set(hosts) == {*expected_hosts(argocd, branches, "dev"), NEW}


def by_name(objects: Iterable[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}
