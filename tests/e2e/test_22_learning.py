"""From a mesh in ALLOW_ANY to a list that is enforced, as docs/adopting.md goes: observe, learn, build, enforce."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mesh.processes import eventually
from mesh.proxy import FLUSH_SECONDS, now

import quick_yaml as yaml
from command import run
from egress_overlays.names.domain import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

ROOT = Path(__file__).resolve().parents[2]
WORDS = ("api", "auth", "cdn", "data", "docs", "events", "files", "hooks", "login", "static")
NAMES = [f"{word}.partner{number}.org" for number in range(3) for word in WORDS]
ASKED = {"till": NAMES[:20], "office": NAMES[10:]}
STRANGE = "further.partner0.org"
OBSERVE = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
KUSTOMIZATION = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [{root}/base, domains.yaml]
components:
- {root}/components/client-lists
- {root}/components/restrict-direct-egress
- {root}/components/inject
"""


@dataclass(frozen=True)
class Workload:
    """A pod in a namespace of its own: its sidecar, its application, and the names that it asks for."""

    sidecar: Proxy
    application: Application
    names: list[str]

    def traffic(self) -> dict[str, bool]:
        """Every name once, and whether it was answered."""
        return {name: self.application.get(name).ok for name in self.names}


@pytest.fixture(scope="module", autouse=True)
def _observed(mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy) -> Iterator[None]:
    """A mesh in which no TLS ServiceEntry is left, with components/observe."""
    for number, name in enumerate((*NAMES, STRANGE)):
        internet.serve(name, f"185.15.61.{number // 4 + 10}")
    for kind in ("virtualservices", "serviceentries"):
        mesh.cluster.kubectl("delete", kind, "--all", "--all-namespaces")
    yield
    for kind, name in (("telemetry", "egress-observe"), ("serviceentry", "egress-observe")):
        mesh.cluster.kubectl("delete", kind, name, "--namespace=istio-system", "--ignore-not-found")
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")


@pytest.fixture(scope="module")
def workloads(mesh: Mesh) -> Mapping[str, Workload]:
    """The two workloads; the mesh's Telemetry alone is theirs."""
    found = {}
    for namespace, names in ASKED.items():
        sidecar = mesh.sidecar(f"{namespace}-0", namespace)
        mesh.cluster.kubectl("delete", "telemetry", "access-log", f"--namespace={namespace}")
        found[namespace] = Workload(sidecar, mesh.application(sidecar.pod), names)
    return found


@pytest.fixture(scope="module")
def learned(
    mesh: Mesh, overlays: Overlays, workloads: Mapping[str, Workload], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A kustomization with what `learn` prints of both proxies' logs while `observe` is on."""
    directory = tmp_path_factory.mktemp("learned")
    (directory / "kustomization.yaml").write_text(f"{OBSERVE}components: [{_above(directory)}/components/observe]\n")
    mesh.cluster.apply(overlays.build(directory))
    logs = directory / "logs"
    logs.mkdir()
    for namespace, workload in workloads.items():
        eventually(
            lambda: _is_logged_by_name(workload),  # noqa: B023 -- called before the next turn
            within=60,
            what=f"a line with a name in {namespace}",
        )
        assert all(workload.traffic().values())
    for namespace, workload in workloads.items():
        eventually(
            lambda: _have_names(workload),  # noqa: B023
            within=10 * FLUSH_SECONDS,
            what=f"every name in the log of {namespace}",
        )
        shutil.copyfile(workload.sidecar.log, logs / f"{namespace}_{workload.sidecar.pod.name}.log")
    outcome = run("learn", logs)
    assert outcome.code == 0, outcome.err
    (directory / "domains.yaml").write_text(outcome.out)
    (directory / "kustomization.yaml").write_text(KUSTOMIZATION.format(root=_above(directory)))
    return directory


def _above(directory: Path) -> str:
    """The checkout as kustomize wants it: relative."""
    return "/".join([".."] * (len(directory.resolve().parts) - 1)) + str(ROOT)


def _is_logged_by_name(workload: Workload) -> bool:
    since = now()
    assert workload.application.get(workload.names[0]).page
    return bool(workload.sidecar.logged(since, requested_server_name=workload.names[0]))


def _have_names(workload: Workload) -> bool:
    text = workload.sidecar.log.read_text(errors="replace")
    return all(f" {name} " in text for name in workload.names)


def listed(directory: Path) -> dict[str, set[str]]:
    """The names of each ConfigMap by the namespace that it is for."""
    found = {}
    for one in yaml.safe_load_all((directory / "domains.yaml").read_text()):
        lines = [line.partition("#")[0].strip() for text in one["data"].values() for line in text.splitlines()]
        found[one["metadata"]["annotations"]["egress-overlays.dev/clients"]] = {line for line in lines if line}
    return found


def test_what_was_asked_for_is_learned_and_nothing_else(learned: Path) -> None:
    assert listed(learned) == {namespace: set(names) for namespace, names in ASKED.items()}


def test_enforced_the_same_traffic_passes_and_a_further_name_is_refused(
    mesh: Mesh, overlays: Overlays, gateway: Proxy, workloads: Mapping[str, Workload], learned: Path
) -> None:
    mesh.cluster.sync(overlays.build(learned))
    eventually(lambda: gateway.allowed_names() == set(NAMES), within=60, what="the learned lists in the gateway")
    for namespace, workload in workloads.items():
        eventually(
            lambda: workload.sidecar.routed_names() - {PLACEHOLDER} == set(workload.names),  # noqa: B023
            within=60,
            what=f"the list of {namespace} in its sidecar",
        )
    since = now()

    answers = {namespace: workload.traffic() for namespace, workload in workloads.items()}

    assert all(all(one.values()) for one in answers.values()), answers
    eventually(
        lambda: {line["requested_server_name"] for line in gateway.access_log(since)} >= set(NAMES),
        within=20,
        what="every name in the gateway's log",
    )
    assert not [line for line in gateway.access_log(since) if line["response_code_details"] == "filter_chain_not_found"]
    for workload in workloads.values():
        assert not workload.application.get(STRANGE).ok
        (refused,) = workload.sidecar.logged(since, requested_server_name=STRANGE)
        assert refused["upstream_cluster"] == "BlackHoleCluster"


def test_usage_of_the_same_logs_finds_what_was_refused(
    workloads: Mapping[str, Workload], learned: Path, tmp_path: Path
) -> None:
    for namespace, workload in workloads.items():
        shutil.copyfile(workload.sidecar.log, tmp_path / f"{namespace}_{workload.sidecar.pod.name}.log")
    (tmp_path / "list.yaml").write_text((learned / "domains.yaml").read_text())
    said = run(
        "usage", "--since", "1m", tmp_path / "till_till-0.log", tmp_path / "office_office-0.log", tmp_path / "list.yaml"
    )
    assert said.code == 0
    assert [line.split()[:3] for line in said.out.splitlines() if line.startswith(STRANGE)] == [
        [STRANGE, "office/office", "1"],
        [STRANGE, "till/till", "1"],
    ]
