"""The ways out of docs/why.md, each in the real mesh with the same connections: what is reached is docs/ways.md.

`make ways` asks by all of them, and writes the tables of both pages anew; `make e2e` asks by those that this
repository has. Envoy Gateway's column is test_32's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.connections import rows, seen, serve
from mesh.processes import eventually
from mesh.ways import Stage

from ways_seen import LAST, keep, kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy


@pytest.fixture(scope="module")
def stage(mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy, internet: Internet) -> Iterator[Stage]:
    """The servers of all names, and a mesh that lets out nothing that is not registered."""
    serve(internet)
    mesh.cluster.namespace("others")
    made = Stage(mesh, overlays, gateway, sidecar, internet)
    made.rest()
    yield made
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")


def test_the_page_says_what_each_way_lets_through(stage: Stage, request: pytest.FixtureRequest) -> None:
    writes = request.config.getoption("--write-golden")
    found = {}
    for name, way in (stage.ways() if writes else stage.shipped()).items():
        with way() as asker:
            found[name] = seen(asker)
    if writes:
        keep(rows(), found)
    assert kept()["connections"] == [list(row) for row in rows()]
    for name, column in found.items():
        assert dict(zip(rows(), column, strict=True)) == dict(zip(rows(), kept()["ways"][name], strict=True)), name
    assert found[LAST] == [should for _, _, should in rows()]
