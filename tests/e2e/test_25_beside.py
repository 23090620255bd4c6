"""What stands beside the lists, in the real mesh: each case does what it does, and the commands say so beforehand."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from mesh.beside import BESIDE, Beside
from mesh.meshes import LISTED_ADDRESS, UNLISTED, UNLISTED_ADDRESS, settled
from mesh.processes import eventually
from mesh.world import INSIDE, LISTED, WILDCARD, World

import quick_yaml as yaml
from command import run as egress_overlays

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

    Object = dict[str, Any]

WAYS = (
    *(World.unlisted, World.without_certificate, World.listed_without_certificate, World.at_another_port),
    *(World.inside, World.past, World.dark),
)


@pytest.fixture(scope="module")
def ours(mesh: Mesh, overlays: Overlays, internet: Internet, gateway: Proxy, sidecar: Proxy) -> Iterator[list[Object]]:
    """One wildcard, in a mesh that is closed to what is not registered."""
    internet.serve(LISTED, LISTED_ADDRESS)
    internet.serve(INSIDE, "10.0.0.1")
    internet.serve(UNLISTED, UNLISTED_ADDRESS)
    mesh.cluster.namespace("blog")
    text = overlays.make([WILDCARD], components=["restrict-direct-egress"])
    mesh.cluster.sync(text)
    settled(WILDCARD, gateway, sidecar)
    yield [one for one in yaml.safe_load_all(text) if one]
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")


@pytest.fixture(scope="module")
def world(mesh: Mesh, gateway: Proxy, application: Application) -> World:
    """Who may ask."""
    stranger = mesh.application(mesh.pod_network("beside-0"))
    return World(gateway, application, mesh.impostor("impostor-0"), stranger)


def is_well(world: World) -> bool:
    """Listed names are reached, and nothing else is by anybody."""
    return not any(way(world) for way in WAYS)


@pytest.mark.parametrize("what", BESIDE)
def test_what_it_does_and_who_says_so(what: str, mesh: Mesh, ours: list[Object], world: World, tmp_path: Path) -> None:
    case = BESIDE[what]
    planted = copy.deepcopy(ours)
    case.plant(planted)
    said_beforehand(case, ours, planted, tmp_path)

    eventually(lambda: is_well(world), within=60, what="the mesh as base/ makes it")
    mesh.cluster.sync(yaml.safe_dump_all(planted))
    try:
        eventually(lambda: case.then(world), within=60, what=f"{what}: {case.then.__doc__}")
    finally:
        mesh.cluster.sync(yaml.safe_dump_all(ours))


def said_beforehand(case: Beside, ours: list[Object], planted: list[Object], directory: Path) -> None:
    """`verify` finds an error, `diff` says so in its first lines, and `check` does not vouch for anything."""
    before, after = directory / "before.yaml", directory / "after.yaml"
    before.write_text(yaml.safe_dump_all(ours))
    after.write_text(yaml.safe_dump_all(planted))
    assert egress_overlays("verify", before).code == 0
    outcome = egress_overlays("verify", "-o", "json", after)
    errors = {one["rule"] for one in json.loads(outcome.out)[0]["findings"] if one["severity"] == "error"}
    assert outcome.code == 1
    assert errors
    assert errors <= case.rules

    assert egress_overlays("diff", "--exit-code", before, before).code == 0
    outcome = egress_overlays("diff", "--exit-code", before, after)
    assert outcome.code == 1
    assert any(words in outcome.out.splitlines()[0] for words in ("around the lists", "broken"))

    words = {LISTED: "may keep it from working", UNLISTED: "may let it past the lists"}
    name = LISTED if case.then is World.dark else UNLISTED
    assert words[name] in egress_overlays("check", name, after).out
