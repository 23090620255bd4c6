"""The real Argo CD, patched by deploy/argocd, syncs overlays from git; whatever is lost on the way, live lists stay."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from argocd import ROOT, ArgoCD
from mesh.components import installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mesh.cluster import Cluster

WAYS = ("repo-server", "plugin")
OVERLAYS = ("dev", "staging", "prod")
LISTS = (
    ("virtualservice", "direct-wildcard-through-egress-gateway"),
    ("serviceentry", "wildcard"),
)
NEW = "added-by-a-commit.example.com"
HINT = "not injected: build with --enable-alpha-plugins --enable-exec"


class Repository:
    """A git repository with base/, components/ and overlays/ that run the installed function, as `init` makes them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for name in ("base", "components", "overlays", "plugin/guard"):
            shutil.copytree(ROOT / name, directory / name)
        for overlay in OVERLAYS:
            self.edit(f"overlays/{overlay}/kustomization.yaml", "components/inject\n", "components/inject-installed\n")
        self._git("init", "--quiet", "--initial-branch=main")
        self.head = self.commit("Start")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replaces a text that must be there."""
        file = self.directory / path
        text = file.read_text()
        assert old in text, f"{path}: {old!r}"
        file.write_text(text.replace(old, new))

    def commit(self, message: str) -> str:
        """Commits everything and returns the commit."""
        self._git("add", "--all")
        self._git("-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "--quiet", "-m", message)
        return self._git("rev-parse", "HEAD").strip()

    def restore(self) -> str:
        """Goes back to how it started, as one more commit."""
        self._git("rm", "-rq", "--ignore-unmatch", ".")
        self._git("checkout", self.head, "--", ".")
        return self.commit("Restore") if self._git("status", "--porcelain") else self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.directory), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("git") / "egress")


@pytest.fixture(scope="module", params=WAYS)
def argocd(
    request: pytest.FixtureRequest, components: dict[str, Path], cluster: Cluster, run_directory: Path
) -> Iterator[ArgoCD]:
    """One installation a way."""
    way = request.param
    programs = {**components, **installed("argocd", "redis-server")}
    argocd = ArgoCD(way, programs, cluster, run_directory / f"argocd-{way}", run_directory / "logs")
    try:
        argocd.start()
        yield argocd
    finally:
        argocd.stop()


@pytest.fixture
def staging(argocd: ArgoCD, repository: Repository) -> Iterator[str]:
    """An Application that is Synced and Healthy; afterwards the repository is as it was."""
    name = "egress-staging"
    argocd.application(name, repository.directory, "overlays/staging")
    sync(argocd, name)
    yield name
    repository.restore()
    argocd.delete(name)


def sync(argocd: ArgoCD, name: str, revision: str = "") -> dict[str, Any]:
    argocd.refresh(name)
    return argocd.healthy(name, revision)


def live_hosts(cluster: Cluster) -> list[str]:
    hosts: list[str] = cluster.get("virtualservice", LISTS[0][1], "--namespace=istio-system")["spec"]["hosts"]
    return hosts


def live(cluster: Cluster) -> dict[str, str]:
    """Every object of Istio's that the overlays make, with the version that changes with any write to it."""
    found = {}
    for kind in ("virtualservices", "serviceentries", "envoyfilters", "gateways", "destinationrules"):
        for item in cluster.get(kind, "--all-namespaces")["items"]:
            found[f"{kind}/{item['metadata']['name']}"] = item["metadata"]["resourceVersion"]
    assert len(found) >= len(LISTS)
    return found


def expected_hosts(argocd: ArgoCD, repository: Repository, overlay: str) -> list[str]:
    """What a person's own build says."""
    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", f"overlays/{overlay}"]
    environ = {"PATH": f"{argocd.volume}:{argocd.kustomize.parent}:/usr/bin:/bin"}
    built = subprocess.run(command, cwd=repository.directory, env=environ, capture_output=True, text=True, check=True)
    (hosts,) = [one["spec"]["hosts"] for one in yaml.safe_load_all(built.stdout) if one["kind"] == "VirtualService"]
    assert len(hosts) > 3
    return list(hosts)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_overlay_syncs_to_healthy(overlay: str, argocd: ArgoCD, repository: Repository) -> None:
    name = f"egress-{overlay}"
    argocd.application(name, repository.directory, f"overlays/{overlay}")
    try:
        status = sync(argocd, name)
    finally:
        argocd.delete(name)
    assert status["sourceType"] == {"repo-server": "Kustomize", "plugin": "Plugin"}[argocd.way]
    assert live_hosts(argocd.cluster) == expected_hosts(argocd, repository, overlay)


def test_a_commit_that_adds_a_domain_arrives(argocd: ArgoCD, repository: Repository, staging: str) -> None:
    assert NEW not in live_hosts(argocd.cluster)
    repository.edit("overlays/staging/domains.yaml", "    ingest.k6.io\n", f"    ingest.k6.io\n    {NEW}\n")
    revision = repository.commit("Add a domain")
    argocd.refresh(staging)
    argocd.healthy(staging, revision)
    assert NEW in live_hosts(argocd.cluster)


def test_without_enable_exec_the_reason_is_shown_and_nothing_changes(
    argocd: ArgoCD, repository: Repository, staging: str
) -> None:
    before = live(argocd.cluster)
    with argocd.flags("--enable-alpha-plugins"):
        # Something that a sync would have changed, had there been one.
        repository.edit("overlays/staging/domains.yaml", "    ingest.k6.io\n", f"    {NEW}\n")
        repository.commit("Change a domain")
        argocd.refresh(staging)
        assert "the egress-overlays function did not run" in argocd.comparison_error(staging)
        assert live(argocd.cluster) == before
    argocd.refresh(staging)
    argocd.healthy(staging)
    assert NEW in live_hosts(argocd.cluster)


def test_without_any_flag_likewise(argocd: ArgoCD, staging: str) -> None:
    before = live(argocd.cluster)
    with argocd.flags(""):
        argocd.refresh(staging)
        assert "external plugins disabled" in argocd.comparison_error(staging)
        assert live(argocd.cluster) == before


def test_without_the_artifact_the_reason_is_shown_and_nothing_changes(argocd: ArgoCD, staging: str) -> None:
    before = live(argocd.cluster)
    argocd.lose_artifact()
    try:
        argocd.refresh(staging)
        message = argocd.comparison_error(staging)
        assert "egress-overlays" in message
        assert "executable file not found in $PATH" in message
        assert live(argocd.cluster) == before
    finally:
        argocd.run_init_container()
    argocd.refresh(staging)
    argocd.healthy(staging)


def test_with_a_faulty_list_every_fault_is_shown_and_nothing_changes(
    argocd: ArgoCD, repository: Repository, staging: str
) -> None:
    before = live(argocd.cluster)
    repository.edit("overlays/staging/domains.yaml", "    ingest.k6.io\n", "    192.0.2.1\n    *.co.uk\n")
    repository.commit("Break the list twice")
    argocd.refresh(staging)
    message = argocd.comparison_error(staging)
    assert '"192.0.2.1": is an IP address' in message
    assert 'opens everything under "co.uk"' in message
    assert live(argocd.cluster) == before


def test_without_the_guard_the_api_server_still_refuses(argocd: ArgoCD, repository: Repository, staging: str) -> None:
    before = live(argocd.cluster)
    repository.edit("components/inject-installed/kustomization.yaml", "- ../../plugin/guard\n", "")
    with argocd.flags("--enable-alpha-plugins"):
        repository.commit("Remove the guard")
        # Without this Argo CD refuses the ConfigMaps that the function would have taken out: they have no namespace.
        argocd.destination_namespace(staging, "istio-egress")
        argocd.refresh(staging)
        assert HINT in argocd.refusal(staging)
        assert live(argocd.cluster) == before


def test_without_the_guard_and_the_label_the_live_list_is_lost(
    argocd: ArgoCD, repository: Repository, staging: str
) -> None:
    """The damage: why there is a guard, and why the label stands in base/."""
    assert len(live_hosts(argocd.cluster)) > 3
    repository.edit("components/inject-installed/kustomization.yaml", "- ../../plugin/guard\n", "")
    for file in ("virtualservice", "serviceentry", "envoyfilter"):
        repository.edit(
            f"base/{file}.yaml", f'    egress-overlays.dev/state: "{HINT}"\n', "    a-label: of-their-own\n"
        )
    with argocd.flags("--enable-alpha-plugins"):
        revision = repository.commit("Remove the guard and the label")
        argocd.destination_namespace(staging, "istio-egress")
        argocd.refresh(staging)
        argocd.healthy(staging, revision)
        assert live_hosts(argocd.cluster) == ["egress-domains.invalid"]
    repository.restore()
    argocd.refresh(staging)
    argocd.healthy(staging)
    assert len(live_hosts(argocd.cluster)) > 3


@pytest.mark.parametrize("argocd", ["repo-server"], indirect=True)
def test_the_legacy_component_needs_no_enable_exec(argocd: ArgoCD, repository: Repository) -> None:
    name = "egress-legacy"
    repository.edit("overlays/dev/kustomization.yaml", "components/inject-installed\n", "components/inject-legacy\n")
    repository.commit("Take the older protocol")
    try:
        with argocd.flags("--enable-alpha-plugins"):
            argocd.application(name, repository.directory, "overlays/dev")
            sync(argocd, name)
            assert "raw.githubusercontent.com" in live_hosts(argocd.cluster)
    finally:
        repository.restore()
        argocd.delete(name)


@pytest.mark.parametrize("argocd", ["plugin"], indirect=True)
def test_other_applications_are_built_without_the_plugin(argocd: ArgoCD, repository: Repository) -> None:
    other = repository.directory / "other"
    other.mkdir()
    (other / "kustomization.yaml").write_text(
        "configMapGenerator: [{name: other, literals: [a=b]}]\nnamespace: default\n"
    )
    repository.commit("Add an application of somebody else")
    argocd.application("other", repository.directory, "other")
    try:
        argocd.refresh("other")
        assert argocd.healthy("other")["sourceType"] == "Kustomize"
    finally:
        argocd.delete("other")
        repository.restore()


@pytest.mark.parametrize("argocd", ["plugin"], indirect=True)
def test_parameters_choose_the_environment_and_add_domains(argocd: ArgoCD, repository: Repository) -> None:
    parameters = [
        {"name": "environment", "string": "dev"},
        {"name": "extra-domains", "array": [NEW, "*.Example.NET."]},
    ]
    argocd.application("egress-parameters", repository.directory, ".", parameters=parameters)
    try:
        sync(argocd, "egress-parameters")
        hosts = live_hosts(argocd.cluster)
        assert {NEW, "*.example.net", "raw.githubusercontent.com"} <= set(hosts)
        assert set(hosts) == {*expected_hosts(argocd, repository, "dev"), NEW, "*.example.net"}
    finally:
        argocd.delete("egress-parameters")


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
    argocd.application("egress-parameters", repository.directory, path, parameters=[parameter])
    try:
        argocd.refresh("egress-parameters")
        assert message in argocd.comparison_error("egress-parameters")
        assert live(argocd.cluster) == before
    finally:
        argocd.delete("egress-parameters")
