"""The files of a new overlay, and of a whole new tree: what `init` writes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..rendered.tree import KUSTOMIZATIONS
from .shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENVIRONMENTS = ("dev", "staging", "prod")
GATEWAY, DIRECT, AMBIENT, ENVOY_GATEWAY = "base", "base-direct", "base-ambient", "deploy/envoy-gateway"
BASES = (GATEWAY, DIRECT, AMBIENT, ENVOY_GATEWAY)
"""The ways out: directories of a tree that an overlay builds on."""
INSTALLED = "inject-installed"
"""What runs the egress-overlays on PATH; a tree of `init` has no other, and calls it `inject`."""

# Ours alone: the examples' lists, and the function as a part of this repository's checkout.
_LEFT_OUT = ("components/domains-common", "components/domains-payments", "components/inject")
_PARTS = (*BASES, "components", "plugin/guard", f"plugin/{INSTALLED}", "plugin/inject-legacy")
_RENAMED = INSTALLED.encode(), b"inject"
# What a README of components/ links to beside the tree: pages, which the command prints, and this repository's files.
_PAGE = re.compile(rb"\[([^\]]+)\]\(\.\./\.\./docs/([a-z-]+)\.md[^)]*\)")
_FILE = re.compile(rb"\[([^\]]+)\]\(\.\./\.\./[^)]*\)")

_OVERLAY = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- {root}/{base}
- domains.yaml
{components}transformers:
- {root}/plugin/{inject}
"""
# For a tree that an earlier version laid down.
_WITHOUT_PLUGIN = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- {root}/base
- domains.yaml
components:
# {root}/components holds more of them; the function comes last.
- {root}/components/{inject}
"""

_COMPONENTS = "# components: {root}/components holds them.\n"

_DOMAINS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: egress-domains
  labels:
    egress-overlays.dev/set: default
  annotations:
    # Nothing is open yet. Remove this with the first name: an empty list is an error then.
    egress-overlays.dev/allow-empty: "true"
data:
  # A key is a group, a line a name: *.example.com for all names below it, .example.com for itself too.
  partners: |
    # api.example.com    # who asked for it, and why
"""

_COMPONENT = """\
# A list for the overlays that name this directory under components:.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
- domains.yaml
"""
_CLIENTS = """\
    # For these alone: a namespace, or namespace/serviceaccount. Overlays need components/client-lists for it.
    egress-overlays.dev/clients: |
{lines}
"""

# `test` holds it; what it denies no list of a new overlay opens, and the risk table names.
_TESTS = """\
# What must be allowed here, and what must not: `egress-overlays test` (`egress-overlays docs expectations`).
# An item a name:
# - {host: api.example.com, as: shop/checkout, expect: allow, why: card payments}
- host: pastebin.com
  expect: deny
  why: anybody can leave data there
- host: "*.ngrok.io"
  expect: deny
  why: it leads to anybody's machine
- host: dns.google
  expect: deny
  why: it resolves names past the cluster's own DNS
"""


def tree_of(directory: Path) -> Path | None:
    """The nearest directory above `directory` that holds base/ and components/ of ours; None where there is none."""
    return next(filter(is_tree, directory.resolve().parents), None)


def is_tree(directory: Path) -> bool:
    """Whether `directory` holds base/ and components/ of ours."""
    return (directory / "base" / KUSTOMIZATIONS[0]).is_file() and any(
        (directory / part).is_dir() for part in ("plugin/inject", "components/inject", f"components/{INSTALLED}")
    )


def overlay(directory: Path, tree: Path, base: str = GATEWAY) -> dict[Path, bytes]:
    """The files of a new overlay in `directory`, which builds on this one of the BASES in `tree`."""
    root = os.path.relpath(tree, directory.resolve())
    own = (tree / "plugin" / "egress-overlays").is_file()
    # The path of the checkout's own executable is that from overlays/NAME; a program on PATH is found from anywhere.
    inject = INSTALLED if own and root != "../.." else "inject"
    if (tree / "plugin" / inject).is_dir():
        kustomization = _kustomization(root, inject, base)
    else:
        kustomization = _WITHOUT_PLUGIN.format(root=root, inject="inject" if own else INSTALLED)
    return {
        directory / "kustomization.yaml": kustomization.encode(),
        directory / "domains.yaml": _DOMAINS.encode(),
        directory / "egress-tests.yaml": _TESTS.encode(),
    }


def component(directory: Path, name: str, clients: Sequence[str]) -> dict[Path, bytes]:
    """The files of a list of its own in `directory`, for `clients`, or for every workload where there are none."""
    text = _DOMAINS.replace("name: egress-domains\n", f"name: egress-domains-{name}\n")
    text = text.replace("  partners: |", f"  {name}: |")
    if clients:
        lines = "\n".join(f"      {one}" for one in clients)
        text = text.replace("  annotations:\n", f"  annotations:\n{_CLIENTS.format(lines=lines)}")
    return {directory / "kustomization.yaml": _COMPONENT.encode(), directory / "domains.yaml": text.encode()}


def is_of_earlier_version(tree: Path) -> bool:
    """Whether `tree` has no function that runs last: 0.1.0 laid down components for it alone."""
    return not any((tree / "plugin" / name).is_dir() for name in ("inject", INSTALLED))


def whole_tree(directory: Path, environments: Sequence[str] = ENVIRONMENTS, base: str = GATEWAY) -> dict[Path, bytes]:
    """The files of a new tree in `directory`: what is shipped, and overlays that open nothing."""
    files = {directory / name: content for name, content in shipped_files().items()}
    for environment in environments:
        place = directory / "overlays" / environment
        text = _kustomization("../..", "inject", base)
        files[place / "kustomization.yaml"] = text.encode()
        files[place / "domains.yaml"] = _DOMAINS.encode()
        files[place / "egress-tests.yaml"] = _TESTS.encode()
    return files


def _kustomization(root: str, inject: str, base: str) -> str:
    # components/ are parts of the gateway.
    components = _COMPONENTS.format(root=root) if base == GATEWAY else ""
    return _OVERLAY.format(root=root, inject=inject, base=base, components=components)


def shipped_files() -> dict[Path, bytes]:
    """The bases, components/ and plugin/ as a tree has them, by path below its root."""
    return dict(_shipped())


def _shipped() -> Iterator[tuple[Path, bytes]]:
    source = shipped()
    for part in _PARTS:
        for path in sorted((source / part).rglob("*")):
            name = path.relative_to(source)
            if path.is_file() and "/".join(name.parts[:2]) not in _LEFT_OUT:
                content = path.read_bytes().replace(*_RENAMED)
                if path.suffix == ".md":
                    content = _FILE.sub(rb"\1", _PAGE.sub(rb"\1 (`egress-overlays docs \2`)", content))
                yield Path(str(name).replace(INSTALLED, "inject")), content
                if name.parts[:2] == ("components", INSTALLED):
                    yield name, content  # overlays of trees that 0.1.0 laid down list it


def runs_installed(kustomization: bytes, tree: Path | None) -> bool:
    """Whether an overlay of `tree`, None being a new one, runs the egress-overlays on PATH."""
    return INSTALLED.encode() in kustomization or tree is None or not (tree / "plugin" / "egress-overlays").is_file()
