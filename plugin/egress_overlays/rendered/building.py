"""Directories, built by Kustomize, as what the command reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaml12 import parse_yaml

from ..lists.policies import is_policy
from ..manifest.findings import ERROR
from ..manifest.resource import INJECT_ANNOTATION, KIND, POLICY_KIND, Resource
from ..yamltext import manifests
from . import staleness
from .kustomize import TRANSFORMATIONS_ANNOTATION, USED_ANNOTATION, Unbuildable, build
from .lost_patches import lost_patches
from .refused import refused
from .rendered import Rendered, Unreadable, is_source, without_nulls
from .tracing import InTree

if TYPE_CHECKING:
    from ..yamltext.manifests import Manifest


_KNOWN: dict[str, dict[str, Any]] = {}
"""What documents that Kustomize wrote say: most of the hundreds of overlays of a tree have those of base/ alike."""


class DoesNotBuild(Unreadable):
    """A directory that Kustomize does not build; `reason` is its first, `said` all that was on its stderr."""

    def __init__(self, path: str, fault: Unbuildable) -> None:
        super().__init__(f"{path} does not build: {fault}{fault.more}")
        self.reason = str(fault)
        self.said = fault.said


def built(path: str) -> Rendered:
    """What the kustomization in the directory `path` builds to; raises DoesNotBuild."""
    directory = Path(path)
    try:
        data, base = build([directory])
        where = InTree(directory, base)
        found = manifests.read(data, known=_KNOWN)
        used = [manifest for manifest in found if USED_ANNOTATION in manifest.resource.annotations]
        for manifest in used:
            manifest.resource = _unmarked(manifest.resource)
        sources = [manifest.resource for manifest in used if is_source(manifest)] + _function_configs(found, where)
    except Unbuildable as fault:
        raise DoesNotBuild(path, fault) from None
    resources = [manifest.resource for manifest in found if manifest not in used]
    policies = [manifest.resource for manifest in found if is_policy(manifest.resource)]
    for resource in dict.fromkeys([*resources, *sources, *policies]):
        resource.origin = where.of(resource).file
    result = Rendered(path, resources, sources, where)
    unused = [one.resource for one in found if is_source(one) and one not in used]
    result.policies = policies
    unused += [one for one in policies if one in resources]
    result.findings += [*staleness.unused(unused), *staleness.without_effect(result)]
    result.findings += lost_patches(where, [manifest.resource for manifest in found])
    return result


def lists_in_files(path: str, said: str = "") -> Rendered:
    """The faults in the domains ConfigMaps of a kustomization that does not build, and what else the build `said`.

    Patches to the ConfigMaps count. Where a policy refused it, the policies are there too.
    Each file is read by itself, so that nothing is said of whole sets; the groups that patches remove are left out.
    """
    directory = Path(path)
    where = InTree(directory, directory)
    functions = {file.resolve() for file in where.tree.transformers()}
    files = {file: where.manifests(file) for file in dict.fromkeys(where.tree.files())}
    lists = [
        manifest.resource
        for file, found in files.items()
        for manifest in found
        if is_source(manifest) or (manifest.resource.is_domains_kind and file in functions)
    ]
    names = {resource.name for resource in lists}
    patches = [
        Resource(without_nulls(manifest.resource.value), manifest.resource.origin)
        for found in files.values()
        for manifest in found
        if manifest.resource.is_domains_kind and manifest.resource.name in names and manifest.resource not in lists
    ]
    result = Rendered(path, [], [*lists, *patches], where)
    result.findings = [finding for finding in result.findings if finding.group and finding.severity == ERROR]
    result.findings += refused(said, where, result.findings)
    if f"({POLICY_KIND} " in said or f"error: {POLICY_KIND} " in said:
        result.said = said
        result.policies = [one.resource for found in files.values() for one in found if is_policy(one.resource)]
    return result


def _function_configs(found: list[Manifest], where: InTree) -> list[Resource]:
    """The ConfigMaps that were the functionConfig of the last function that each annotated object went through."""
    wanted: dict[tuple[Path, str], None] = {}
    for manifest in found:
        if INJECT_ANNOTATION in manifest.resource.annotations:
            for step in reversed(_transformations(manifest.resource)):
                by = step.get("configuredBy") or {}
                if by.get("kind") in ("ConfigMap", KIND) and by.get("apiVersion") != "builtin":
                    file = (where.base / str(step.get("configuredIn"))).resolve()
                    wanted[file, str(by.get("name"))] = None
                    break
    return [config for (file, name) in wanted for config in _config(file, name, where)]


def _transformations(resource: Resource) -> list[dict[str, Any]]:
    text = resource.annotations.get(TRANSFORMATIONS_ANNOTATION)
    steps: Any = parse_yaml(text) if isinstance(text, str) else []
    return [step for step in steps if isinstance(step, dict)]


def _config(file: Path, name: str, where: InTree) -> list[Resource]:
    """The functionConfig `name` that was loaded from `file`: as it stands there, or as patched by a kustomization."""
    for entry in where.tree.transformers():
        if entry.resolve() == file:
            # A copy: what a file holds is read once for all overlays, and this one is told where it came from.
            lists = [found.resource for found in where.manifests(file) if _is_list(found, name)]
            return [Resource(one.value, one.origin) for one in lists]
        if entry.is_dir() and _may_hold(name, InTree(entry, entry)):
            data, base = build([entry])
            transformers = InTree(entry, base)
            for found in manifests.read(data):
                if _is_list(found, name) and transformers.file_of(found.resource) == file:
                    return [_unmarked(found.resource)]
    return []


def _unmarked(resource: Resource) -> Resource:
    """`resource` without the build's mark, which is nobody's."""
    return Resource(resource.edited({("metadata", "annotations", USED_ANNOTATION): None}), resource.origin)


def _may_hold(name: str, transformers: InTree) -> bool:
    """Whether a build of `transformers` could have the list `name`: plugin/inject, which is in every overlay, has none.

    Where its kustomizations name files and nothing else, the build holds what stands in those.
    """
    for file, content in transformers.tree.kustomizations:
        named = content.get("resources") or []
        if (
            not content
            or not {"apiVersion", "kind", "resources"} >= set(content)
            or not all(isinstance(one, str) for one in named)
        ):
            return True
        for path in (file.parent / one for one in named):
            found = transformers.manifests(path.resolve()) if path.is_file() else []
            if not path.is_dir() and (not found or any(_is_list(one, name) for one in found)):
                return True
    return False


def _is_list(manifest: Manifest, name: str) -> bool:
    resource = manifest.resource
    return resource.is_domains_kind and resource.name == name and "data" in resource.value
