"""deploy/ for one repository: what `init --argocd`, `--flux` and `--ci` lay down, with its own names filled in."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import yaml

from .repository import host_and_path
from .shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GITHUB, GITLAB = "github", "gitlab"
REPO_SERVER, PLUGIN, HYDRATOR = "repo-server", "plugin", "hydrator"
"""How Argo CD runs the function: by itself, or by a sidecar; the hydrator commits what one of the two built."""

URL, BRANCH, REGISTRY = "https://git.example/platform/egress.git", "main", "oci://registry.example/platform"
"""What deploy/ itself has; what stays where the repository does not say better."""

_WORKFLOWS = Path(".github/workflows")
_REGISTRIES = {"github.com": "ghcr.io", "gitlab.com": "registry.gitlab.com"}
_PLUGIN = """\
    path: .
    plugin:
      name: egress-overlays
      parameters:
      - name: environment
        string: staging
      - name: extra-domains
        array: []
"""
_PASSWORDS = (
    "  username: argocd-pull\n  password: a-token-that-may-read\n",
    "  username: argocd-push\n  password: a-token-that-may-push\n",
)
_HERE = "    server: https://kubernetes.default.svc\n"
_APPLICATION_ALONE = """\
# What to list under resources: of a kustomization that Argo CD syncs already: Kustomize takes no single file from here.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- application.yaml
"""
_DRY_PATH = re.compile(r"^(      path: .*\n)", re.MULTILINE)
_KEYS = ("  sshPrivateKey: a-key-that-may-read\n", "  sshPrivateKey: a-key-that-may-push\n")


class Place(NamedTuple):
    """A tree in its repository.

    `tree` is its path below the root of the repository, "." for the root itself; `overlays` are the names below its
    overlays/; `url` and `branch` are "" where they are not known.
    """

    tree: str
    overlays: Sequence[str]
    url: str = ""
    branch: str = ""

    @property
    def registry(self) -> str:
        """Where artifacts of this repository go, as far as its host has a registry beside it."""
        host, path = host_and_path(self.url)
        return f"oci://{_REGISTRIES[host]}/{path.lower()}" if host in _REGISTRIES else REGISTRY

    def path(self, below: str) -> str:
        """`below` the tree, from the root of the repository."""
        return str(PurePosixPath(self.tree) / below)


def argocd(place: Place, ways: Sequence[str], clusters: Mapping[str, str]) -> dict[Path, bytes]:
    """What of deploy/argocd these `ways` need, by path below the repository's root, with an Application an overlay.

    `clusters` names the cluster of an overlay as Argo CD knows it; what it leaves out is for the cluster of Argo CD.
    """
    passwords = dict(zip(_PASSWORDS, _KEYS, strict=True)) if place.url and not place.url.startswith("http") else {}
    applications = HYDRATOR if HYDRATOR in ways else ways[0]
    found = {}
    for name, text in _templates("argocd"):
        if name.parts[2] not in (*ways, "volume"):
            continue
        if name.name != "application.yaml":
            found[name] = _filled(text, {URL: place.url or URL, **passwords})
        elif name.parts[2] == applications:
            for overlay in place.overlays:
                directory = name.parent / _file(name, overlay)
                filled = _filled(text, _application(place, overlay, clusters.get(overlay, "")))
                if PLUGIN in ways and applications == HYDRATOR:
                    filled = re.sub(
                        r"(?m)^(      path: .*\n)", r"\1      plugin:\n        name: egress-overlays\n", filled, count=1
                    )
                found |= {directory / "application.yaml": filled, directory / "kustomization.yaml": _APPLICATION_ALONE}
    image = Path("deploy/container")
    found |= {
        image / name: (shipped() / image / name).read_text(encoding="utf-8")
        for name in ("Dockerfile", "Dockerfile.dockerignore")
    }
    return {Path(place.path(str(name))): text.encode() for name, text in found.items()}


def flux(place: Place, *, workflow: bool) -> dict[Path, bytes]:
    """What applies the artifacts, and the job that pushes them: a GitHub `workflow`, or kept beside for another CI."""
    texts = {name.name: text for name, text in _templates("flux")}
    job = _filled(
        texts["ci.yaml"],
        {
            "branches: [main]": f"branches: [{scalar(place.branch or BRANCH)}]",
            '"main@sha1:': f'"{place.branch or BRANCH}@sha1:',
            "[dev, staging, prod]": f"[{', '.join(map(scalar, place.overlays))}]",
            "overlays/${{": place.path("overlays/${{"),
            REGISTRY: place.registry,
        },
    )
    where = _WORKFLOWS / "egress-flux.yaml" if workflow else Path(place.path("deploy/flux/ci.yaml"))
    found = {where: job.encode()}
    for overlay in place.overlays:
        table = {
            "name: egress-staging": f"name: {resource_name(overlay)}",
            f"url: {REGISTRY}/egress-staging": f"url: {place.registry}/egress-{overlay}",
        }
        name = Path("deploy/flux/egress.yaml")
        filled = _filled(texts[name.name], table)
        found[Path(place.path(str(name.with_stem(_file(name, overlay)))))] = filled.encode()
    return found


def ci(place: Place, system: str, *, taken: bool = False) -> dict[Path, bytes]:
    """The job for pull requests of `system`, GITHUB or GITLAB; `taken`: GitLab's file is there, and includes ours."""
    ((_, text),) = (one for one in _templates("ci") if one[0].stem == system)
    if place.tree != ".":
        every = place.path("...")
        text = _filled(
            text, {" ... ": f" {every} ", " ...\n": f" {every}\n", "diff --rev": f"diff --only {every} --rev"}
        )
    gitlab = Path(".gitlab/egress.yml" if taken else ".gitlab-ci.yml")
    return {gitlab if system == GITLAB else _WORKFLOWS / "egress.yaml": text.encode()}


def resource_name(overlay: str) -> str:
    """What the resources for an overlay are called."""
    return "egress-" + re.sub(r"[^a-z0-9]+", "-", overlay.lower()).strip("-")


def scalar(text: str) -> str:
    """`text` as YAML writes it: as it is where that reads back as the same string."""
    return text if yaml.safe_load(text) == text else f'"{text}"'


def _application(place: Place, overlay: str, cluster: str) -> dict[str, str]:
    path = place.path(f"overlays/{overlay}")
    return {
        _HERE: f"    name: {scalar(cluster)}\n" if cluster else _HERE,
        "name: egress-staging": f"name: {resource_name(overlay)}",
        URL: place.url or URL,
        "targetRevision: main": f"targetRevision: {scalar(place.branch or BRANCH)}",
        "path: overlays/staging": f"path: {path}",
        "path: staging": f"path: {scalar(overlay)}",
        "rendered/staging": f"rendered/{overlay}",
        _PLUGIN: f"    path: {path}\n    plugin:\n      name: egress-overlays\n",
    }


def _templates(part: str) -> list[tuple[Path, str]]:
    top = shipped()
    files = sorted((top / "deploy" / part).rglob("*.yaml"))
    return [(file.relative_to(top), file.read_text(encoding="utf-8")) for file in files]


def _file(name: Path, overlay: str) -> str:
    """What the file for `overlay` is called, without its suffix: none is applied beside another by mistake."""
    return f"{name.stem}-{resource_name(overlay).removeprefix('egress-')}"


def _filled(text: str, table: Mapping[str, str]) -> str:
    """`text` with each key of `table` replaced by its value, in one pass: a value is not looked into again."""
    keys = sorted(table, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, keys)), lambda found: table[found[0]], text)
