"""Composable egress overlays for an Istio SNI egress gateway.

The names in `__all__` are the public library; they are loaded when first used, because the function that
Kustomize starts at every build must not pay for them.
"""

# Public name: the module that has it, and its name there where that is another.
_HOMES = {
    "AllowSet": "lists.allowlist",
    "Carried": "foreign",
    "Cell": "review.environments",
    "Change": "review.difference",
    "Difference": "review.difference",
    "Domain": "names.domain",
    "Entry": "lists",
    "Finding": "manifest.findings",
    "HostList": "rendered.host_lists",
    "Imported": "foreign",
    "InvalidDomain": "names.domain",
    "Location": "rendered.locations",
    "Note": "foreign",
    "Options": "review.verification",
    "PLACEHOLDER": "names.domain",
    "Plan": "injection",
    "Rendered": "rendered.rendered",
    "Reported": "review.verification",
    "Resource": "manifest.resource",
    "Row": "review.environments",
    "Source": "foreign",
    "Unreadable": "rendered.rendered",
    "Verdict": "rendered.reach",
    "apply": "injection.applying",
    "check": "rendered.checking",
    "differences": "review.difference",
    "host_lists": "rendered.reach",
    "import_lists": "foreign",
    "json_schema": "editing.schemas",
    "load": "rendered.loading",
    "matrix": "review.environments",
    "minimise": "names.domain",
    "nearest": "rendered.reach",
    "parse": "names",
    "plan": "injection.inject",
    "reachable": "rendered.reach",
    "read_sets": "lists.allowlist:read",
    "__version__": "version:VERSION",
    "verify": "review.verification",
}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .editing.schemas import json_schema
    from .foreign import Carried, Imported, Note, Source, import_lists
    from .injection import Plan
    from .injection.applying import apply
    from .injection.inject import plan
    from .lists import Entry
    from .lists.allowlist import AllowSet
    from .lists.allowlist import read as read_sets
    from .manifest.findings import Finding
    from .manifest.resource import Resource
    from .names import parse
    from .names.domain import PLACEHOLDER, Domain, InvalidDomain, minimise
    from .rendered.checking import check
    from .rendered.host_lists import HostList
    from .rendered.loading import load
    from .rendered.locations import Location
    from .rendered.reach import Verdict, host_lists, nearest, reachable
    from .rendered.rendered import Rendered, Unreadable
    from .review.difference import Change, Difference, differences
    from .review.environments import Cell, Row, matrix
    from .review.verification import Options, Reported, verify

__all__ = [
    "PLACEHOLDER",
    "AllowSet",
    "Carried",
    "Cell",
    "Change",
    "Difference",
    "Domain",
    "Entry",
    "Finding",
    "HostList",
    "Imported",
    "InvalidDomain",
    "Location",
    "Note",
    "Options",
    "Plan",
    "Rendered",
    "Reported",
    "Resource",
    "Row",
    "Source",
    "Unreadable",
    "Verdict",
    "__version__",
    "apply",
    "check",
    "differences",
    "host_lists",
    "import_lists",
    "json_schema",
    "load",
    "matrix",
    "minimise",
    "nearest",
    "parse",
    "plan",
    "reachable",
    "read_sets",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, there = _HOMES[name].partition(":")
    value = getattr(__import__(f"{__name__}.{module}", fromlist=["*"]), there or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
