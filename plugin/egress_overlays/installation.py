"""What this installation lacks, and how to get it."""

from __future__ import annotations

import sys


def missing(fault: ImportError) -> str:
    """One line that says which package is missing where, and how to get it; raises `fault` for a part of ours."""
    if (fault.name or "").partition(".")[0] == __package__:
        raise fault
    if not isinstance(fault, ModuleNotFoundError):  # A library of the machine's, such as libz.so.1, is not there.
        return f"egress-overlays: error: {fault.name} cannot be loaded: {fault}"
    names = {"yaml12": "py-yaml12", "yaml": "PyYAML", "ruamel": "ruamel.yaml", "backports": "backports.zstd"}
    module = fault.name or str(fault)
    package = names.get(module, module)
    return (
        f"egress-overlays: error: the Python package {package} is missing in {sys.executable}; run `make venv` in the "
        f"checkout, or {sys.executable} -m pip install {package}"
    )
