"""Connections by group: a real gateway's log, counted by `usage -o prometheus`, in a real Prometheus with alerts."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builds import build, overlay_of
from command import run
from in_envoy import standing
from metrics import BY_GROUP, MONITORING, queries, series, without_series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROGRAM, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
REPORTS = {"enforce": "report", "report-until": "2099-12-31"}
LISTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "shared": ({"builds": "pypi.org\n", "docs": "*.wikipedia.org\n"}, {}),
    "till": ({"stock": "*.tills.example.com\n"}, {"clients": "till", **REPORTS}),
    "office": ({"payments": "api.stripe.com\n"}, {"clients": "office"}),
}
ASKED = (
    ("till/x", ("pypi.org", "pypi.org", "x.tills.example.com", "api.stripe.com")),
    ("blog/x", ("en.wikipedia.org", "x.tills.example.com", "y.tills.example.com", "nowhere.example.org")),
    ("office/x", ("api.stripe.com",)),
)
EXPECTED = {
    ("shared", "builds", "allowed"): 2,
    ("shared", "docs", "allowed"): 1,
    ("till", "stock", "allowed"): 1,
    ("till", "stock", "refused"): 2,
    ("office", "payments", "allowed"): 1,
    ("office", "payments", "reported"): 1,
    ("", "", "refused"): 1,
}


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return overlay_of(tmp_path_factory.mktemp("groups"), LISTS, ("client-lists", "report", "monitoring"))


@pytest.fixture(scope="module")
def log(overlay: Path, newest: Path) -> str:
    """What the gateway wrote of ASKED."""
    with standing(build(overlay), newest) as gateway:
        for client, names in ASKED:
            for name in names:
                gateway.reaches(name, client)
    return gateway.log


def counted(log: str, overlay: Path, directory: Path) -> str:
    """What the command says of the log."""
    (directory / "gateway.log").write_text(log)
    outcome = run("usage", "-o", "prometheus", directory / "gateway.log", overlay / "domains.yaml")
    assert outcome.code == 0, outcome.err
    return outcome.out


def test_each_connection_counts_once_in_its_list_and_group(log: str, overlay: Path, tmp_path: Path) -> None:
    found = series(counted(log, overlay, tmp_path))
    counts = {
        (one.labels["list"], one.labels["group"], one.labels["decision"]): one.value
        for one in found
        if one.labels["__name__"] == BY_GROUP and one.value
    }
    assert counts == EXPECTED
    assert len(queries(by_group=True)) == 3
    assert without_series(found, queries(by_group=True)) == {}


def test_names_do_not_make_series(log: str, overlay: Path, tmp_path: Path) -> None:
    """As many as one likes are made up, and there is a series a group and decision, and one of no group."""
    refused = [line for line in log.splitlines() if "nowhere.example.org" in line]
    assert refused
    more = "\n".join(line.replace("nowhere", f"n{number}") for line in refused for number in range(2_000))
    few, many = (counted(text, overlay, tmp_path) for text in (log, f"{log}{more}\n"))
    assert few.count("\n") == many.count("\n") == 4 * 5 + 8
    assert f'{BY_GROUP}{{set="",list="",group="",decision="refused"}} 2001\n' in many


@pytest.mark.skipif(PROMTOOL is None, reason="needs promtool: apt-get install prometheus")
@pytest.mark.parametrize("text", ["", "{}"], ids=["no line", "the log"])
def test_prometheus_own_linter_has_no_word_about_it(text: str, log: str, overlay: Path, tmp_path: Path) -> None:
    exposed = counted(text.replace("{}", log), overlay, tmp_path)
    done = subprocess.run(
        [str(PROMTOOL), "check", "metrics"], input=exposed, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.long
@pytest.mark.skipif(PROGRAM is None, reason="needs Prometheus: apt-get install prometheus")
def test_a_real_prometheus_answers_the_panel_and_fires_the_alert(log: str, overlay: Path, tmp_path: Path) -> None:
    """The file is served as a node exporter's textfile collector does."""
    asked = queries(by_group=True)
    served = tmp_path / "served"
    served.mkdir()
    (served / "metrics").write_text(counted("", overlay, tmp_path))
    with serving(served) as port, scraping(port, tmp_path) as ask:
        eventually(lambda: len(ask(BY_GROUP)) == 20, "every group at nought")
        assert not ask(asked["EgressGroupRefused"])
        (served / "metrics").write_text(counted(log, overlay, tmp_path))
        eventually(lambda: ask(asked["EgressGroupRefused"]), "the refusals")
        (refused,) = ask(asked["EgressGroupRefused"])
        assert refused["metric"] == {"list": "till", "group": "stock"}
        by_panel = {
            tuple(
                one["metric"].get(key, other) for key, other in (("list", ""), ("group", ""), ("decision", "allowed"))
            )
            for name in asked
            for one in (ask(asked[name]) if name.startswith("Connections by group: ") else ())
            if float(one["value"][1]) > 0
        }
        assert by_panel == EXPECTED.keys()
        eventually(lambda: ask('ALERTS{alertname="EgressGroupRefused", alertstate="firing"}'), "the alert")


@contextmanager
def serving(directory: Path) -> Iterator[int]:
    """The files of a directory over HTTP, as text; the port."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def guess_type(self, path: Any) -> str:  # noqa: ARG002
            return "text/plain; version=0.0.4"

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(directory))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def scraping(port: int, directory: Path) -> Iterator[Callable[[str], list[Any]]]:
    """A Prometheus with the component's rules that scrapes the port each second: what it answers to a query."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        own = f"127.0.0.1:{free.getsockname()[1]}"
    spec = yaml.safe_load((MONITORING / "prometheusrule.yaml").read_text())["spec"]
    (directory / "rules.json").write_text(json.dumps(spec))
    scrape = {"job_name": "node", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    settings = {"global": {"evaluation_interval": "1s"}, "rule_files": ["rules.json"], "scrape_configs": [scrape]}
    (directory / "prometheus.json").write_text(json.dumps(settings))
    words = [f"--config.file={directory}/prometheus.json", f"--storage.tsdb.path={directory}/data"]

    def ask(query: str) -> list[Any]:
        url = f"http://{own}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return list(json.load(answer)["data"]["result"])

    with (directory / "prometheus.log").open("wb") as said:
        process = subprocess.Popen([str(PROGRAM), *words, f"--web.listen-address={own}"], stderr=said, stdout=said)
        try:
            eventually(lambda: ask("up == 1"), f"Prometheus: {directory}/prometheus.log")
            yield ask
        finally:
            process.terminate()
            process.wait()


def eventually(probe: Callable[[], object], what: str) -> None:
    """Waits until `probe` is true; raises TimeoutError that says `what` was waited for."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if probe():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise TimeoutError(what)
