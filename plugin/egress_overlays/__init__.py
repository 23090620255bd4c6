"""Composable egress overlays for an Istio SNI egress gateway.

The names in `__all__` are the public library; they are loaded when first used, because the function that
Kustomize starts at every build must not pay for them.
"""

__version__ = "0.1.0"

# Public name: the module that has it, and its name there where that is another.
_HOMES = {
    "AllowSet": "allowlist",
    "Carried": "foreign",
    "Cell": "environments",
    "Change": "difference",
    "Difference": "difference",
    "Domain": "domains",
    "Entry": "allowlist",
    "Finding": "findings",
    "HostList": "reach",
    "Imported": "foreign",
    "InvalidDomain": "domains",
    "Location": "locations",
    "Note": "foreign",
    "Options": "verification",
    "PLACEHOLDER": "domains",
    "Plan": "inject",
    "Rendered": "rendered",
    "Reported": "verification",
    "Resource": "resource",
    "Row": "environments",
    "Source": "foreign",
    "Unreadable": "rendered",
    "Verdict": "reach",
    "apply": "applying",
    "check": "reach",
    "differences": "difference",
    "host_lists": "reach",
    "import_lists": "foreign",
    "json_schema": "schemas",
    "load": "rendered",
    "matrix": "environments",
    "minimise": "domains",
    "nearest": "reach",
    "parse": "domains",
    "plan": "inject",
    "reachable": "reach",
    "read_sets": "allowlist.read",
    "verify": "verification",
}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .allowlist import AllowSet, Entry
    from .allowlist import read as read_sets
    from .applying import apply
    from .difference import Change, Difference, differences
    from .domains import PLACEHOLDER, Domain, InvalidDomain, minimise, parse
    from .environments import Cell, Row, matrix
    from .findings import Finding
    from .foreign import Carried, Imported, Note, Source, import_lists
    from .inject import Plan, plan
    from .locations import Location
    from .reach import HostList, Verdict, check, host_lists, nearest, reachable
    from .rendered import Rendered, Unreadable, load
    from .resource import Resource
    from .schemas import json_schema
    from .verification import Options, Reported, verify

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
    module, _, there = _HOMES[name].partition(".")
    value = getattr(__import__(f"{__name__}.{module}", fromlist=["*"]), there or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
