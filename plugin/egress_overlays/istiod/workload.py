"""The pods of a gateway: which selectors mean them."""

from __future__ import annotations

from typing import Any, NamedTuple

# Labels that pods have and their templates need not: Istio's webhook and Kubernetes' controllers add them.
_ADDED = ("istio.io/", "topology.kubernetes.io/", "pod-template-hash")


class Workload(NamedTuple):
    """Pods of the Deployment `name`, "" where that is not at hand, in `namespace`, "" where it is not known.

    `labels` are those of the template, all of them where `is_whole`: what else the pods carry is added when they start.
    """

    name: str
    namespace: str
    labels: dict[str, Any]
    is_whole: bool = True

    @property
    def title(self) -> str:
        """`Deployment namespace/name`; without a Deployment `app=gateway in istio-egress`."""
        return f"Deployment {self.namespace}/{self.name}" if self.name else self.described

    @property
    def described(self) -> str:
        """`app=gateway in istio-egress`."""
        told = {key: value for key, value in self.labels.items() if not _is_added(key)} or self.labels
        labels = ",".join(f"{key}={value}" for key, value in sorted(told.items()))
        return ascii(f"{labels or 'all pods'}" + (f" in {self.namespace}" if self.namespace else ""))[1:-1]

    def selected(self, labels: Any) -> bool | None:
        """Whether a selector of `labels` means these pods, an empty one means all; None where that cannot be known."""
        known = True
        for key, value in labels.items() if isinstance(labels, dict) else ():
            if key in self.labels:
                if self.labels[key] != value:
                    return False
            elif self.is_whole and not _is_added(str(key)):
                return False
            else:
                known = False
        return True if known else None

    def reached_from(self, namespace: str, labels: Any, root_namespace: str) -> bool | None:
        """Whether a selector of `labels` in an object of `namespace` means these pods; None where nobody can know.

        Objects of the root namespace reach every namespace. One without a namespace may be applied to this one.
        """
        is_near = namespace in ("", self.namespace) or not self.namespace
        if not is_near and namespace != root_namespace:
            return False
        selected = self.selected(labels)
        # What the webhook adds is on these pods as on all others; in their own namespace hardly another is meant.
        if selected is None and (self.is_whole or (is_near and namespace != root_namespace)):
            return True
        return selected


def _is_added(label: str) -> bool:
    return any(added in label for added in _ADDED)
