"""A tree as a company has it: overlays for environments, lists of teams that are for these teams alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TEAMS = ("ads", "billing", "crm", "data", "erp", "fraud")
ENVIRONMENTS = ("dev", "prod", "staging")


def team_list(team: str, names: int = 12, *, limited: bool = True) -> str:
    """The ConfigMap of `team`, for its clients alone where it is `limited`."""
    annotations = f"  annotations:\n    egress-overlays.dev/clients: {team}\n" if limited else ""
    lines = "".join(f"    host-{number}.{team}.example\n" for number in range(names))
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {team}\n"
        f"  labels: {{egress-overlays.dev/set: default}}\n{annotations}data:\n  {team}: |\n{lines}"
    )


def write(tree: Path, environments: tuple[str, ...] = ENVIRONMENTS) -> None:
    """Lists of all teams under teams/, and overlays that take them all, in `tree`, which has base/ and plugin/."""
    teams = tree / "teams"
    teams.mkdir()
    for team in TEAMS:
        (teams / f"{team}.yaml").write_text(team_list(team))
    (teams / "kustomization.yaml").write_text(f"resources: [{', '.join(f'{team}.yaml' for team in TEAMS)}]\n")
    for name in environments:
        directory = tree / "overlays" / name
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "kustomization.yaml").write_text(
            "resources: [../../base, ../../teams, own.yaml]\ncomponents: [../../components/client-lists]\n"
            "transformers: [../../plugin/inject]\n"
        )
        (directory / "own.yaml").write_text(team_list("own", 2, limited=False))
