"""Names by plain HTTP: listed ones are reached through the gateway by Host, by a real apt too, and no other."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import os
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
from mesh.mesh import SIDECARS_NAME
from mesh.network import add_internet_address
from mesh.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

ADDRESS = "185.15.62.50"
MIRROR, LISTED_BY_TLS, UNLISTED = "deb.mirror.example.net", "tls.mirror.example.org", "other.mirror.example.org"
INSIDE = "inside.files.example.net"
NAMES = ("en.wikipedia.org", LISTED_BY_TLS, f"http://{MIRROR}", "http://*.files.example.net")


class Mirror(http.server.SimpleHTTPRequestHandler):
    """A server of files that keeps the Host of each request."""

    hosts: list[str] = []  # noqa: RUF012 -- of the one server

    def do_GET(self) -> None:
        """Answer from the directory."""
        self.hosts.append(str(self.headers["Host"]))
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _repository(directory: Path) -> None:
    """A Debian repository with one package."""
    package = directory / "build"
    (package / "DEBIAN").mkdir(parents=True)
    control = "Package: egress-hello\nVersion: 1.0\nArchitecture: all\nMaintainer: a@example.net\nDescription: hello\n"
    (package / "DEBIAN/control").write_text(control)
    deb = directory / "egress-hello_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--build", package, deb], check=True, capture_output=True)
    data = deb.read_bytes()
    said = f"Filename: ./{deb.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
    (directory / "Packages").write_text(control + said)
    (directory / "Packages.gz").write_bytes(gzip.compress((control + said).encode()))


@pytest.fixture(scope="module", autouse=True)
def listed(
    mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The list in both proxies, and a server of files at port 80."""
    files = tmp_path_factory.mktemp("mirror")
    _repository(files)
    add_internet_address(ADDRESS)
    server = http.server.ThreadingHTTPServer((ADDRESS, 80), lambda *given: Mirror(*given, directory=str(files)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in (MIRROR, LISTED_BY_TLS, UNLISTED):
        internet.dns.records[name] = [ADDRESS]
    internet.dns.records["ok.files.example.net"] = [ADDRESS]
    mesh.cluster.sync(overlays.make(NAMES, components=("plain-http",)))
    mesh.expose(gateway.pod, "egressgateway", "istio-egress")
    eventually(lambda: "http_listener" in gateway.config("listeners"), within=60, what="the listener for plain HTTP")
    eventually(lambda: "0.0.0.0_31080" in gateway.config("listeners"), within=60, what="its mesh listener")
    yield
    server.shutdown()
    server.server_close()
    mesh.cluster.sync(overlays.build("staging"))
    mesh.expose(gateway.pod, "egressgateway", "istio-egress")


def curl(application: Application, *arguments: str) -> subprocess.CompletedProcess[str]:
    """curl as the application: what it printed, and the status of the answer in the last line."""
    command = ["curl", "-s", "-m", "10", "-w", "\n%{http_code}", *arguments]
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    return subprocess.run(application.pod.command(*as_nobody), capture_output=True, text=True, check=False)


def logged(gateway: Proxy, words: str) -> str:
    """The line of the gateway's log with these words, once it is written."""

    def found() -> str:
        lines = [line for line in gateway.log.read_text().splitlines() if words in line]
        assert lines, f"no line with {words}"
        return lines[-1]

    return eventually(found, within=15, what=f"a line of the gateway with {words}")


def test_a_listed_name_is_reached_through_the_gateway_by_host(application: Application, gateway: Proxy) -> None:
    for name in (MIRROR, "ok.files.example.net"):
        eventually(
            lambda name=name: curl(application, f"http://{name}/Packages").stdout.endswith("\n200"),  # type: ignore[misc]
            within=30,
            what=f"http://{name}",
        )
        line = logged(gateway, f'"{name}" "{ADDRESS}:80"')
        assert line.endswith(" allowed")
        assert "Packages" not in line
    closed = curl(application, "-H", "Connection: close", f"http://{MIRROR}/Packages")
    assert closed.stdout.endswith("\n200")


@pytest.mark.parametrize("name", [MIRROR, LISTED_BY_TLS, UNLISTED])
def test_without_the_meshs_mutual_tls_the_gateway_serves_nobody(
    name: str, application: Application, gateway: Proxy
) -> None:
    before = len(Mirror.hosts)
    there = ("--resolve", f"{name}:31080:{gateway.pod.address}", f"http://{name}:31080/")
    outcome = curl(application, *there)
    assert not outcome.stdout.endswith("\n200")
    assert len(Mirror.hosts) == before


def test_an_internal_address_is_refused_with_the_reason(
    application: Application, internet: Internet, gateway: Proxy
) -> None:
    internet.listen("10.0.0.19", 80, tls=False)
    internet.dns.records[INSIDE] = ["10.0.0.19"]
    outcome = curl(application, "--resolve", f"{INSIDE}:80:{ADDRESS}", f"http://{INSIDE}/")
    assert outcome.stdout.endswith("\n403"), outcome.stdout
    assert "rbac_access_denied_matched_policy[not-global]" in outcome.stdout
    assert not internet.arrived("10.0.0.19")
    assert " 403 " in logged(gateway, f'"{INSIDE}" "-"')


def test_a_real_apt_updates_and_downloads_through_the_gateway(application: Application, tmp_path: Path) -> None:
    for name in ("lists/partial", "cache/archives/partial", "work", "etc"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] http://{MIRROR} ./\n")
    (tmp_path / "status").write_text("")
    options = {
        "Dir::State::lists": tmp_path / "lists",
        "Dir::State::status": tmp_path / "status",
        "Dir::Cache": tmp_path / "cache",
        "Dir::Etc::sourcelist": tmp_path / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "APT::Sandbox::User": "nobody",
        "Debug::NoLocking": "1",
        "Acquire::http::Proxy": "false",
        "Acquire::Retries": "0",
        "Acquire::http::Timeout": "10",
    }
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o777)
    for path in tmp_path.parents:
        if path.stat().st_uid == os.getuid() and path != path.parent and str(path).startswith("/tmp/"):  # noqa: S108
            path.chmod(0o755)
    given = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    before = len(Mirror.hosts)
    for what in (["update"], ["download", "egress-hello"]):
        command = application.pod.command(*as_nobody, "apt-get", *given, *what)
        outcome = subprocess.run(
            [str(one) for one in command],
            cwd=tmp_path / "work",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert [one.name for one in (tmp_path / "work").iterdir()] == ["egress-hello_1.0_all.deb"]
    assert set(Mirror.hosts[before:]) == {MIRROR}


OUTER = SIDECARS_NAME.replace("443", "31080")
OWN, ALIEN = "apt-clients", "apt-strangers"
LIMITED = ("en.wikipedia.org", f"http://{MIRROR}", "http://*.files.example.net", "!http://no.files.example.net")


@pytest.fixture(scope="module")
def teams(
    listed: None, mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy
) -> dict[str, tuple[Application, Callable[[str], str]]]:
    """By namespace: the application behind its sidecar, and what it gets past that with the sidecar's certificate."""
    del listed
    components = ("client-lists", "plain-http", "plain-http/client-lists")
    mesh.cluster.sync(overlays.make(LIMITED, clients=OWN, components=components))
    internet.dns.records["no.files.example.net"] = [ADDRESS]

    def team(namespace: str) -> tuple[Application, Callable[[str], str]]:
        sidecar, certificate, key = mesh.robbed(f"{namespace}-0", namespace)
        application, past = (mesh.application(pod) for pod in (sidecar.pod, mesh.pod_network(f"past-{namespace}")))
        there = ("--resolve", f"{OUTER}:31080:{gateway.pod.address}", f"https://{OUTER}:31080/Packages")
        mine = ("--http1.1", "-k", "--cert", str(certificate), "--key", str(key))
        return application, lambda host: curl(past, *mine, "-H", f"Host: {host}", *there).stdout

    found = {namespace: team(namespace) for namespace in (OWN, ALIEN)}
    eventually(
        lambda: "egress-overlays.clients" in json.dumps(gateway.config("listeners")["http_listener"]),
        within=60,
        what="the rules for clients",
    )
    return found


def test_a_list_for_some_clients_is_for_them_alone(
    teams: dict[str, tuple[Application, Callable[[str], str]]], gateway: Proxy
) -> None:
    (own, past_own), (alien, past_alien) = teams[OWN], teams[ALIEN]
    eventually(lambda: curl(own, f"http://{MIRROR}/Packages").stdout.endswith("\n200"), within=30, what=MIRROR)
    logged(gateway, f'/ns/{OWN}/sa/sleep","decision":"allowed","details":"via_upstream","host":"{MIRROR}"')
    assert past_own(MIRROR).endswith("\n200")
    curl(alien, f"http://{MIRROR}/Packages")  # its sidecar does not know the name: it goes by itself, or nowhere
    before = len(Mirror.hosts)
    for name in (MIRROR, "ok.files.example.net"):
        assert f'/ns/{ALIEN}/sa/sleep","decision":"allowed"' not in gateway.log.read_text()
        refused = past_alien(name)
        assert refused.endswith("\n403"), refused
        assert "rbac_access_denied_matched_policy[none]" in refused
        reason = '"denied","details":"rbac_access_denied_matched_policy[none]"'
        logged(gateway, f'/ns/{ALIEN}/sa/sleep","decision":{reason},"host":"{name}"')
    assert len(Mirror.hosts) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [(UNLISTED, "not-listed"), ("no.files.example.net", "!egress-domains"), (MIRROR.upper(), "capitals-in-host")],
)
def test_past_the_sidecar_a_host_that_is_not_listed_is_refused_with_the_reason(
    name: str, reason: str, teams: dict[str, tuple[Application, Callable[[str], str]]], gateway: Proxy
) -> None:
    before = len(Mirror.hosts)
    refused = teams[OWN][1](name)
    assert refused.endswith("\n403"), refused
    assert f"rbac_access_denied_matched_policy[{reason}]" in refused
    assert f" 403 - rbac_access_denied_matched_policy[{reason}] " in logged(gateway, f'"{name}" "-"')
    assert len(Mirror.hosts) == before
