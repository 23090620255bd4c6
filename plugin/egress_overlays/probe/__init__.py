"""The gateway of rendered manifests, run in a real Envoy on loopback and tried with real TLS."""

from __future__ import annotations

from .cases import Case
from .configuration import Gateway, configuration
from .errors import ProbeError
from .gateway import Workload, workloads
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
