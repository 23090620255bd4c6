"""One Application: what a person does with it, and what Argo CD then says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mesh.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesh.cluster import Cluster

NAMESPACE = "argocd"


class Application:
    """An Application that has been applied."""

    def __init__(self, name: str, cluster: Cluster) -> None:
        self.name = name
        self.cluster = cluster

    def _kubectl(self, verb: str, *arguments: str) -> None:
        self.cluster.kubectl(verb, "application", self.name, f"--namespace={NAMESPACE}", *arguments)

    def destination_namespace(self, namespace: str) -> None:
        """Names a namespace for objects that have none."""
        self._kubectl("patch", "--type=merge", "-p", json.dumps({"spec": {"destination": {"namespace": namespace}}}))

    def delete(self) -> None:
        """Deletes it and leaves what it applied."""
        self._kubectl("delete")

    def refresh(self) -> None:
        """Asks for a hard refresh and waits until it was carried out."""
        annotation = "argocd.argoproj.io/refresh"
        self._kubectl("annotate", "--overwrite", f"{annotation}=hard")

        def done() -> bool:
            return annotation not in self._get()["metadata"].get("annotations", {})

        eventually(done, within=60, what=f"the refresh of {self.name}")

    def _get(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cluster.get("application", self.name, f"--namespace={NAMESPACE}")
        return found

    def _status(self) -> dict[str, Any]:
        found: dict[str, Any] = self._get().get("status", {})
        return found

    def sync(self, revision: str = "") -> dict[str, Any]:
        """Refreshes, then waits until it is Synced (to a revision) and Healthy; returns its status."""

        def seen() -> dict[str, Any]:
            # Again each time: a refresh that was under way already takes the request of the next one with it.
            self.refresh()
            self.cluster.roll_out("istio-egress")
            status = self._status()
            assert not status.get("conditions"), status["conditions"]
            assert status["sync"]["status"] == "Synced", status["sync"]
            assert status["health"]["status"] == "Healthy", status["health"]
            if revision:
                assert status["sync"]["revision"] == revision
                # There is none where the cluster held it already.
                assert status.get("operationState", {"phase": "Succeeded"})["phase"] == "Succeeded"
            return status

        return eventually(_keyed(seen), within=90, what=f"{self.name} is Synced and Healthy")

    def comparison_error(self) -> str:
        """Refreshes, then waits until it cannot be compared, and returns why."""
        self.refresh()

        def seen() -> str:
            conditions = self._status().get("conditions", [])
            return next((one["message"] for one in conditions if one["type"] == "ComparisonError"), "")

        return eventually(seen, within=90, what=f"{self.name} has a ComparisonError")

    def refusal(self) -> str:
        """Refreshes, waits until the API server has refused something, and returns what it said.

        Where Argo CD compares on the server's side it asks before a sync already, and shows that as a ComparisonError.
        """

        def seen() -> str:
            self.refresh()  # Again each time, as above.
            self.cluster.roll_out("istio-egress")
            status = self._status()
            result = status.get("operationState", {}).get("syncResult") or {}
            failed = [one for one in result.get("resources") or [] if one.get("status") == "SyncFailed"]
            return "\n".join(
                one["message"] for one in (*status.get("conditions", []), *failed) if "is invalid" in one["message"]
            )

        return eventually(seen, within=90, what=f"the API server refuses something of {self.name}")


def _keyed(seen: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """A probe to which a status that lacks a key means: not yet."""

    def probe() -> dict[str, Any]:
        try:
            return seen()
        except KeyError as absent:
            raise AssertionError(f"no {absent} yet") from None

    return probe
