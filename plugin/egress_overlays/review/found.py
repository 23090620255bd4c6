"""What the rules about an egress gateway's company share: a finding, its advice, and the pods that an object makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..manifest.fields import mapping

if TYPE_CHECKING:
    from typing import Any

    from ..manifest.edits import Path
    from ..manifest.resource import Resource

ADVICE = "take it out, or accept this field of it with a reason (verify --accepted)"


class Found(NamedTuple):
    """What `resource` does at `path`, in `words`; `opens`: connections may go where the lists do not count."""

    resource: Resource
    path: Path
    words: str
    opens: bool = False


def template_path(resource: Resource) -> Path:
    """Where the pod template of what makes pods stands; of a Pod, the Pod itself."""
    if (resource.kind, resource.group) == ("Pod", ""):
        return ()
    if mapping(resource.value, "spec", "template"):
        return ("spec", "template")
    if mapping(resource.value, "spec", "jobTemplate"):
        return ("spec", "jobTemplate", "spec", "template")
    return ("template",)  # PodTemplate


def pod_template(resource: Resource) -> dict[str, Any]:
    """Metadata and spec of the pods that `resource` makes or is; none where it makes none."""
    return mapping(resource.value, *map(str, template_path(resource)))
