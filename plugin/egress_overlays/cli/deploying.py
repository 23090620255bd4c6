"""--argocd, --flux and --ci of `init`: the files, with what git says of the repository filled in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..editing import deployment
from ..editing.repository import Repository, repository_of
from ..rendered.overlays import overlays
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

NAME = "abcdefghijklmnopqrstuvwxyz0123456789-_."
"""What an overlay's name is written with."""

_CLUSTER = NAME + NAME.upper() + ":/@"
_PATH = NAME + NAME.upper() + "/"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "--argocd", action="store_true", help="add what an Argo CD takes, with an Application each overlay"
    )
    parser.add_argument(
        "--argocd-way",
        metavar="WAY",
        help="repo-server (the default), or plugin for an Argo CD of many teams; or one of them and hydrator, as in "
        "plugin,hydrator",
    )
    parser.add_argument(
        "--argocd-clusters",
        metavar="A=X,B=Y",
        help="one Argo CD for several clusters: what it calls the cluster of each overlay (`argocd cluster list`)",
    )
    parser.add_argument("--flux", action="store_true", help="add deploy/flux, and the job that pushes what it applies")
    systems = [deployment.GITHUB, deployment.GITLAB]
    parser.add_argument("--ci", choices=systems, help="add the job for pull requests of github or gitlab")


def is_wanted(arguments: Namespace) -> bool:
    """Whether any of them is given."""
    return bool(_wants_argocd(arguments) or arguments.flux or arguments.ci)


def _wants_argocd(arguments: Namespace) -> bool:
    return bool(arguments.argocd or arguments.argocd_way or arguments.argocd_clusters)


class Laid(NamedTuple):
    """Files by path, the steps that are left, and what could be chosen in place of one of them, a line each."""

    files: dict[Path, bytes]
    left: list[str]
    choices: list[str]


def files(arguments: Namespace, tree: Path, environments: Sequence[str] | None) -> Laid:
    """What the options add to `tree`, and what is left to do; raises Failure.

    `environments` are the overlays of a new tree; None for one that is there.
    """
    if not is_wanted(arguments):
        return Laid({}, [], [])
    left: list[str] = []
    choices: list[str] = []
    repository = repository_of(tree)
    if repository is None:
        here = Path.cwd()
        repository = Repository(here if tree.resolve().is_relative_to(here) else tree.resolve(), "", "")
        left.append(f"no git repository holds {tree}: the files are for one whose root is {repository.root}")
    place = _place(repository, tree, _overlays_of(tree) if environments is None else environments)
    found: dict[Path, bytes] = {}
    if _wants_argocd(arguments):
        found |= _argocd(place, tree, arguments, left, choices)
    if arguments.flux:
        found |= _flux(place, tree, arguments.ci, left)
    if arguments.ci:
        found |= _ci(place, repository.root, arguments.ci, left)
    if arguments.ci or arguments.flux:
        left.append("the CI runner: kustomize and egress-overlays[probe] on PATH, and flux where it pushes")
    root = repository.root if tree.is_absolute() else Path(os.path.relpath(repository.root))
    return Laid({root / path: content for path, content in found.items()}, left, choices)


def adding(tree: Path, overlay: Path) -> list[str]:
    """What is left to do for a new `overlay` of a `tree` that is deployed already."""
    if not overlay.is_relative_to(tree / "overlays"):
        return []
    name = deployment.resource_name(overlay.relative_to(tree / "overlays").as_posix()).removeprefix("egress-")
    shown = Path(os.path.relpath(tree))
    top = tree / "deploy/argocd"
    runs = [deployment.PLUGIN] if (top / deployment.PLUGIN).is_dir() else []
    left = []
    for way in sorted(found.name for found in top.glob("*") if any(found.glob("application*/"))):
        ways = [*runs, way] if way == deployment.HYDRATOR else [way]
        option = "--argocd" if way == deployment.REPO_SERVER else f"--argocd-way {','.join(ways)}"
        left.append(f"egress-overlays init {shown} {option}   # adds {shown}/deploy/argocd/{way}/application-{name}")
    if any((tree / "deploy/flux").glob("egress-*.yaml")):
        left.append(
            f"egress-overlays init {shown} --flux   # adds deploy/flux/egress-{name}.yaml; name it in the job, too"
        )
    return left


def _place(repository: Repository, tree: Path, names: Sequence[str]) -> deployment.Place:
    """Where the overlays `names` of `tree` are; raises Failure for what no manifest or job can hold."""
    below = tree.resolve().relative_to(repository.root).as_posix()
    if below.strip(_PATH):
        raise Failure(f'"{below}": jobs take paths of letters, digits, "-", "_", "." and "/"; name another DIR')
    if len(set(map(deployment.resource_name, names))) < len(names):
        raise Failure(f"the resources of two overlays would have one name: {', '.join(names)}; rename one")
    return deployment.Place(below, names, repository.url, repository.branch)


def _argocd(
    place: deployment.Place, tree: Path, arguments: Namespace, left: list[str], choices: list[str]
) -> dict[Path, bytes]:
    ways = _ways(arguments.argocd_way)
    clusters = _clusters(arguments.argocd_clusters, place.overlays)
    if not place.url:
        left.append(f"no remote origin that a cluster could fetch from: replace {deployment.URL}")
    top = tree / "deploy/argocd"
    listed = " and ".join(str(top / way) for way in ways)
    left.append(
        "build Argo CD's image of the function from the release's archive, and push it: "
        f"{tree / 'deploy/container/Dockerfile'} (`egress-overlays docs install`, Containers)"
    )
    left.append(
        f"list {listed} under components: where Argo CD is installed, set the image egress-overlays there, apply "
        "it (`egress-overlays docs gitops`)"
    )
    if deployment.PLUGIN in ways:
        left.append("the sidecar runs no program of a repository: overlays list plugin/inject-legacy, not inject")
    else:
        choices.append("an Argo CD of many teams, whose repositories shall start no program in it: --argocd-way plugin")
    made = deployment.argocd(place, ways, clusters)
    application = top / (deployment.HYDRATOR if deployment.HYDRATOR in ways else ways[0]) / "application-NAME"
    left.append("commit and push the tree, from which Argo CD builds")
    names = ", ".join(sorted(path.parent.name for path in made if path.name == "application.yaml"))
    where = "where Argo CD runs" if clusters else "in the cluster of each overlay"
    left.append(f"{where}: kubectl apply -k {application} ({names.replace('application-', '')})")
    if len(place.overlays) > 1 and not clusters:
        pairs = ",".join(f"{name}=CLUSTER" for name in place.overlays)
        choices.append(f"one Argo CD for all clusters: --argocd-clusters {pairs}")
    choices.append(f"a directory that Argo CD syncs already: list {application} under its resources:")
    return made


def _ways(text: str | None) -> tuple[str, ...]:
    """How Argo CD runs the function, and whether its hydrator commits what was built; raises Failure."""
    given = [part.strip() for part in (text or deployment.REPO_SERVER).split(",")]
    runs = [way for way in given if way != deployment.HYDRATOR] or [deployment.REPO_SERVER]
    if len(runs) > 1 or runs[0] not in (deployment.REPO_SERVER, deployment.PLUGIN):
        raise Failure(
            f'--argocd-way "{text}": write repo-server or plugin, one of the two, and ",hydrator" behind it where Argo '
            "CD commits what it built"
        )
    return (runs[0], deployment.HYDRATOR) if deployment.HYDRATOR in given else (runs[0],)


def _clusters(text: str | None, overlays: Sequence[str]) -> dict[str, str]:
    """What Argo CD calls the cluster of each overlay; raises Failure."""
    if text is None:
        return {}
    found = {}
    for part in text.split(","):
        name, _, cluster = (half.strip() for half in part.partition("="))
        if name not in overlays or not cluster or name in found or cluster.strip(_CLUSTER):
            raise Failure(
                f'--argocd-clusters "{text}": "{part}" is not OVERLAY=CLUSTER with an overlay of this tree, once each: '
                f"{', '.join(overlays)}"
            )
        found[name] = cluster
    if missing := [name for name in overlays if name not in found]:
        raise Failure(f'--argocd-clusters "{text}": the cluster of {", ".join(missing)} is missing')
    return found


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
