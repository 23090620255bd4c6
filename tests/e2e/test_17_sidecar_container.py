"""The sidecar as a container: the real argocd-cmp-server, started in an image as deploy/argocd says."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from argocd.installation import ArgoCD
from argocd.live import expected_hosts, live_hosts
from argocd.repository import Repository
from mesh.components import MissingComponentError, installed
from mesh.live import live
from mesh.processes import Daemon

import containers
from egress_overlays import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mesh.cluster import Cluster

PLUGINS, CONFIG = "/home/argocd/cmp-server/plugins", "/home/argocd/cmp-server/config"


@pytest.fixture(scope="module")
def docker(components: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment whose `docker` holds the images; tests/dist looks at them more closely."""
    containers.needs()
    try:
        installed(*containers.BASES)
    except MissingComponentError as missing:
        pytest.skip(f"NOT RUN: {missing}")
    directory = tmp_path_factory.mktemp("docker")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{components['kustomize'].parent}:{os.environ['PATH']}")
        yield containers.images(directory)
    shutil.rmtree(directory)


@pytest.fixture(scope="module", params=["volume", "image"])
def argocd(
    request: pytest.FixtureRequest,
    docker: dict[str, str],
    components: dict[str, Path],
    cluster: Cluster,
    run_directory: Path,
) -> Iterator[ArgoCD]:
    """With what the init container brings, in Argo CD's image; or with the image that has it all."""
    way = request.param
    programs = {**components, **installed("argocd", "redis-server")}
    directory = run_directory / f"argocd-{way}"
    argocd = ArgoCD("plugin", programs, cluster, directory, run_directory / "logs")
    mounts = argocd.rendered.mounts
    mounts[PLUGINS].chmod(0o777)  # As Kubernetes makes an emptyDir.
    (sidecar,) = containers.pod("plugin")["containers"]
    (program,) = sidecar["command"]
    # The stock init container copies the program there.
    run = [*containers.restricted(sidecar), f"--volume={programs['argocd']}:{program}:ro"]
    run += [f"--volume={mounts[PLUGINS]}:{PLUGINS}", f"--volume={containers.empty_dir(directory / 'tmp')}:/tmp"]
    if way == "volume":
        run += [f"--volume={mounts[mount]}:{mount}:ro" for mount in ("/egress-overlays", CONFIG)]
        run += [*(f"--env={one['name']}={one['value']}" for one in sidecar["env"]), f"--entrypoint={program}"]
        run += [f"{sidecar['image']}:v3.6.1"]
    else:
        run += [f"egress-overlays-argocd:{__version__}"]
    log = argocd.daemons["cmp-server"].log
    argocd.daemons["cmp-server"] = Daemon("argocd-cmp-server", ["docker", *run], log=log, cwd=directory, env=docker)
    try:
        argocd.start()
        yield argocd
    finally:
        argocd.stop()


def test_it_builds_with_the_parameters_of_an_application(argocd: ArgoCD, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "egress", "inject-legacy")
    with argocd.application("egress-staging", repository.directory, "overlays/staging") as application:
        assert application.sync()["sourceType"] == "Plugin"
        assert live_hosts(argocd.cluster) == expected_hosts(argocd, repository, "staging")
    parameters = [
        {"name": "environment", "string": "dev"},
        {"name": "extra-domains", "array": ["*.Example.NET."]},
    ]
    with argocd.application("egress-dev", repository.directory, ".", parameters=parameters) as application:
        application.sync()
        assert set(live_hosts(argocd.cluster)) == {*expected_hosts(argocd, repository, "dev"), "*.example.net"}
        before = live(argocd.cluster)
        repository.edit("overlays/dev/domains.yaml", "    ghcr.io\n", "    192.0.2.1\n")
        repository.commit("Break the list")
        assert '"192.0.2.1": is an IP address' in application.comparison_error()
        assert live(argocd.cluster) == before
