"""What a person does with Flux's objects, and what they then say."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from mesh.processes import eventually

from flux.installation import NAMESPACE

if TYPE_CHECKING:
    from mesh.cluster import Cluster


class Sync:
    """A Kustomization and the source it takes, by the one name that both have."""

    def __init__(self, name: str, source: str, cluster: Cluster) -> None:
        self.name = name
        self.source = source
        self.cluster = cluster

    def status(self, kind: str = "kustomization") -> dict[str, Any]:
        """The status of an object, with `ready`: its condition of that name, empty while it is about an older spec."""
        found = self.cluster.get(kind, self.name, f"--namespace={NAMESPACE}")
        status: dict[str, Any] = found.get("status", {})
        now = found["metadata"]["generation"]
        conditions = status.get("conditions", [])
        (ready,) = [one for one in conditions if (one["type"], one["observedGeneration"]) == ("Ready", now)] or [{}]
        return {**status, "ready": ready}

    def request(self, kind: str) -> None:
        """Has an object reconciled, as `flux reconcile` does, and waits until it was."""
        now = dt.datetime.now(dt.UTC).isoformat()
        annotation = f"reconcile.fluxcd.io/requestedAt={now}"
        self.cluster.kubectl("annotate", "--overwrite", kind, self.name, f"--namespace={NAMESPACE}", annotation)

        def handled() -> bool:
            self.cluster.roll_out("istio-egress")
            return bool(self.status(kind).get("lastHandledReconcileAt") == now)

        eventually(handled, within=60, what=f"{kind} {self.name} is reconciled")

    def applied(self, commit: str) -> dict[str, Any]:
        """Has the source read again and waits until what was made of a commit is applied and Ready; the status."""
        self.request(self.source)

        def seen() -> dict[str, Any]:
            self.cluster.roll_out("istio-egress")
            status = self.status()
            assert status["ready"].get("status") == "True", status["ready"]
            revisions = (status.get("lastAppliedRevision", ""), status.get("lastAppliedOriginRevision", ""))
            assert any(revision.endswith(commit) for revision in revisions), revisions
            return status

        return eventually(seen, within=90, what=f"{self.name} is Ready with {commit}")

    def revision(self) -> str:
        """What the source holds now, read again."""
        self.request(self.source)
        found: str = self.status(self.source)["artifact"]["revision"]
        return found

    def refusal(self) -> dict[str, Any]:
        """Has everything reconciled and waits until the Kustomization is not Ready: that condition, with the reason."""
        self.request(self.source)
        self.request("kustomization")

        def seen() -> dict[str, Any]:
            ready: dict[str, Any] = self.status()["ready"]
            assert ready.get("status") == "False", ready
            return ready

        return eventually(seen, within=60, what=f"{self.name} is not Ready")
