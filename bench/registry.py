"""What a domain costs each proxy, by the way lists are kept: clusters and memory of fresh Envoys.

`make bench-registry` runs it on the real mesh of tests/e2e and writes results/registry.{json,md,svg}. Memory is what
Envoy says it has allocated (admin /memory), of a sidecar and a gateway that were started after the list was applied: a
proxy that has seen lists come and go keeps some memory of them. The cost of a domain is the slope from the shortest
list to each longer one, so that what a proxy needs for itself is not counted. The first row of the sidecar is an empty
mesh: nothing of ours is applied.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import matplotlib as mpl

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/support")]

from mesh.components import MESH, installed  # noqa: E402
from mesh.mesh import Mesh  # noqa: E402
from mesh.overlays import Overlays, for_clients_alone  # noqa: E402
from mesh.processes import eventually  # noqa: E402

from egress_overlays import PLACEHOLDER  # noqa: E402

if TYPE_CHECKING:
    from mesh.proxy import Proxy

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "egress-overlays"  # The same file for the same figures.
from matplotlib import pyplot as plt  # noqa: E402

RESULTS = Path(__file__).with_name("results")
SIZES = (10, 1000, 5000)


class Way(NamedTuple):
    """How a list is kept: components of the overlay, and clients, of which the measured sidecar is none.

    `alone`: the gateway itself is for the clients alone, as docs/many-teams.md has it.
    """

    components: tuple[str, ...] = ()
    clients: str = ""
    alone: bool = False


WAYS = {
    "a ServiceEntry host a domain (base)": Way(),
    "one host for all (compact-registry)": Way(("compact-registry",)),
    "a list of another namespace's (client-lists)": Way(("client-lists",), clients="elsewhere"),
    "the same, and the gateway for its clients alone": Way(("client-lists",), clients="elsewhere", alone=True),
}
EMPTY = "an empty mesh"
PROXIES = ("sidecar", "gateway")
SETTLED = 3  # Seconds. Envoy frees what building a configuration took a moment after it is in use.


class Registry:
    """A mesh on which lists of several lengths are tried."""

    def __init__(self, mesh: Mesh, overlays: Overlays) -> None:
        self._mesh = mesh
        self._overlays = overlays
        self._number = itertools.count()

    def empty(self) -> dict[str, dict[str, int]]:
        """Clusters and allocated bytes of a fresh sidecar beside which nothing of ours is applied."""
        sidecar = self._mesh.sidecar("sleep-in-an-empty-mesh", "apps")
        return {"sidecar": self._settled(sidecar)}

    def measure(self, way: Way, size: int) -> dict[str, dict[str, int]]:
        """Clusters and allocated bytes of a fresh sidecar and gateway that hold `size` domains.

        A sidecar in a namespace that the list is not for holds none of them.
        """
        names = {f"host{number}.example.com" for number in range(size)}
        patches = for_clients_alone(way.clients) if way.alone else ()
        manifests = self._overlays.make(sorted(names), components=way.components, clients=way.clients, patches=patches)
        self._mesh.cluster.sync(manifests)
        number = next(self._number)
        gateway = self._mesh.gateway("sni-egressgateway", "egressgateway", "istio-egress", pod_name=f"gateway-{number}")
        sidecar = self._mesh.sidecar(f"sleep-{number}", "apps")
        eventually(lambda: gateway.allowed_names() == names, within=120, what=f"{size} names in the gateway")
        routed = set() if way.alone else {PLACEHOLDER} if way.clients else names
        eventually(lambda: sidecar.routed_names() == routed, within=120, what=f"{size} names in the sidecar")
        return {"sidecar": self._settled(sidecar), "gateway": self._settled(gateway)}

    @staticmethod
    def _settled(proxy: Proxy) -> dict[str, int]:
        time.sleep(SETTLED)
        found = cost(proxy)
        proxy.stop()
        return found


def cost(proxy: Proxy) -> dict[str, int]:
    """What a proxy holds now."""
    memory = json.loads(proxy.admin("memory"))
    return {"clusters": len(proxy.config("clusters")), "bytes": int(memory["allocated"])}


def per_domain(row: dict[str, dict[str, dict[str, int]]], proxy: str, size: int) -> float:
    """Bytes a domain: the slope between the shortest list and this one."""
    shortest = row[str(SIZES[0])][proxy]["bytes"]
    return (row[str(size)][proxy]["bytes"] - shortest) / (size - SIZES[0])


def table(results: dict[str, dict[str, dict[str, dict[str, int]]]]) -> str:
    """The figures as Markdown."""
    head = "| proxy | list | domains | clusters | allocated | a domain |\n|---|---|---:|---:|---:|---:|\n"
    lines = []
    for proxy, (way, row) in itertools.product(PROXIES, results.items()):
        for size, costs in sorted((int(size), costs) for size, costs in row.items() if proxy in costs):
            each = f"{per_domain(row, proxy, size) / 1000:z.1f} kB" if size > SIZES[0] else ""
            found = costs[proxy]
            lines.append(
                f"| {proxy} | {way} | {size:,} | {found['clusters']:,} | {found['bytes'] / 1e6:.1f} MB | {each} |\n"
            )
    return head + "".join(lines)


def plot(results: dict[str, dict[str, dict[str, dict[str, int]]]], path: Path) -> None:
    """The same as a picture: memory over domains, a panel a proxy."""
    figure, panels = plt.subplots(1, len(PROXIES), figsize=(9, 3.6), sharey=True, layout="constrained")
    for panel, proxy in zip(panels, PROXIES, strict=True):
        for way in WAYS:
            sizes = [results[way][str(size)][proxy]["bytes"] / 1e6 for size in SIZES]
            panel.plot(SIZES, sizes, marker="o", label=way)
        panel.set(title=f"Envoy of the {proxy}", xlabel="domains on the list")
        panel.grid(alpha=0.3)
    panels[0].set(ylabel="allocated memory [MB]", ylim=(0, None))
    panels[0].legend(frameon=False, fontsize="small")
    figure.savefig(path, metadata={"Date": None})


def main() -> int:
    """Measures every way and size, and writes the results."""
    components = installed(*MESH)
    results: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
    with tempfile.TemporaryDirectory(prefix="egress-overlays-registry-") as scratch:
        (made := Path(scratch) / "overlays").mkdir()
        mesh = Mesh(components, Path(scratch) / "mesh")
        try:
            mesh.start()
            registry = Registry(mesh, Overlays(ROOT, components, made))
            results[EMPTY] = {"0": registry.empty()}
            for (way, chosen), size in itertools.product(WAYS.items(), SIZES):
                results.setdefault(way, {})[str(size)] = registry.measure(chosen, size)
                sys.stderr.write(f"{way}: {size}: {results[way][str(size)]}\n")
        finally:
            mesh.stop()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "registry.json").write_text(json.dumps(results, indent=1) + "\n")
    (RESULTS / "registry.md").write_text(table(results))
    plot(results, RESULTS / "registry.svg")
    sys.stdout.write(table(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
