"""The real Argo CD, patched by deploy/argocd, syncs overlays from git; whatever is lost on the way, live lists stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from argocd.installation import ArgoCD
from argocd.live import HINT, expected_hosts, live_hosts
from argocd.repository import OVERLAYS, Repository
from mesh.components import installed
from mesh.guard import unbound
from mesh.live import live

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from argocd.application import Application
    from mesh.cluster import Cluster

WAYS = ("repo-server", "plugin")
# The sidecar starts nothing but what stands in its plugin home.
FORMS = {"repo-server": "inject-installed", "plugin": "inject-legacy"}
NEW = "added-by-a-commit.example.com"


@pytest.fixture(scope="module")
def git(argocd: ArgoCD, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("git") / "egress", FORMS[argocd.way])


@pytest.fixture
def repository(git: Repository) -> Iterator[Repository]:
    """The repository, after each test as it was."""
    yield git
    git.restore()


@pytest.fixture(scope="module", params=WAYS)
def argocd(
    request: pytest.FixtureRequest, components: dict[str, Path], guarded: Cluster, run_directory: Path
) -> Iterator[ArgoCD]:
    """One installation a way, with components/admission in force."""
    way = request.param
    programs = {**components, **installed("argocd", "redis-server")}
    argocd = ArgoCD(way, programs, guarded, run_directory / f"argocd-{way}", run_directory / "logs")
    # Before and not after: what comes next would meet an istiod that has yet to follow.
    argocd.cluster.restart_api_server()
    try:
        argocd.start()
        yield argocd
    finally:
        argocd.stop()


@pytest.fixture
def staging(argocd: ArgoCD, repository: Repository) -> Iterator[Application]:
    """An Application that is Synced and Healthy."""
    with argocd.application("egress-staging", repository.directory, "overlays/staging") as staging:
        staging.sync()
        yield staging


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_overlay_syncs_to_healthy(overlay: str, argocd: ArgoCD, repository: Repository) -> None:
    with argocd.application(f"egress-{overlay}", repository.directory, f"overlays/{overlay}") as application:
        status = application.sync()
    assert status["sourceType"] == {"repo-server": "Kustomize", "plugin": "Plugin"}[argocd.way]
    assert live_hosts(argocd.cluster) == expected_hosts(argocd, repository, overlay)


def test_a_commit_that_adds_a_domain_arrives(argocd: ArgoCD, repository: Repository, staging: Application) -> None:
    assert NEW not in live_hosts(argocd.cluster)
    repository.edit("overlays/staging/domains.yaml", "    ingest.k6.io\n", f"    ingest.k6.io\n    {NEW}\n")
    revision = repository.commit("Add a domain")
    staging.sync(revision)
    assert NEW in live_hosts(argocd.cluster)


@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_without_enable_exec_the_reason_is_shown_and_nothing_changes(
    argocd: ArgoCD, repository: Repository, staging: Application
) -> None:
    before = live(argocd.cluster)
    with argocd.flags("--enable-alpha-plugins"):
        # Something that a sync would have changed, had there been one.
        repository.edit("overlays/staging/domains.yaml", "    ingest.k6.io\n", f"    {NEW}\n")
        repository.commit("Change a domain")
        assert "the egress-overlays function did not run" in staging.comparison_error()
        assert live(argocd.cluster) == before
    staging.sync()
    assert NEW in live_hosts(argocd.cluster)


def test_without_any_flag_likewise(argocd: ArgoCD, staging: Application) -> None:
    before = live(argocd.cluster)
    with argocd.flags(""):
        assert "external plugins disabled" in staging.comparison_error()
        assert live(argocd.cluster) == before


def test_without_the_artifact_the_reason_is_shown_and_nothing_changes(argocd: ArgoCD, staging: Application) -> None:
    before = live(argocd.cluster)
    with argocd.without_artifact():
        message = staging.comparison_error()
        assert {"repo-server": "executable file not found in $PATH", "plugin": "EgressDomains"}[argocd.way] in message
        assert live(argocd.cluster) == before
    staging.sync()


def test_with_a_faulty_list_every_fault_is_shown_and_nothing_changes(
    argocd: ArgoCD, repository: Repository, staging: Application
) -> None:
    before = live(argocd.cluster)
    repository.edit("overlays/staging/domains.yaml", "    ingest.k6.io\n", "    192.0.2.1\n    *.co.uk\n")
    repository.commit("Break the list twice")
    message = staging.comparison_error()
    assert '"192.0.2.1": is an IP address' in message
    assert 'opens everything under "co.uk"' in message
    assert live(argocd.cluster) == before


@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_without_the_guard_the_api_server_still_refuses(
    argocd: ArgoCD, repository: Repository, staging: Application
) -> None:
    before = live(argocd.cluster)
    repository.edit("plugin/inject-installed/kustomization.yaml", "- ../guard\n", "")
    with argocd.flags("--enable-alpha-plugins"):
        repository.commit("Remove the guard")
        # Without this Argo CD refuses the ConfigMaps that the function would have taken out: they have no namespace.
        staging.destination_namespace("istio-egress")
        assert HINT in staging.refusal()
        assert live(argocd.cluster) == before


@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_without_the_guard_and_the_label_the_live_list_is_lost(
    argocd: ArgoCD, repository: Repository, staging: Application
) -> None:
    """The damage: why there is a guard, why the label stands in base/, and why admission looks for it."""
    assert len(live_hosts(argocd.cluster)) > 3
    repository.edit("plugin/inject-installed/kustomization.yaml", "- ../guard\n", "")
    for file in ("virtualservice", "serviceentry", "envoyfilter"):
        repository.edit(
            f"base/{file}.yaml", f'    egress-overlays.dev/state: "{HINT}"\n', "    a-label: of-their-own\n"
        )
    with argocd.flags("--enable-alpha-plugins"), unbound(argocd.cluster, "egress-gateway-injected"):
        revision = repository.commit("Remove the guard and the label")
        staging.destination_namespace("istio-egress")
        staging.sync(revision)
        assert live_hosts(argocd.cluster) == ["egress-domains.invalid"]
    repository.restore()
    staging.sync()
    assert len(live_hosts(argocd.cluster)) > 3


@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_the_legacy_component_needs_no_enable_exec(argocd: ArgoCD, repository: Repository) -> None:
    repository.edit("overlays/dev/kustomization.yaml", "plugin/inject-installed\n", "plugin/inject-legacy\n")
    repository.commit("Take the older protocol")
    with (
        argocd.flags("--enable-alpha-plugins"),
        argocd.application("egress-legacy", repository.directory, "overlays/dev") as application,
    ):
        application.sync()
        assert "raw.githubusercontent.com" in live_hosts(argocd.cluster)


@pytest.mark.parametrize("argocd", ["plugin"], indirect=True)
def test_other_applications_are_built_without_the_plugin(argocd: ArgoCD, repository: Repository) -> None:
    other = repository.directory / "other"
    other.mkdir()
    (other / "kustomization.yaml").write_text(
        "configMapGenerator: [{name: other, literals: [a=b]}]\nnamespace: default\n"
    )
    repository.commit("Add an application of somebody else")
    with argocd.application("other", repository.directory, "other") as application:
        assert application.sync()["sourceType"] == "Kustomize"


@pytest.mark.parametrize("argocd", ["plugin"], indirect=True)
def test_a_program_of_the_repository_cannot_be_started(
    argocd: ArgoCD, repository: Repository, staging: Application, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    before = live(argocd.cluster)
    program = repository.directory / "plugin/egress-overlays"
    program.write_text(f"#!/bin/sh\ntouch {started}\ncat\n")
    program.chmod(0o755)
    repository.edit("overlays/staging/kustomization.yaml", "plugin/inject-legacy\n", "plugin/inject\n")
    repository.commit("Bring a program along")
    assert "the egress-overlays function did not run" in staging.comparison_error()
    assert not started.exists()
    assert live(argocd.cluster) == before


@pytest.mark.parametrize("argocd", ["plugin"], indirect=True)
def test_parameters_choose_the_environment_and_add_domains(argocd: ArgoCD, repository: Repository) -> None:
    parameters = [
        {"name": "environment", "string": "dev"},
        {"name": "extra-domains", "array": [NEW, "*.Example.NET."]},
    ]
    with argocd.application("egress-parameters", repository.directory, ".", parameters=parameters) as application:
        application.sync()
        hosts = live_hosts(argocd.cluster)
        assert {NEW, "*.example.net", "raw.githubusercontent.com"} <= set(hosts)
        assert set(hosts) == {*expected_hosts(argocd, repository, "dev"), NEW, "*.example.net"}


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"name": "environment", "string": "../overlays/dev"}, "lower-case letters, digits and hyphens are accepted"),
        ({"name": "environment", "string": "$(id)"}, "lower-case letters, digits and hyphens are accepted"),
        ({"name": "environment", "string": "nowhere"}, "there is no directory overlays/nowhere here"),
        ({"name": "extra-domains", "array": ["good.example.com", "--help"]}, '"--help"'),
        ({"name": "extra-domains", "array": ["a.example.com\n    *"]}, "cannot stand on a list"),
        ({"name": "extra-domains", "array": ["$(touch /tmp/x).example.com"]}, "cannot stand on a list"),
    ],
)
@pytest.mark.parametrize("argocd", ["plugin"], indirect=True)
def test_parameters_are_checked(argocd: ArgoCD, repository: Repository, parameter: Any, message: str) -> None:
    path = "." if parameter["name"] == "environment" else "overlays/dev"
    before = live(argocd.cluster)
    with argocd.application("egress-parameters", repository.directory, path, parameters=[parameter]) as application:
        assert message in application.comparison_error()
        assert live(argocd.cluster) == before
