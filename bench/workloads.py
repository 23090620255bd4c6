"""What is measured: the base with lists of several lengths, and among resources that take no part.

Everything is made by counting, so that two machines measure the same bytes.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import bystanders

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).resolve().parent.parent

CONFIG = "domains.yaml"
UNRELATED = "unrelated.yaml"
POLICY = "egress-policy.yaml"
FUNCTION = "function.yaml"


@dataclass(frozen=True)
class Workload:
    """The base with `domains` names among `resources` resources of other applications.

    `governed`: every name has fields, and a policy of seven rules asks for them.
    """

    domains: int
    resources: int
    governed: bool = False

    @property
    def name(self) -> str:
        """The directory of this workload, and its key in the results."""
        return f"{self.domains}-domains-{self.resources}-resources{'-governed' * self.governed}"

    @property
    def title(self) -> str:
        """How the tables name it."""
        among = f" among {self.resources:,} resources" if self.resources else ""
        return f"{self.domains:,} domains{among}{' with fields and a policy' * self.governed}"


DOMAINS = [Workload(count, 0) for count in (10, 100, 1_000, 10_000)]
RESOURCES = [Workload(100, count) for count in (100, 1_000, 5_000)]
ALL = DOMAINS + RESOURCES
GOVERNED = [Workload(count, 0, governed=True) for count in (100, 10_000)]
"""For the function alone: a policy costs nobody else anything."""

_POLICY = """\
apiVersion: egress-overlays.dev/v1alpha1
kind: EgressPolicy
metadata:
  name: house
rules:
- require: [owner, ticket]
- wildcards: never
  approved: NET-*
- never-risks: [paste, tunnel, webhook, dns-over-https]
- for: {group: "team-1*"}
  longest: 400
- never: [pastebin.example, "*.tunnel.example"]
- for: {set: default, group: team-0}
  most: 40
- for: {name: .vendor-0.com}
  approved: "NET-*"
  optional: true
"""


def names(count: int) -> list[str]:
    """`count` names of which none covers another, every fifth a wildcard: what a plain copy gets right too."""
    zones = ("com", "org", "net", "io", "co.uk", "de", "dev", "com.au")
    found = []
    for number in range(count):
        zone = zones[number % len(zones)]
        company = f"vendor-{number // 2 * 7919 % 1_000_003}.{zone}"
        found.append(f"*.{company}" if number % 5 == 0 else f"api-{number}.eu.{company}")
    return sorted(found, key=lambda name: name[::-1])


def config_map(count: int, *, governed: bool = False) -> str:
    """The domains ConfigMap: groups of 40 names, some with a comment; or all of them with fields."""
    lines = [
        "apiVersion: v1",
        "kind: ConfigMap",
        "metadata:",
        "  name: egress-domains",
        "  labels:",
        "    egress-overlays.dev/set: default",
        "data:",
    ]
    for index, name in enumerate(names(count)):
        if index % 40 == 0:
            lines.append(f"  team-{index // 40}: |")
        comment = "  # ticket NET-4711" if index % 10 == 0 else ""
        if governed:
            comment = f"  # owner=team-{index // 40} ticket=NET-{index} until=2027-03-{index % 28 + 1:02} who asked"
        lines.append(f"    {name}{comment}")
    return "\n".join(lines) + "\n"


def write_overlay(workload: Workload, function: str | Path, into: Path) -> None:
    """An overlay over a copy of base/ whose one transformer is `function` (a path, or a name on PATH).

    No guard stands after it: `cat` would not pass it, and it costs every other peer the same.
    """
    _resources(workload, into)
    write_function(function, into)
    _kustomization(workload, into, f"transformers:\n- {FUNCTION}\n")


def write_function(function: str | Path, into: Path) -> None:
    """The functionConfig that has Kustomize run `function`, in `into` as FUNCTION."""
    (into / FUNCTION).write_text(f"""\
apiVersion: egress-overlays.dev/v1alpha1
kind: EgressDomains
metadata:
  name: inject
  annotations:
    config.kubernetes.io/function: |
      exec:
        path: {function}
""")


def write_replacements(workload: Workload, into: Path) -> None:
    """The same without any function: Kustomize's own replacements copy a list out of a local object."""
    _resources(workload, into)
    hosts = "".join(f'  - "{name}"\n' for name in names(workload.domains))
    (into / CONFIG).write_text(f"""\
apiVersion: example.com/v1
kind: Hosts
metadata:
  name: egress-domains
  annotations:
    config.kubernetes.io/local-config: "true"
spec:
  hosts:
{hosts}""")
    _kustomization(
        workload,
        into,
        """\
replacements:
- source:
    kind: Hosts
    fieldPath: spec.hosts
  targets:
  - select:
      kind: VirtualService
    fieldPaths:
    - spec.hosts
    - spec.tls.*.match.*.sniHosts
  - select:
      kind: ServiceEntry
    fieldPaths:
    - spec.hosts
  - select:
      kind: EnvoyFilter
    fieldPaths:
    - spec.configPatches.[applyTo=LISTENER].patch.value.filter_chains.0.filter_chain_match.server_names
""",
    )


def _resources(workload: Workload, into: Path) -> None:
    into.mkdir(parents=True)
    shutil.copytree(CHECKOUT / "base", into / "base")
    (into / CONFIG).write_text(config_map(workload.domains, governed=workload.governed))
    if workload.governed:
        (into / POLICY).write_text(_POLICY)
    if workload.resources:
        (into / UNRELATED).write_text(bystanders.unrelated(workload.resources))


def _kustomization(workload: Workload, into: Path, rest: str) -> None:
    more = (f"- {UNRELATED}\n" if workload.resources else "") + (f"- {POLICY}\n" if workload.governed else "")
    (into / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        f"resources:\n- base\n- {CONFIG}\n{more}{rest}"
    )


def capture(name: str, write: Callable[[Path, Path], object], into: Path) -> Path:
    """The bytes that Kustomize hands to a function, taken from a real build, in a file `name`.input.

    `write(function, directory)` lays down an overlay that runs this function. A name is built once; after that its
    file is there.
    """
    found = into / f"{name}.input"
    if found.exists():
        return found
    taker = into / f"{name}.taker"
    # It fails once it has what it wants: the rest of the build would take longer than all else here.
    taker.write_text(f'#!/bin/sh\ncat > "{found}.part" && mv "{found}.part" "{found}"\nexit 1\n')
    taker.chmod(0o755)
    overlay = into / f"{name}.overlay"
    write(taker, overlay)
    build = subprocess.run([*KUSTOMIZE_BUILD, str(overlay)], capture_output=True, text=True, check=False)
    if not found.exists():
        raise SystemExit(f"bench: kustomize handed nothing over: {build.stderr.strip()}")
    return found


KUSTOMIZE_BUILD = ("kustomize", "build", "--enable-alpha-plugins", "--enable-exec")
