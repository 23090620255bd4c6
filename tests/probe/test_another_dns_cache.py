"""A gateway that runs takes other settings of its DNS cache under another name, and not under the same."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from attacked import answer_all, ask, context, stage
from builds import build, overlay
from egress_overlays.istiod.configuration import configuration
from egress_overlays.istiod.gateway import workloads

if TYPE_CHECKING:
    from pathlib import Path

    from attacked import Gateway, Stage

KEPT, GOES, COMES = "pypi.org", "goes.example.net", "comes.example.net"
TYPES = {"listeners": "listener.v3.Listener", "clusters": "cluster.v3.Cluster"}
FILES = {"lds_config": "listeners", "cds_config": "clusters"}


def earlier(node: Any, name: str | None) -> Any:
    """`node` as it was: GOES in place of COMES, lost questions not asked again sooner, `name` its cache's."""
    if isinstance(node, list):
        return [earlier(one, name) for one in node]
    if not isinstance(node, dict):
        return GOES if node == COMES else node
    found = {
        key: earlier(value, name) for key, value in node.items() if key not in ("query_timeout_seconds", "query_tries")
    }
    return {**found, "name": name} if name and "max_hosts" in found else found


def write(on: Stage, parts: dict[str, list[dict[str, Any]]], version: str) -> None:
    """What istiod sends, clusters first as it does."""
    for kind in reversed(TYPES):
        named = [{"@type": f"type.googleapis.com/envoy.config.{TYPES[kind]}", **one} for one in parts[kind]]
        fresh = on.directory / f"{kind}.new"
        fresh.write_text(json.dumps({"version_info": version, "resources": named}))
        fresh.replace(on.directory / f"{kind}.json")


def rejected(running: Gateway) -> int:
    """How many updates Envoy refused so far."""
    lines = running.running.get("/stats?filter=update_rejected").splitlines()
    return sum(int(line.split(": ")[1]) for line in lines)


@pytest.mark.parametrize("name", ["egress_v4_10s", None], ids=["another name", "the same name"])
def test_a_cache_of_other_settings(name: str | None, newest: Path, tmp_path: Path) -> None:
    resources = build(overlay(tmp_path, (), (KEPT, COMES)))
    with stage(configuration(resources, workloads(resources)[0]), answer_all) as on:
        parts = on.config.pop("static_resources")
        on.config["node"] = {"id": "gateway", "cluster": "gateway"}
        on.config["dynamic_resources"] = {
            one: {"path_config_source": {"path": str(on.directory / f"{kind}.json")}} for one, kind in FILES.items()
        }
        write(on, earlier(deepcopy(parts), name), "before")
        with on.run(newest) as running:
            tls = context(running.certificate("good/a"))
            assert [ask(running.port, tls, one)[0] for one in (KEPT, GOES, COMES)] == [True, True, False]
            write(on, parts, "after")
            deadline = time.monotonic() + 5
            while not rejected(running) and ask(running.port, tls, GOES)[0] and time.monotonic() < deadline:
                time.sleep(0.1)
            taken = [ask(running.port, tls, one)[0] for one in (KEPT, GOES, COMES)]
            refused = rejected(running)
    if name:
        assert (refused, taken) == (0, [True, False, True])
    else:
        assert refused
        assert taken[1], "what was removed stays allowed"
