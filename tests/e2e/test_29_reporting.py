"""A shorter list tried before it is enforced: all traffic passes, and the logs name what enforcement refuses then.

Names that are listed for somebody come to the gateway, which reports. Names that nobody lists any more do not: sidecars
let them out directly, and log that, until restrict-direct-egress closes the way.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from mesh.processes import eventually
from mesh.prometheus import PROGRAM, asked, scraping
from mesh.proxy import FLUSH_SECONDS, now

from builds import ROOT
from command import run
from egress_overlays.names.domain import PLACEHOLDER
from metrics import queries as every_query

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

TILL, OFFICE = "reports-till", "reports-office"
NAMES = [f"{word}.supplier.org" for word in ("api", "auth", "cdn", "data", "docs", "files", "login", "static")]
OWN, DROPPED, OTHERS = NAMES[:2], NAMES[2:4], NAMES[4:]
"""What stays on the till's list, what no list holds any more, and what is the office's list alone now."""
REPORTS = {"egress-overlays.dev/enforce": "report", "egress-overlays.dev/report-until": "2099-12-31"}


@pytest.fixture(scope="module")
def workloads(mesh: Mesh, internet: Internet) -> dict[str, tuple[Proxy, Application]]:
    """Both workloads, and sites for all names."""
    for number, name in enumerate(NAMES, 10):
        internet.serve(name, f"185.15.62.{number}")
    found = {}
    for namespace in (TILL, OFFICE):
        sidecar = mesh.sidecar(f"{namespace}-0", namespace)
        found[namespace] = sidecar, mesh.application(sidecar.pod)
    return found


@pytest.fixture(scope="module", autouse=True)
def _staging_again(mesh: Mesh, overlays: Overlays, gateway: Proxy) -> Iterator[None]:
    yield
    mesh.cluster.sync(overlays.build("staging"))
    mesh.roll_out(gateway, "sni-egressgateway")
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")


@pytest.fixture
def put(
    mesh: Mesh,
    overlays: Overlays,
    gateway: Proxy,
    workloads: Mapping[str, tuple[Proxy, Application]],
    tmp_path: Path,
) -> Callable[..., Path]:
    """Have the gateway and both sidecars hold these lists, with these components."""

    def held(till: list[str], *components: str, reports: bool = False) -> Path:
        directory = tmp_path / "-".join(("overlay", *components, *("reports" for _ in range(reports))))
        directory.mkdir()
        lists = [_list(TILL, till, REPORTS if reports else {}), _list(OFFICE, OTHERS, {})]
        (directory / "domains.yaml").write_text("\n---\n".join(map(json.dumps, lists)))
        above = "/".join([".."] * (len(directory.resolve().parts) - 1)) + str(ROOT)
        kustomization = {
            "resources": [f"{above}/base", "domains.yaml"],
            "components": [
                f"{above}/components/{name}" for name in ("client-lists", *components, "monitoring", "inject")
            ],
        }
        (directory / "kustomization.yaml").write_text(json.dumps(kustomization))
        mesh.cluster.sync(overlays.build(directory))
        eventually(lambda: gateway.allowed_names() == {*till, *OTHERS}, within=60, what="the lists in the gateway")
        known = {TILL: {*till, *OTHERS} if reports else set(till), OFFICE: set(OTHERS)}
        for namespace, (sidecar, _) in workloads.items():
            eventually(
                lambda: sidecar.routed_names() - {PLACEHOLDER} == known[namespace],  # noqa: B023 -- called at once
                within=60,
                what=f"the list of {namespace} in its sidecar",
            )
        eventually(
            lambda: ("reported by" in gateway.admin("config_dump")) == reports,
            within=60,
            what=f"a gateway that {'reports' if reports else 'enforces'}",
        )
        return directory

    return held


def _list(namespace: str, names: list[str], more: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": namespace,
            "labels": {"egress-overlays.dev/set": "default"},
            "annotations": {"egress-overlays.dev/clients": namespace, **more},
        },
        "data": {"names": "\n".join(names)},
    }


def _asked(application: Application, names: list[str]) -> set[str]:
    """The names that are answered."""
    return {name for name in names if application.get(name).ok}


def _usage(directory: Path, logs: Mapping[str, Path], since: dt.datetime, tmp_path: Path) -> dict[str, Any]:
    """What `usage` says of the lines since then."""
    start = since.isoformat().replace("+00:00", "Z")
    copies = []
    for pod, log in logs.items():
        lines = log.read_text(errors="replace").splitlines(keepends=True)
        at = next((place for place, line in enumerate(lines) if line[1:25] >= start[:24]), len(lines))
        copies.append(tmp_path / f"{pod}.log")
        copies[-1].write_text("".join(lines[at:]))
    said = run("usage", "-o", "json", "--since", "1m", *copies, directory / "domains.yaml")
    assert said.code == 0, said.err
    return dict(json.loads(said.out))


def _named(directory: Path, logs: Mapping[str, Path], since: dt.datetime, tmp_path: Path) -> dict[str, set[str]]:
    """The names of the till that were reported, went past, were refused."""
    data = _usage(directory, logs, since, tmp_path)
    return {
        key: {one["name"] for one in data.get(key, ()) if one["client"].startswith(TILL)}
        for key in ("reported", "past", "refused")
    }


def _counted_by_list(gateway: Proxy, till: Application, tmp_path: Path) -> None:
    """A real Prometheus finds what was reported, by the alert's own expression, and each list by the panel's."""
    queries = every_query(by_list=True)
    with scraping(gateway, tmp_path):
        assert _asked(till, [*OWN, *OTHERS]) == {*OWN, *OTHERS}

        def lists(name: str) -> set[str]:
            found = asked(queries[f"Connections by list: {name}"].replace("$__rate_interval", "1m"))
            return {one["metric"].get("list", "") for one in found if float(one["value"][1]) > 0}

        eventually(lambda: lists("reported by {{list}}") == {TILL}, within=30, what="what was reported in Prometheus")
        eventually(lambda: TILL in lists("{{list}}"), within=30, what="the till's list in Prometheus")
        assert asked(queries["EgressListsReport"])


def test_what_the_logs_name_is_what_enforcement_refuses(
    mesh: Mesh,
    put: Callable[..., Path],
    gateway: Proxy,
    workloads: Mapping[str, tuple[Proxy, Application]],
    tmp_path: Path,
) -> None:
    (sidecar, till), (_, office) = workloads[TILL], workloads[OFFICE]
    put(NAMES)
    mesh.roll_out(
        gateway, "sni-egressgateway"
    )  # components/monitoring: a proxy reads which statistics to keep as it starts
    eventually(lambda: gateway.allowed_names() == set(NAMES), within=60, what="the lists in the new gateway")
    assert _asked(till, NAMES) == set(NAMES)

    # The shorter list, which reports; sidecars let out directly what nobody lists.
    directory = put(OWN, "report", reports=True)
    since = now()
    assert _asked(till, NAMES) == set(NAMES)
    assert _asked(office, OTHERS) == set(OTHERS)
    logs = {f"{TILL}_{TILL}-0": sidecar.log, "istio-egress_gateway-0": gateway.log}

    expected = {"reported": set(OTHERS), "past": set(DROPPED), "refused": set()}
    eventually(
        lambda: _named(directory, logs, since, tmp_path) == expected,
        within=10 * FLUSH_SECONDS,
        what="every name in the logs",
    )
    assert _named(directory, logs, since, tmp_path) == expected
    groups = {one["configMap"]: one for one in _usage(directory, logs, since, tmp_path)["groups"]}
    assert groups[OFFICE]["reported"] == len(OTHERS)
    # What was asked just before counts too: logs tell when a connection began, and some end late.
    assert groups[TILL]["allowed"] >= len(OWN)
    assert groups[""]["direct"] >= len(DROPPED)
    lines = [line for line in gateway.log.read_text().splitlines() if '"list":"reported by' in line]
    assert len(lines) == len(OTHERS)
    assert {json.loads(line)["client"] for line in lines} == {f"spiffe://cluster.local/ns/{TILL}/sa/sleep"}

    if PROGRAM is not None:
        _counted_by_list(gateway, till, tmp_path)

    # With the direct way closed, listed names are still reported alone, and others stay inside.
    restricted = put(OWN, "report", "restrict-direct-egress", reports=True)
    assert _asked(till, NAMES) == {*OWN, *OTHERS}
    assert _asked(office, [*OWN, *OTHERS]) == set(OTHERS)
    shutil.rmtree(restricted)

    # A minute later: enforced.
    put(OWN, "restrict-direct-egress")
    assert set(NAMES) - _asked(till, NAMES) == {*OTHERS, *DROPPED}
