"""What a way out of docs/why.md costs while it stands: memory, traffic, and what a change cuts."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/support")]

from mesh import hbone  # noqa: E402 - the line above makes it importable
from mesh.askers import AtEnvoyGateway, AtWaypoint, BySidecar  # noqa: E402
from mesh.connections import LISTED, WILDCARD  # noqa: E402
from mesh.envoy_gateway import PORT, Running, translated  # noqa: E402
from mesh.holder import Holder  # noqa: E402
from mesh.network import run  # noqa: E402
from mesh.processes import eventually  # noqa: E402
from mesh.ways import Names, Stage  # noqa: E402

import quick_yaml as yaml  # noqa: E402
from egress_overlays.probe.client import with_raw_name  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mesh.application import Application
    from mesh.askers import Asker
    from mesh.network import PodNetwork
    from mesh.proxy import Proxy

OURS = "this gateway"
SETTLED = 3  # Seconds. Envoy frees what building a configuration took a moment after it is in use.
RATED, RATED_SITE = "rated.ways.example.com", "185.15.63.60"
HELLO = with_raw_name(RATED.encode())
ZONE = "bench.example.net"
HELD, EACH = 20, 5
CLIENTS = 2
DRAIN = 2  # seconds: a change is over after that, and there are many


def names(count: int, *more: str) -> Names:
    """Lists of so many names below wildcards, or exact ones where a way takes no wildcards."""
    labels = [*(f"s{number}" for number in range(count - 2)), *more]
    wildcards = (WILDCARD, *(f"*.{label}.{ZONE}" for label in labels))
    return Names(everybody=wildcards, exact=(LISTED, RATED, *(f"a.{label}.{ZONE}" for label in labels)))


def cpu(pod: PodNetwork) -> float:
    """CPU seconds that the Envoys of a pod have used, to the nanosecond (/proc/PID/task/TID/schedstat)."""
    pids = subprocess.run(["ip", "netns", "pids", pod.name], capture_output=True, text=True, check=True).stdout.split()
    envoys = [pid for pid in pids if Path(f"/proc/{pid}/comm").read_text().strip() == "envoy"]
    tasks = [task for pid in envoys for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@dataclass(frozen=True)
class Translated(AtEnvoyGateway):
    """A client of deploy/envoy-gateway's Envoy."""

    running: Running


def gateway_of(asker: Asker) -> Proxy | Running | None:
    """The proxy at which the way checks names, where that is no sidecar."""
    if isinstance(asker, AtWaypoint):
        return asker.waypoint.proxy
    if isinstance(asker, BySidecar):
        return asker.gateway
    return asker.running if isinstance(asker, Translated) else None


def application_of(asker: Asker) -> Application:
    """The client that asks by TCP alone."""
    if not isinstance(asker, BySidecar | Translated):
        raise TypeError(asker)
    return asker.application


def allocated(proxy: Proxy | Running) -> int:
    """Bytes that its Envoy has allocated."""
    time.sleep(SETTLED)
    found = proxy.admin("memory")
    return int((json.loads(found) if isinstance(found, str) else found)["allocated"])


class Costs:
    """The ways on a stage, and what each of them costs."""

    def __init__(self, stage: Stage, connections: int) -> None:
        self._stage = stage
        self._connections = connections
        self._numbers = itertools.count()

    def ways(self) -> dict[str, Callable[[], contextlib.AbstractContextManager[Asker]]]:
        """Each way by its name, as docs/ways.md has them."""
        return {**self._stage.ways(), "deploy/envoy-gateway": self.envoy_gateway}

    @contextlib.contextmanager
    def envoy_gateway(self) -> Iterator[Asker]:
        """deploy/envoy-gateway, and a pod whose connections to 443 are led there."""
        stage, number = self._stage, next(self._numbers)
        directory = stage.mesh.directory / f"envoy-gateway-{number}"
        directory.mkdir()
        pod = stage.mesh.pod_network(f"envoy-gateway-{number}")
        client = stage.mesh.application(stage.mesh.pod_network(f"client-{number}"))
        rule = f"-t nat -A OUTPUT -p tcp --dport 443 -j DNAT --to-destination {pod.address}:{PORT}"
        run(*client.pod.command("iptables", *rule.split()))

        def made() -> tuple[dict[str, Any], list[Any]]:
            built = list(yaml.safe_load_all(stage.built("envoy-gateway")))
            return translated(stage.mesh.components["egctl"], built, directory)

        def lead() -> bool:
            return client.get(LISTED).title == LISTED

        running = Running(stage.mesh.components["envoy"], pod, directory, DRAIN)
        running.start(*made())
        stage.put = lambda: running.put(made()[0])
        try:
            eventually(lead, within=30, what="Envoy Gateway's listener serves")
            yield Translated(stage.internet, client, pod.address, PORT, running)
        finally:
            running.stop()
            client.stop()

    def memory(self, way: str, asker: Asker) -> dict[str, int]:
        """Bytes allocated in each place of the way that holds names, the proxies being fresh."""
        stage, found = self._stage, {}
        if isinstance(asker, BySidecar):
            wanted = stage.sidecar.server_names()
            fresh = stage.mesh.sidecar(f"memory-{next(self._numbers)}", "apps")
            eventually(lambda: fresh.server_names() == wanted, within=120, what="the list in a fresh sidecar")
            found["sidecar"] = allocated(fresh)
            fresh.stop()
        if way == OURS:
            fresh = stage.mesh.second_pod(f"memory-{next(self._numbers)}", "sni-egressgateway", "istio-egress")
            eventually(lambda: fresh.allowed_names() == stage.names.every, within=120, what="the list in a fresh one")
            found["gateway"] = allocated(fresh)
            fresh.stop()
        elif at := gateway_of(asker):
            found["gateway"] = allocated(at)
        return found

    def traffic(self, asker: Asker) -> dict[str, float]:
        """Connections a second, and the CPU seconds of the proxies on the way for each.

        The client of HBONE, in Python, is slower than the waypoint: its rate says nothing.
        """
        at = gateway_of(asker)
        pods = [at.pod] if at else []
        pods += [self._stage.sidecar.pod] if isinstance(asker, BySidecar) else []
        before = sum(map(cpu, pods))
        if isinstance(asker, AtWaypoint):
            count, host = self._connections // 10, asker.waypoint.addresses()[WILDCARD]
            for _ in range(count):
                asker.waypoint.title(RATED, at=host, raw=HELLO)
            return {"cpu": (sum(map(cpu, pods)) - before) / count}
        rate = self._rate(application_of(asker).pod, RATED_SITE, 443)
        return {"rate": rate, "cpu": (sum(map(cpu, pods)) - before) / self._connections}

    def _rate(self, pod: PodNetwork, address: str, port: int) -> float:
        """Connections a second of several clients in a pod."""
        each = self._connections // CLIENTS
        program = Path(__file__).with_name("connecting.py")
        command = [*map(str, pod.command(sys.executable, "-I", program, address, str(port), HELLO.hex(), str(each)))]
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(CLIENTS)]
        said = [one.communicate()[0] for one in started]
        if any(one.returncode for one in started):
            raise RuntimeError("the destination was not reached")
        return sum(each / float(seconds) for seconds in said)

    def cut(self, asker: Asker) -> dict[str, int]:
        """How many established connections end when another name comes, and when it goes, out of how many."""
        stage, wanted = self._stage, self._stage.names
        held = self._tunnels(asker) if isinstance(asker, AtWaypoint) else self._held(application_of(asker).pod)
        found = {"held": HELD * EACH}
        with held as ended:
            for change, names_then in (("added", names(len(wanted.everybody) + 1, "added")), ("removed", wanted)):
                stage.names = names_then
                stage.put()
                time.sleep(DRAIN + 2)
                found[change] = ended()
        return found

    @contextlib.contextmanager
    def _held(self, pod: PodNetwork) -> Iterator[Callable[[], int]]:
        """Connections of the application; what counts those that have ended, and opens them again."""
        wanted = [f"a.s{number}.{ZONE}" for number in range(HELD)]
        with Holder(pod, self._stage.internet.authority.root, EACH) as holder:
            holder.open(wanted)

            def ended() -> int:
                count = sum(holder.ended().values())
                holder.open(wanted)
                return count

            yield ended

    @contextlib.contextmanager
    def _tunnels(self, asker: AtWaypoint) -> Iterator[Callable[[], int]]:
        """The same at a waypoint."""
        stage, waypoint = self._stage, asker.waypoint
        identity = stage.mesh.istiod.authority(stage.mesh.directory / "mesh-root").leaf(
            "spiffe://cluster.local/ns/apps/sa/sleep"
        )
        addresses = waypoint.addresses()
        open_: list[hbone.Tunnel] = []

        def opened() -> None:
            while len(open_) < HELD * EACH:
                host = f"s{len(open_) % HELD}.{ZONE}"
                tunnel = hbone.Tunnel(waypoint.proxy.pod.address, identity, f"{addresses[f'*.{host}']}:443")
                tunnel.title(f"a.{host}", stage.internet.authority.root)
                open_.append(tunnel)

        def ended() -> int:
            over = [one for one in open_ if one.is_over()]
            open_[:] = [one for one in open_ if one not in over]
            opened()
            return len(over)

        opened()
        yield ended
        for one in open_:
            one.close()
