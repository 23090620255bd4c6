"""The gateway of rendered manifests, run in a real Envoy on loopback and tried with real TLS."""

from __future__ import annotations

from .cases import Case
from .errors import ProbeError
from .gateway import Workload, workloads
from .run import REACHED, REFUSED, TRIED, Gateway, Report, Result, configuration, probe

__all__ = [
    "REACHED",
    "REFUSED",
    "TRIED",
    "Case",
    "Gateway",
    "ProbeError",
    "Report",
    "Result",
    "Workload",
    "configuration",
    "probe",
    "workloads",
]
