"""A tree as a company has it: 3 environments, 12 teams with lists of their own, 630 names in prod."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TEAMS = (
    *("ads", "billing", "catalog", "checkout", "crm", "data"),
    *("erp", "fraud", "identity", "media", "search", "support"),
)
ENVIRONMENTS = ("dev", "prod", "staging")
NAMES = 50
"""Names of each team."""
COMMON = 30
"""Names for everybody."""
_SERVICES = ("api", "auth", "cdn", "events", "files", "hooks", "login", "metrics", "reports", "uploads")
_VENDORS = ("northbank", "parcelo", "quickmail", "ratewise", "signly")


def names_of(team: str, count: int = NAMES, start: int = 0) -> list[str]:
    """Names as vendors have them, all different: `api.northbank-3.billing.example`."""
    return [
        f"{_SERVICES[at % len(_SERVICES)]}.{_VENDORS[at // len(_SERVICES) % len(_VENDORS)]}-{at // 50}.{team}.example"
        for at in range(start, start + count)
    ]


def list_of(team: str, names: Sequence[str], clients: str | None = "") -> str:
    """The ConfigMap of `team`, for its own namespace, for `clients`, or for everybody (None)."""
    limit = team if clients == "" else clients
    annotations = f"  annotations:\n    egress-overlays.dev/clients: {limit}\n" if limit else ""
    lines = "".join(f"    {name}\n" for name in names)
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {team}\n"
        f"  labels: {{egress-overlays.dev/set: default}}\n{annotations}data:\n  {team}: |\n{lines}"
    )


def write(tree: Path) -> None:
    """teams/ with a list each, one for everybody, and three overlays that take them; `tree` has base/ and plugin/."""
    teams = tree / "teams"
    teams.mkdir()
    files = []
    for team in TEAMS:
        (teams / f"{team}.yaml").write_text(list_of(team, names_of(team)))
        files.append(f"{team}.yaml")
    (teams / "common.yaml").write_text(list_of("common", names_of("common", COMMON - 2), None))
    (teams / "kustomization.yaml").write_text(f"resources: [{', '.join([*files, 'common.yaml'])}]\n")
    for name in ENVIRONMENTS:
        directory = tree / "overlays" / name
        directory.mkdir(parents=True)
        (directory / "kustomization.yaml").write_text(
            "resources:\n- ../../base\n- ../../teams\n- own.yaml\ncomponents:\n- ../../components/client-lists\n"
            "- ../../components/restrict-direct-egress\ntransformers:\n- ../../plugin/inject\n"
        )
        (directory / "own.yaml").write_text(list_of("own", [f"api.{name}.example", f"logs.{name}.example"], None))
