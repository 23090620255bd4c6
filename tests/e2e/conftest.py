"""The mesh, one fixture a component. Run by `make e2e`; what it takes and shows: docs/e2e.md."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mesh.components import MESH, MissingComponentError, installed
from mesh.guard import on_guard
from mesh.mesh import Mesh
from mesh.overlays import Overlays
from mesh.processes import last_lines

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from mesh.application import Application
    from mesh.cluster import Cluster
    from mesh.internet import Internet
    from mesh.istiod import Istiod
    from mesh.proxy import Proxy

ROOT = Path(__file__).resolve().parents[2]
KEPT = pytest.StashKey[Path]()

# The addresses of the seed's log lines.
WIKIPEDIA = "185.15.59.224"
IBM = "104.102.54.251"


def pytest_configure(config: pytest.Config) -> None:
    """Lets Ctrl-C and SIGTERM, which CI sends, run the fixtures' clean-up, also where a parent ignores them."""
    del config
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Names the logs of a failed run."""
    if config.stash.get(KEPT, None):
        terminalreporter.write_line(f"logs and configuration of this run are kept: {config.stash[KEPT]}", yellow=True)


LAST_LINES = 8  # of each log, enough for what a request left there.
LONGEST = 600  # characters of a line: an audit log's are longer by far.
FRESH = 30  # seconds


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to a failure what was written last to each log: CI keeps the report, and not the logs."""
    report = yield
    directory = item.config.stash.get(KEPT, None)
    if report.failed and directory:
        logs = [log for log in sorted(directory.rglob("*.log")) if log.stat().st_mtime > call.stop - FRESH]
        report.sections += [
            (f"end of {log.name}", "\n".join(line[:LONGEST] for line in last_lines(log, LAST_LINES))) for log in logs
        ]
    return report


@pytest.fixture(scope="session", autouse=True)
def isolated() -> None:
    """Refuses to run in the machine's own namespaces: these tests make addresses, routes and firewall rules."""
    if os.environ.get("EGRESS_OVERLAYS_E2E") != "isolated":
        pytest.exit(
            "tests/e2e makes a network of its own and runs by `make e2e` (one test: make e2e PYTEST='-k NAME')", 2
        )


@pytest.fixture(scope="session")
def components(isolated: None) -> dict[str, Path]:
    """The real programs, by name."""
    del isolated
    try:
        return installed(*MESH)
    except MissingComponentError as missing:
        pytest.exit(str(missing), 2)


@pytest.fixture(scope="session")
def run_directory(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory for the run's logs and configuration: kept, and named at the end, when a test failed."""
    directory = Path(tempfile.mkdtemp(prefix="egress-overlays-e2e-"))
    request.config.stash[KEPT] = directory
    yield directory
    if not request.session.testsfailed:
        shutil.rmtree(directory)
        del request.config.stash[KEPT]


@pytest.fixture(scope="session")
def mesh(components: dict[str, Path], run_directory: Path) -> Iterator[Mesh]:
    """The control plane and an internet with the seed's three sites."""
    mesh = Mesh(components, run_directory)
    try:
        for name in ("en.wikipedia.org", "de.wikipedia.org"):
            mesh.internet.serve(name, WIKIPEDIA)
        mesh.internet.serve("cloud.ibm.com", IBM)
        mesh.start()
        yield mesh
    finally:
        mesh.stop()


@pytest.fixture(scope="session")
def internet(mesh: Mesh) -> Internet:
    """DNS and TLS servers."""
    return mesh.internet


@pytest.fixture(scope="session")
def cluster(mesh: Mesh) -> Cluster:
    """etcd and kube-apiserver."""
    return mesh.cluster


@pytest.fixture(scope="session")
def istiod(mesh: Mesh) -> Istiod:
    """istiod, with its validating webhook."""
    return mesh.istiod


@pytest.fixture(scope="session")
def overlays(components: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Overlays:
    """`kustomize build` of the repository's overlays and of ones made for a test."""
    return Overlays(ROOT, components, tmp_path_factory.mktemp("overlays"))


@pytest.fixture(scope="module")
def guarded(cluster: Cluster, overlays: Overlays) -> Iterator[Cluster]:
    """The cluster with components/admission in force."""
    with on_guard(cluster, overlays):
        yield cluster


@pytest.fixture(scope="session")
def gateway(mesh: Mesh, overlays: Overlays) -> Proxy:
    """The egress gateway: the pod that the Deployment of staging asks for."""
    mesh.cluster.sync(overlays.build("staging"))
    return mesh.gateway("sni-egressgateway", "egressgateway", "istio-egress")


@pytest.fixture(scope="session")
def sidecar(mesh: Mesh, gateway: Proxy) -> Proxy:
    """The application's sidecar."""
    del gateway
    return mesh.sidecar("sleep-0", "apps")


@pytest.fixture(scope="session")
def application(mesh: Mesh, sidecar: Proxy) -> Application:
    """The application, in the pod with the sidecar."""
    return mesh.application(sidecar.pod)
