"""The shapes of objects that are known to be right are those of this base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egress_overlays.istiod.configuration import model
from egress_overlays.istiod.gateway import workloads
from egress_overlays.istiod.shapes import known, shape
from live import built

if TYPE_CHECKING:
    Object = dict[str, Any]


def test_the_known_shapes_are_those_of_this_base() -> None:
    objects = built()
    found = model(objects, workloads(objects)[0])
    mine = shape(found.listeners, found.clusters)
    assert any(
        not one.is_old and (one.listeners, one.clusters) == (mine.listeners, mine.clusters) for one in known().shapes
    ), "run `make shapes`"
