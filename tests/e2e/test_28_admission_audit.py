"""components/admission with `actions: [Audit, Warn]`: nothing is refused, the client is warned, the audit tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from mesh.guard import OPENING, TEAM, answered, on_guard
from mesh.processes import eventually

from builds import OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.cluster import Cluster
    from mesh.overlays import Overlays

pytestmark = pytest.mark.usefixtures("gateway")
FAILURE = "validation.policy.admission.k8s.io/validation_failure"


@pytest.fixture(scope="module")
def watched(cluster: Cluster, overlays: Overlays) -> Iterator[Cluster]:
    """The cluster with the policies in their first mode."""
    with on_guard(cluster, overlays, actions=("Audit", "Warn")):
        yield cluster


def test_nothing_is_refused_and_the_client_is_warned(watched: Cluster) -> None:
    taken, said = answered(watched, OPENING)
    assert taken
    assert "Warning: Validation failed for ValidatingAdmissionPolicy 'egress-gateway-mesh'" in said
    assert "may mean the egress gateway's pods" in said
    assert OWNER in said, "it says who may"


def test_the_audit_says_who_would_have_been_refused_and_why(watched: Cluster) -> None:
    named = {**OPENING, "metadata": {"name": "audited", "namespace": "blog"}}
    assert answered(watched, named)[0]
    found = eventually(
        lambda: [one for one in watched.audited(FAILURE) if one[1] == "audited"], within=10, what="the audit tells"
    )
    user, _, value = found[0]
    assert user == TEAM
    (failure,) = json.loads(value)
    assert failure["policy"] == failure["binding"] == "egress-gateway-mesh"
    assert failure["validationActions"] == ["Audit", "Warn"]
    assert "may mean the egress gateway's pods" in failure["message"]


def test_an_owner_is_not_warned(watched: Cluster, overlays: Overlays) -> None:
    for one in yaml.safe_load_all(overlays.build("staging")):
        taken, said = answered(watched, one, OWNER)
        assert taken
        assert "ValidatingAdmissionPolicy" not in said


def test_no_parameter_can_be_deleted(watched: Cluster) -> None:
    """The values stand in the policies: an object that held them could go, and the policies with it."""
    for kind in ("validatingadmissionpolicies", "validatingadmissionpolicybindings"):
        ours = [one for one in watched.get(kind)["items"] if one["metadata"]["name"].startswith("egress-gateway-")]
        assert len(ours) == 4
        assert not any({"paramKind", "paramRef"} & one["spec"].keys() for one in ours)
        assert all(one["spec"].get("failurePolicy", "Fail") == "Fail" for one in ours)
