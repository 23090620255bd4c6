"""Where the real programs are; tools/components.py puts them there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[3] / "tools/components.py"
# istiod brings pilot-agent and Envoy's bootstrap template along: one build.
CRDS = ("istio-crds", "gateway-api-crds", "prometheus-crds")
MESH = ("kustomize", "kubectl", "etcd", "kube-apiserver", *CRDS, "istiod", "envoy")


class MissingComponentError(RuntimeError):
    """A component is not in the cache; the message names it and what gets it."""


def installed(*names: str) -> dict[str, Path]:
    """The paths of these components, and of what comes with them; MissingComponentError where one is not there yet."""
    checked = subprocess.run([sys.executable, TOOL, "--check", *names], capture_output=True, text=True, check=False)
    if checked.returncode:
        raise MissingComponentError(checked.stderr.strip())
    return {name: Path(path) for name, path in json.loads(checked.stdout).items()}
