"""A real Prometheus that scrapes the gateway as the PodMonitor of components/monitoring has it do, with its alerts."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml
from metrics import MONITORING, SCRAPED, relabelings

from .processes import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .proxy import Proxy

PROGRAM = shutil.which("prometheus")
_ADDRESS = "127.0.0.1:19090"


@contextmanager
def scraping(gateway: Proxy, directory: Path) -> Iterator[None]:
    """Prometheus, once it has scraped the gateway; what it keeps goes to `directory`."""
    scrape = {
        "job_name": "gateway",
        "scrape_interval": "1s",
        "metrics_path": "/stats/prometheus",
        "metric_relabel_configs": [{_snake(key): value for key, value in one.items()} for one in relabelings()],
        "static_configs": [{"targets": [f"{gateway.pod.address}:15090"], "labels": dict(SCRAPED)}],
    }
    spec = yaml.safe_load((MONITORING / "prometheusrule.yaml").read_text())["spec"]
    (directory / "rules.json").write_text(json.dumps(spec))
    (directory / "prometheus.json").write_text(json.dumps({"rule_files": ["rules.json"], "scrape_configs": [scrape]}))
    server = Daemon(
        "prometheus",
        [
            str(PROGRAM),
            f"--config.file={directory}/prometheus.json",
            f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address={_ADDRESS}",
        ],
        log=directory / "prometheus.log",
    )
    server.start(lambda: asked("up == 1"), within=30)
    try:
        yield
    finally:
        server.stop()


def asked(query: str) -> list[Any]:
    """What Prometheus answers; raises HTTPError where the expression is none."""
    url = f"http://{_ADDRESS}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return list(json.load(answer)["data"]["result"])


def _snake(key: str) -> str:
    """A key of the operator's, as Prometheus has it."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
