"""--argocd, --flux and --ci of `init`: the files, with what git says of the repository filled in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..editing import deployment
from ..editing.repository import Repository, repository_of
from ..rendered.overlays import overlays
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

NAME = "abcdefghijklmnopqrstuvwxyz0123456789-_."
"""What an overlay's name is written with."""

_PATH = NAME + NAME.upper() + "/"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("--argocd", action="store_true", help="add deploy/argocd, with an Application for each overlay")
    parser.add_argument("--flux", action="store_true", help="add deploy/flux, and the job that pushes what it applies")
    systems = [deployment.GITHUB, deployment.GITLAB]
    parser.add_argument("--ci", choices=systems, help="add the job for pull requests of github or gitlab")


def is_wanted(arguments: Namespace) -> bool:
    """Whether any of them is given."""
    return bool(arguments.argocd or arguments.flux or arguments.ci)


def files(arguments: Namespace, tree: Path, environments: Sequence[str] | None) -> tuple[dict[Path, bytes], list[str]]:
    """What the options add to `tree`, by path, and what is left to do, a line each; raises Failure.

    `environments` are the overlays of a new tree; None for one that is there.
    """
    if not is_wanted(arguments):
        return {}, []
    left: list[str] = []
    repository = repository_of(tree)
    if repository is None:
        here = Path.cwd()
        repository = Repository(here if tree.resolve().is_relative_to(here) else tree.resolve(), "", "")
        left.append(f"no git repository holds {tree}: the files are for one whose root is {repository.root}")
    place = _place(repository, tree, _overlays_of(tree) if environments is None else environments)
    found: dict[Path, bytes] = {}
    if arguments.argocd:
        found |= _argocd(place, tree, left)
    if arguments.flux:
        found |= _flux(place, tree, arguments.ci, left)
    if arguments.ci:
        found |= _ci(place, repository.root, arguments.ci, left)
    if arguments.ci or arguments.flux:
        left.append("the CI runner: kustomize and egress-overlays[probe] on PATH, and flux where it pushes")
    root = repository.root if tree.is_absolute() else Path(os.path.relpath(repository.root))
    return {root / path: content for path, content in found.items()}, left


def _place(repository: Repository, tree: Path, names: Sequence[str]) -> deployment.Place:
    """Where the overlays `names` of `tree` are; raises Failure for what no manifest or job can hold."""
    below = tree.resolve().relative_to(repository.root).as_posix()
    if below.strip(_PATH):
        raise Failure(f'"{below}": jobs take paths of letters, digits, "-", "_", "." and "/"; name another DIR')
    if len(set(map(deployment.resource_name, names))) < len(names):
        raise Failure(f"the resources of two overlays would have one name: {', '.join(names)}; rename one")
    return deployment.Place(below, names, repository.url, repository.branch)


def _argocd(place: deployment.Place, tree: Path, left: list[str]) -> dict[Path, bytes]:
    if not place.url:
        left.append(f"no remote origin that a cluster could fetch from: replace {deployment.URL}")
    top = tree / "deploy/argocd"
    left.append(
        f"an Argo CD of your own: list {top / 'repo-server'} under components: beside its installation, and set the "
        "image egress-overlays to the one that you build from a checkout (`egress-overlays docs install`, Containers)"
    )
    left.append(f"an Argo CD of many teams: {top / 'plugin'} instead; overlays list plugin/inject-legacy for it")
    left.append("then apply, in each cluster, the application-NAME.yaml of its one overlay, from the same directory")
    return deployment.argocd(place)


def _flux(place: deployment.Place, tree: Path, system: str | None, left: list[str]) -> dict[Path, bytes]:
    is_github = system == deployment.GITHUB or (not system and "github" in place.url)
    if place.registry == deployment.REGISTRY:
        left.append(f"no registry is known for this repository: replace {deployment.REGISTRY}")
    if not is_github:
        left.append(f"{tree / 'deploy/flux/ci.yaml'} is a job for GitHub: carry its two steps over to your CI")
    left.append(f"when CI has pushed, apply in each cluster the {tree / 'deploy/flux'}/egress-NAME.yaml of its overlay")
    return deployment.flux(place, workflow=is_github)


def _ci(place: deployment.Place, root: Path, system: str, left: list[str]) -> dict[Path, bytes]:
    taken = system == deployment.GITLAB and (root / ".gitlab-ci.yml").exists()
    if taken:
        left.append('.gitlab-ci.yml: add "include: [{local: .gitlab/egress.yml}]"')
    return deployment.ci(place, system, taken=taken)


def _overlays_of(tree: Path) -> list[str]:
    """The overlays of a tree that is there, by their paths below its overlays/; raises Failure for none."""
    found = [name.removeprefix("overlays/") for name in overlays(tree) if name.startswith("overlays/")]
    if not found:
        raise Failure(f"{tree / 'overlays'} holds no overlay: no kustomization that runs the function")
    for name in found:
        if name.strip(NAME + "/"):
            raise Failure(f'{tree / "overlays" / name}: jobs take names of a-z, 0-9, "-", "_" and "."; rename it')
    return found
