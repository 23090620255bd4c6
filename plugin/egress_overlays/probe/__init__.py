"""The gateway of rendered manifests, run in a real Envoy on loopback and tried with real TLS."""

from __future__ import annotations

from ..istiod.configuration import Gateway, configuration
from ..istiod.errors import ProbeError
from ..istiod.gateway import workloads
from ..istiod.workload import Workload
from .cases import Case
from .report import REACHED, REFUSED, TRIED, Report, Result
from .run import probe
from .targets import Target

__all__ = [
    "REACHED",
    "REFUSED",
    "TRIED",
    "Case",
    "Gateway",
    "ProbeError",
    "Report",
    "Result",
    "Target",
    "Workload",
    "configuration",
    "probe",
    "workloads",
]
