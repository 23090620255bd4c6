"""Whether a listed name may lead to the cluster's own addresses, as far as these are given: global ones, say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.findings import WARNING
from ...policies.ranges import Block, network, outside
from .fault import fault
from .kernel import refused_by

if TYPE_CHECKING:
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options


def rule(found: Rendered, options: Options) -> Faults:
    """What of the ranges that are given each gateway's Envoy does not refuse."""
    given = [one for cidr in options.inside if (one := network(cidr)) is not None]
    for resource in found.resources if given else ():
        left, refuses = given, False
        for ranges in refused_by(resource):
            left, refuses = outside(left, [Block(one, []) for one in ranges]), True
        if refuses and left:
            message = (
                f"lets a listed name lead to {', '.join(map(str, left))}, which you say is the cluster's own; refuse "
                "it with components/deny-addresses"
            )
            yield fault("inside", message, resource, ("spec",), WARNING)
