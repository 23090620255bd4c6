"""A PATH of the command, read: a kustomization directory, a file of YAML, or stdin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..lists import allowlist
from ..lists.policies import is_policy
from ..yamltext import InvalidInput, manifests
from .locations import InFile
from .rendered import STDIN, Rendered, Unreadable, is_source, without_nulls

if TYPE_CHECKING:
    from typing import BinaryIO

    from ..manifest.resource import Resource


def load(path: str, stdin: BinaryIO | None = None) -> Rendered:
    """What `path` (a kustomization directory, a file of YAML, or `-` for `stdin`) holds; raises Unreadable."""
    if not path:
        raise Unreadable('"" is no path; name a directory with a kustomization, a file of YAML, or - for stdin')
    if path != STDIN and Path(path).is_dir():
        from .building import built

        return built(path)
    if path != STDIN and not Path(path).exists():
        raise Unreadable(f"{path}: no such file or directory")
    try:
        data = stdin.read() if path == STDIN and stdin else Path(path).read_bytes()
    except OSError as fault:
        raise Unreadable(f"{path}: cannot be read: {fault.strerror}") from None
    return from_text(data, path)


def from_text(data: bytes, path: str) -> Rendered:
    """What the YAML in `data`, which stands in `path`, holds; raises Unreadable."""
    file = "stdin" if path == STDIN else path
    try:
        found = manifests.read(data, file)
    except InvalidInput as fault:
        raise Unreadable(f"{file}: {fault}") from None
    if not found:
        raise Unreadable(f"{file}: holds no Kubernetes object at all")
    sources = [manifest.resource for manifest in found if is_source(manifest)]
    patches: list[Resource] = []
    if all(manifest.resource.is_domains_kind for manifest in found):
        # A patch, where null removes a group, or a functionConfig: neither needs the label.
        patches = [manifest.resource for manifest in found if _drop_nulls(manifest.resource)]
        sources = sources or [one.resource for one in found if one.resource in patches or _holds_names(one.resource)]
    resources = [manifest.resource for manifest in found if manifest.resource not in sources]
    result = Rendered(path, resources, sources, InFile(file, found))
    result.policies = [manifest.resource for manifest in found if is_policy(manifest.resource)]
    # What a patch leaves is for the build to say.
    result.findings = [one for one in result.findings if one.rule != "empty-list" or one.resource not in patches]
    return result


def nothing(path: str) -> Rendered:
    """What a `path` that does not exist holds: no manifest and no list."""
    return Rendered(path, (), (), InFile(path, []))


def _drop_nulls(resource: Resource) -> bool:
    """Leave out the groups that `resource`, a patch, removes; whether there are any."""
    before, resource.value = resource.value, without_nulls(resource.value)
    return bool(resource.value != before)


def _holds_names(resource: Resource) -> bool:
    sets, _ = allowlist.read([resource])
    return any(allowed.entries for allowed in sets.values())
