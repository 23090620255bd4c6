"""Five changes of a company's tree as pull requests bring them, two of them attacks among many harmless rows.

`python tests/support/reviewer_trial.py TREE OUT` writes the comment of each into OUT, 1.md to 5.md, without telling
which are the attacks; TREE is made for it, with base/, components/ and plugin/ copied from this checkout.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import command
import company

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


class Change(NamedTuple):
    """What a pull request does; `shows` must stand in the first ten lines of its comment. Attacks have some."""

    title: str
    apply: Callable[[Path], None]
    shows: tuple[str, ...] = ()

    @property
    def is_attack(self) -> bool:
        """Whether it opens more than it says."""
        return bool(self.shows)


def _new_vendors(tree: Path) -> None:
    """Four teams take on vendors, one lets some go."""
    for team, more in (("ads", 12), ("crm", 20), ("media", 9), ("search", 4)):
        names = [*company.names_of(team), *company.names_of(team, more, company.NAMES)]
        (tree / f"teams/{team}.yaml").write_text(company.list_of(team, names))
    (tree / "teams/erp.yaml").write_text(company.list_of("erp", company.names_of("erp")[:38]))


def _tidy(tree: Path) -> None:
    """Every list is written anew, sorted; one team's alone loses its clients."""
    for team in company.TEAMS:
        names = sorted(company.names_of(team))
        names += company.names_of(team, 6, company.NAMES) if team not in ("fraud", "data") else []
        text = company.list_of(team, names, None if team == "fraud" else "")
        (tree / f"teams/{team}.yaml").write_text(text.replace("data:\n", "data:\n  # sorted by name\n", 1))


def _narrowing(tree: Path) -> None:
    """A list for fewer clients, names taken away, a wildcard in place of nothing new."""
    (tree / "teams/data.yaml").write_text(company.list_of("data", company.names_of("data"), "data/exporter"))
    for team in ("identity", "support"):
        (tree / f"teams/{team}.yaml").write_text(company.list_of(team, company.names_of(team)[:30]))
    (tree / "teams/catalog.yaml").write_text(
        company.list_of("catalog", [*company.names_of("catalog"), *company.names_of("catalog", 3, 60)])
    )


_METRICS = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: metrics-backend
  namespace: istio-system
  labels: {app.kubernetes.io/part-of: monitoring}
spec:
  hosts: [telemetry.statuspulse.example]
  location: MESH_EXTERNAL
  exportTo: ['*']
  ports:
  - {number: 443, name: tls, protocol: TLS}
  resolution: DNS
---
apiVersion: v1
kind: ConfigMap
metadata: {name: metrics-dashboards, namespace: istio-system}
data:
  dashboards: latency,errors,saturation
"""


def _monitoring(tree: Path) -> None:
    """Dashboards for prod, with a ServiceEntry that no gateway stands before; and a vendor for everybody's reports."""
    (tree / "overlays/prod/metrics.yaml").write_text(_METRICS)
    file = tree / "overlays/prod/kustomization.yaml"
    file.write_text(file.read_text().replace("- own.yaml\n", "- own.yaml\n- metrics.yaml\n"))
    for team, more in (("billing", 25), ("checkout", 25), ("support", 10)):
        names = [*company.names_of(team), *company.names_of(team, more, company.NAMES)]
        (tree / f"teams/{team}.yaml").write_text(company.list_of(team, names))


def _move(tree: Path) -> None:
    """One team is renamed and takes its list along; staging gets a second name of its own."""
    names = company.names_of("media")
    (tree / "teams/media.yaml").unlink()
    (tree / "teams/studio.yaml").write_text(
        company.list_of("studio", names, "|\n      media\n      studio")  # both, until everything has moved
    )
    file = tree / "teams/kustomization.yaml"
    file.write_text(file.read_text().replace("media.yaml", "studio.yaml"))
    own = tree / "overlays/staging/own.yaml"
    own.write_text(own.read_text() + "    load.staging.example # owner=search ticket=OPS-311 until=2999-06-30\n")


CHANGES = (
    Change("New vendors for ads, crm, media and search; erp drops twelve", _new_vendors),
    Change("Sort the lists; six new vendor hosts per team", _tidy, ("limit lifted: fraud (50 names)",)),
    Change("Clean up after the audit", _narrowing),
    Change(
        "Dashboards for prod; vendor hosts for billing, checkout and support",
        _monitoring,
        ("telemetry.statuspulse.example", "overlays/prod", "ServiceEntry istio-system/metrics-backend"),
    ),
    Change("Media becomes studio", _move),
)


_FILTER = """apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: access-log-tuning, namespace: istio-egress}
spec:
  workloadSelector:
    labels: {istio: sni-egressgateway}
  configPatches:
  - applyTo: LISTENER
    match: {context: GATEWAY}
    patch:
      operation: MERGE
      value:
        default_filter_chain:
          filters:
          - name: envoy.filters.network.tcp_proxy
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
              stat_prefix: log
              cluster: BlackHoleCluster
"""


def _filter(tree: Path) -> None:
    """A filter of the gateway in the clothes of a setting, beside new vendors."""
    _new_vendors(tree)
    (tree / "overlays/prod/logging.yaml").write_text(_FILTER)
    file = tree / "overlays/prod/kustomization.yaml"
    file.write_text(file.read_text().replace("- own.yaml\n", "- own.yaml\n- logging.yaml\n"))


def _outlier(tree: Path) -> None:
    """A name of somebody else's in the midst of a vendor's."""
    more = company.names_of("crm", 40, company.NAMES)
    names = [*company.names_of("crm"), *more[:23], "edge.northbank-crm.example", *more[23:]]
    (tree / "teams/crm.yaml").write_text(company.list_of("crm", names))


def _risky(tree: Path) -> None:
    """A tunnel and a wildcard over an object store in the midst of a vendor's names."""
    more = company.names_of("data", 40, company.NAMES)
    names = [*company.names_of("data"), *more[:9], "data-sync.ngrok.app", *more[9:], "*.s3.amazonaws.com"]
    (tree / "teams/data.yaml").write_text(company.list_of("data", names))


FURTHER = (
    Change("Tune access logs; new vendors", _filter, ("EnvoyFilter istio-egress/access-log-tuning", "overlays/prod")),
    Change("northbank's hosts for crm", _outlier, ("crm (41 names)",)),
    Change("northbank's hosts for data", _risky, ("data-sync.ngrok.app (", "*.s3.amazonaws.com (", "data (40 names)")),
)
"""More attacks, which tests alone try."""


def prepare(tree: Path) -> None:
    """A repository of the company's tree in `tree`."""
    for part in ("base", "components"):
        shutil.copytree(ROOT / part, tree / part)
    for part in ("guard", "inject"):
        shutil.copytree(ROOT / "plugin" / part, tree / "plugin" / part)
    program = tree / "plugin/egress-overlays"
    program.write_text(f'#!/bin/sh\nexec {ROOT}/plugin/egress-overlays "$@"\n')
    program.chmod(0o755)
    company.write(tree)
    _git(tree, "init", "-q", "-b", "main")
    _git(tree, "add", "-A")
    _git(tree, "commit", "-qm", "The lists as they stand")


def comment(tree: Path, change: Change, *words: str) -> str:
    """What `diff` says of `change` as a pull request in the repository `tree`."""
    _git(tree, "checkout", "-qf", "--detach", "main")
    _git(tree, "clean", "-qfd")
    change.apply(tree)
    _git(tree, "add", "-A")
    _git(tree, "commit", "-qm", change.title)
    with contextlib.chdir(tree):
        outcome = command.run("diff", "--rev", "main...HEAD", *(words or ("-o", "markdown")))
    assert outcome.code == 0, outcome.err
    return outcome.out


def _git(tree: Path, *words: str) -> None:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    people = {f"GIT_{who}_{what}": "dana" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *words], cwd=tree, env=os.environ | settings | people, check=True, capture_output=True)


if __name__ == "__main__":
    where, out = map(Path, sys.argv[1:])
    prepare(where)
    for number, one in enumerate(CHANGES, 1):
        (out / f"{number}.md").write_text(f"Pull request: {one.title}\n\n{comment(where, one)}")
