"""deploy/envoy-gateway: what Envoy Gateway makes of it, in every real Envoy, asked as every other way is.

`make envoy-gateway` compares with docs/ways.md; with PYTEST=--write-golden it writes the columns anew.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from mesh.application import Application
from mesh.askers import AtEnvoyGateway
from mesh.components import installed
from mesh.connections import rows, seen, serve
from mesh.envoy_gateway import PORT, Running, translated
from mesh.internet import Internet
from mesh.network import PodNetwork, make_node
from mesh.overlays import Overlays
from mesh.pki import Authority

import quick_yaml as yaml
from conftest import ROOT
from tooling import PINNED
from ways_seen import keep, kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


WAY = ROOT / "tests/e2e/ways/envoy-gateway"
BARE, PATCHED = "Envoy Gateway", "deploy/envoy-gateway"
"""Without the EnvoyPatchPolicy, and as deploy/envoy-gateway is."""
NEWEST = PINNED["ENVOY_NEWEST"]
OLDER = PINNED["ENVOY_BETWEEN"].split(",")
BY_NETWORK_POLICY = "a dead address, then 192.168.7.7"
"""What the filter cannot see, and a NetworkPolicy refuses, which does not run here."""
NUMBERS = itertools.count(11)


@pytest.fixture(scope="module")
def programs() -> dict[str, Path]:
    return installed("egctl", "envoy", *(f"envoy-{one}" for one in OLDER), "kustomize")


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    """The servers of all names, without a mesh."""
    directory = tmp_path_factory.mktemp("internet")
    for one in (directory, directory.parent, directory.parent.parent):
        one.chmod(0o755)  # The client, who is nobody, reads the root certificate below.
    make_node(directory / "resolv.conf")
    found = Internet(Authority.new("the internet", directory / "pki"))
    found.start()
    serve(found)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def application(internet: Internet) -> Iterator[Application]:
    pod = PodNetwork("client", 10)
    pod.create()
    found = Application(pod, internet.authority.root)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def objects(programs: dict[str, Path], internet: Internet, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    del internet
    return list(yaml.safe_load_all(Overlays(ROOT, programs, tmp_path_factory.mktemp("built")).build(WAY)))


@pytest.mark.parametrize(("way", "version"), [(BARE, NEWEST), (PATCHED, NEWEST), *((PATCHED, one) for one in OLDER)])
def test_the_page_says_what_it_lets_through(  # noqa: PLR0917 - fixtures
    way: str,
    version: str,
    objects: list[Any],
    programs: dict[str, Path],
    internet: Internet,
    application: Application,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    read = [one for one in objects if way == PATCHED or one["kind"] != "EnvoyPatchPolicy"]
    pod = PodNetwork(f"gateway-{next(NUMBERS)}", next(NUMBERS))
    pod.create()
    envoy = programs["envoy" if version == NEWEST else f"envoy-{version}"]
    running = Running(envoy, pod, tmp_path)
    try:
        running.start(*translated(programs["egctl"], read, tmp_path))
        column = seen(AtEnvoyGateway(internet, application, pod.address, PORT))
    finally:
        running.stop()
    if request.config.getoption("--write-golden") and version == NEWEST:
        keep(rows(), {way: column})
    assert kept()["connections"] == [list(row) for row in rows()]
    assert dict(zip(rows(), column, strict=True)) == dict(zip(rows(), kept()["ways"][way], strict=True))
    wrong = [
        title for (_, title, should), word in zip(rows(), column, strict=True) if word not in (should, "not asked")
    ]
    assert way == BARE or wrong == [BY_NETWORK_POLICY]
