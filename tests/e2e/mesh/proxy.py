"""A pod's proxy as Istio runs it: pilot-agent, which gets a certificate from istiod and starts Envoy."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import quick_yaml as yaml

from .istiod import DISCOVERY
from .processes import Daemon, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from .cluster import Cluster
    from .istiod import Istiod
    from .network import PodNetwork

# Istio's default text format for TCP, the one that the seed's log lines are written in.
LOG_LINE = re.compile(
    r'^\[(?P<start_time>[^\]]+)\] "(?P<request>[^"]*)" (?P<response_code>\S+) (?P<response_flags>\S+)'
    r' (?P<response_code_details>\S+) (?P<connection_termination_details>\S+) "(?P<transport_failure>[^"]*)"'
    r" (?P<bytes_received>\d+) (?P<bytes_sent>\d+) (?P<duration>\d+) (?P<service_time>\S+)"
    r' "(?P<forwarded_for>[^"]*)" "(?P<user_agent>[^"]*)" "(?P<request_id>[^"]*)" "(?P<authority>[^"]*)"'
    r' "(?P<upstream_host>[^"]*)" (?P<upstream_cluster>\S+) (?P<upstream_local_address>\S+)'
    r" (?P<downstream_local_address>\S+) (?P<downstream_remote_address>\S+)"
    r" (?P<requested_server_name>\S+) (?P<route_name>\S+)"
)


# Istio's default is 45 s; the tests that wait for it should not take as long.
DRAIN_SECONDS = 10
FLUSH_SECONDS = 1.0  # pilot-agent has Envoy write its access log at this interval.
EGRESS = "outbound|443|wildcard|egressgateway.istio-egress.svc.cluster.local"


@dataclass(frozen=True)
class LogLine:
    """A line of an access log: the fields of the seed's lines by their Envoy names, `-` for nothing to say."""

    text: str
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """One field."""
        return self.fields[name]

    @property
    def began(self) -> dt.datetime:
        """When the connection was accepted, to the millisecond."""
        return dt.datetime.fromisoformat(self["start_time"])


def now() -> dt.datetime:
    """This moment as access logs write it, to the millisecond: a mark for `logged`."""
    moment = dt.datetime.now(dt.UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def parse_log(text: str) -> Iterable[LogLine]:
    """The access-log lines among what a proxy wrote."""
    for line in text.splitlines():
        if found := LOG_LINE.match(line):
            yield LogLine(line, found.groupdict())


def _downward(pairs: Mapping[str, str]) -> bytes:
    """A file of the downward API: values quoted as Go does, and JSON where nothing is beyond ASCII."""
    return "".join(f"{key}={json.dumps(value)}\n" for key, value in pairs.items()).encode()


def _cluster(filter_: dict[str, Any]) -> object:
    """The cluster that a filter sends all it has to."""
    return filter_.get("typed_config", {}).get("cluster")


class Proxy:
    """pilot-agent and its Envoy in a pod's network namespace; `role` as on pilot-agent's command line."""

    drain_seconds = DRAIN_SECONDS

    def __init__(
        self,
        components: Mapping[str, Path],
        pod: PodNetwork,
        *,
        role: Literal["router", "sidecar", "waypoint"],
        namespace: str,
        account: str,
        labels: Mapping[str, str],
        annotations: Mapping[str, str],
        directory: Path,
        logs: Path,
    ) -> None:
        self.pod = pod
        self.role = role
        self.namespace = namespace
        self.account = account
        self.labels = labels
        self.annotations = annotations
        self.environment: dict[str, str] = {}
        self._components = components
        self._directory = directory
        self.log = logs / f"{pod.name}.log"
        self._daemon = Daemon(
            pod.name,
            pod.command(
                components["pilot-agent"],
                "proxy",
                role,
                "--domain",
                f"{namespace}.svc.cluster.local",
                "--proxyLogLevel=warning",
                "--log_output_level=default:warn",
            ),
            log=self.log,
            cwd=directory,
            env=self._environment(),
        )

    def _proxy_config(self) -> str:
        """The tests' own, and over it what the annotation of the pod says, as the webhook merges it."""
        own = {
            "discoveryAddress": f"{DISCOVERY}:15012",
            "binaryPath": str(self._components["envoy"]),
            "configPath": str(self._directory / "etc/istio/proxy"),
            "concurrency": 1,
            "drainDuration": f"{self.drain_seconds}s",
            "terminationDrainDuration": "1s",
        }
        return json.dumps(own | (yaml.safe_load(self.annotations.get("proxy.istio.io/config", "{}")) or {}))

    def _environment(self) -> dict[str, str]:
        return {
            "PROXY_CONFIG": self._proxy_config(),
            "PILOT_CERT_PROVIDER": "istiod",
            "CA_ADDR": f"{DISCOVERY}:15012",
            "POD_NAME": self.pod.name,
            "POD_NAMESPACE": self.namespace,
            "INSTANCE_IP": self.pod.address,
            "SERVICE_ACCOUNT": self.account,
            "TRUST_DOMAIN": "cluster.local",
            "ISTIO_META_CLUSTER_ID": "Kubernetes",
            "ISTIO_META_WORKLOAD_NAME": self.pod.name,
            "ISTIO_META_MESH_ID": "cluster.local",
            "ISTIO_META_INTERCEPTION_MODE": "REDIRECT",
            "ISTIO_META_APP_CONTAINERS": "app",
        }

    def _prepare(self, cluster: Cluster, istiod: Istiod) -> None:
        """Lays down what the kubelet mounts (token, mesh root, labels, annotations), and Envoy's bootstrap template."""
        files = {
            "var/run/secrets/tokens/istio-token": cluster.token(self.account, self.namespace, "istio-ca").encode(),
            "var/run/secrets/istio/root-cert.pem": istiod.root_certificate(),
            "etc/istio/pod/labels": _downward(self.labels),
            "etc/istio/pod/annotations": _downward(self.annotations),
        }
        for name, content in files.items():
            path = self._directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        template = self._directory / "var/lib/istio/envoy/envoy_bootstrap_tmpl.json"
        template.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._components["envoy-bootstrap"], template)
        (self._directory / "etc/istio/proxy").mkdir(exist_ok=True)

    def start(self, cluster: Cluster, istiod: Istiod, *, trust_domain: str = "cluster.local") -> None:
        """Starts the proxy; ready means what the pod's readiness probe asks."""
        self._prepare(cluster, istiod)
        self._daemon.env["PROXY_CONFIG"] = self._proxy_config()
        self._daemon.env["TRUST_DOMAIN"] = trust_domain
        self._daemon.env |= self.environment
        self.restart()

    def restart(self, *, within: float = 90) -> None:
        """Ends the proxy if it runs and starts it with the files it has; TimeoutError if it is not ready in time."""
        self.stop()
        self._daemon.start(self._ready, within=within)

    def _ready(self) -> bool:
        url = "http://127.0.0.1:15021/healthz/ready"
        waiting = ("wait", f"--url={url}", "--timeoutSeconds=2", "--periodMillis=100", "--requestTimeoutMillis=1000")
        probe = self.pod.command(self._components["pilot-agent"], *waiting)
        return subprocess.run(probe, check=False, capture_output=True).returncode == 0

    def stop(self) -> None:
        """Ends pilot-agent and Envoy at once."""
        self._daemon.stop()

    def terminate(self) -> None:
        """What the kubelet does first as it ends a pod: SIGTERM to the container's first process, and no waiting."""
        self._daemon.send(signal.SIGTERM)

    @property
    def running(self) -> bool:
        """Whether pilot-agent has not ended."""
        return self._daemon.running

    def admin(self, path: str, method: str = "GET") -> str:
        """What Envoy's admin interface answers."""
        request = self.pod.command(self._components["pilot-agent"], "request", method, path)
        return subprocess.run(request, check=True, capture_output=True, text=True).stdout

    def config(self, kind: Literal["clusters", "listeners"]) -> dict[str, Any]:
        """The clusters or listeners that Envoy holds now, those of istiod, by name."""
        resource = {"clusters": "dynamic_active_clusters", "listeners": "dynamic_listeners"}[kind]
        found = json.loads(self.admin(f"config_dump?resource={resource}")).get("configs", [])
        if kind == "clusters":
            return {item["cluster"]["name"]: item["cluster"] for item in found}
        return {item["name"]: item["active_state"]["listener"] for item in found if "active_state" in item}

    def allowed_names(self) -> set[str]:
        """As a gateway: the names that the SNI forwarder's filter chains let through now."""
        chains = self.config("listeners").get("sni_listener", {}).get("filter_chains", [])
        return {name for chain in chains for name in chain.get("filter_chain_match", {}).get("server_names", [])}

    def routed_names(self, cluster: str = EGRESS) -> set[str]:
        """As a sidecar: the names that its listeners send to a cluster, the egress gateway's unless said otherwise."""
        return self.server_names(lambda chain: any(_cluster(filter_) == cluster for filter_ in chain["filters"]))

    def server_names(self, chosen: Callable[[dict[str, Any]], bool] = lambda _: True) -> set[str]:
        """The names of its listeners' filter chains, or of those that are chosen."""
        return {
            name
            for listener in self.config("listeners").values()
            for chain in listener.get("filter_chains", [])
            if chosen(chain)
            for name in chain.get("filter_chain_match", {}).get("server_names", [])
        }

    def access_log(self, since: dt.datetime) -> list[LogLine]:
        """Its access-log lines of connections that began after this moment, as far as Envoy has written them."""
        return [line for line in parse_log(self.log.read_text(errors="replace")) if line.began >= since]

    def logged(self, since: dt.datetime, *, lines: int = 1, within: float = 5, **fields: str) -> list[LogLine]:
        """The access-log lines since then with these fields, once there are at least so many."""

        def found() -> list[LogLine]:
            matching = [line for line in self.access_log(since) if fields.items() <= line.fields.items()]
            assert len(matching) >= lines, f"{len(matching)} lines with {fields} in {self.log}"
            return matching

        return eventually(found, within=within, what=f"{lines} access-log lines with {fields} of {self.pod.name}")

    def logged_nothing(self, since: dt.datetime, **fields: str) -> bool:
        """Whether no connection since then left such a line, after as long as Envoy may keep one back."""
        time.sleep(1.5 * FLUSH_SECONDS)
        return not [line for line in self.access_log(since) if fields.items() <= line.fields.items()]
