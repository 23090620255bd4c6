"""Lists that people have in other formats, read as groups of domains.

A format is a module as `format.Format` says; `formats()` has them in the order in which they are asked. To add one:
write the module, list it there, and give it rows in tests/formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    aws,
    azure,
    calico,
    cilium,
    gke,
    harden_runner,
    istio,
    network_policy,
    nginx,
    openshift,
    sandbox,
    smokescreen,
    squid,
    uds,
)
from .at import At
from .files import File, Input, Source, Unreadable, gather
from .found import KINDS, LEFT, REMARK, WIDER, Carried, Denied, Note, Place, Scope, left, wider
from .importing import EVERY_WORKLOAD, Imported, for_everyone, import_all, of_client, of_namespace
from .plain import Plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .format import Format

__all__ = [
    "EVERY_WORKLOAD",
    "FORMATS",
    "KINDS",
    "LEFT",
    "REMARK",
    "WIDER",
    "Carried",
    "Denied",
    "Imported",
    "Input",
    "Note",
    "Place",
    "Scope",
    "Source",
    "Unreadable",
    "for_everyone",
    "formats",
    "gather",
    "import_all",
    "import_lists",
    "left",
    "of_client",
    "of_namespace",
    "wider",
]

_MODULES: dict[str, Format] = {
    "istio": istio,
    "cilium": cilium,
    "calico": calico,
    "gke": gke,
    "openshift": openshift,
    "network-policy": network_policy,
    "uds": uds,
    "aws": aws,
    "azure": azure,
    "harden-runner": harden_runner,
    "sandbox": sandbox,
    "smokescreen": smokescreen,
    "nginx": nginx,
    "squid": squid,
}
FORMATS = (*_MODULES, "plain")
"""The names of the formats, in the order in which they are asked."""


def formats(only: str = "", *, fix: bool = False, at: str = "") -> dict[str, Format]:
    """The formats, or the one called `only`; with `fix`, lines of plain lists are mended.

    With `at`, a path of keys, what stands there is the list, whatever the document is.
    """
    if at:
        return {"at": At(at, Plain(fix=fix))}
    found: dict[str, Format] = {**_MODULES, "plain": Plain(fix=fix)}
    return {only: found[only]} if only else found


def import_lists(sources: Iterable[File], form: str = "", *, fix: bool = False) -> Imported:
    """Everything in `sources` together, each in the format that it looks like, or all in `form`; raises Unreadable."""
    given = Input(sources)
    if given.faults:
        raise Unreadable(given.faults)
    return import_all(given, formats(form, fix=fix))
