"""`verify --resolve`, against a real DNS server: what does not exist, leads inside, or is an alias of nothing."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import sarif
from builds import ROOT
from command import Outcome, Run, one_line
from dns_server import SILENT, DnsServer
from egress_overlays.policies.refused_ranges import REFUSED
from egress_overlays.review.verification.catalogue import RESOLVED
from live import built

if TYPE_CHECKING:
    from pathlib import Path

HEAD = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {egress-overlays.dev/set: default}}\ndata:\n  g: |\n"
)
ZONE: dict[str, tuple[str, ...] | str] = {
    "fine.example.com": ("A 151.101.1.1", "AAAA 2a04:4e42::1"),
    "by-alias.example.com": ("CNAME fine.example.com.",),
    "six.example.com": ("AAAA 2a04:4e42::2",),
    "empty.example.com": ("TXT hello",),
    "inside.example.com": ("A 10.1.2.3", "A 151.101.1.1"),
    "inside-six.example.com": ("A 151.101.1.1", "AAAA fd00::1"),
    "alias-inside.example.com": ("CNAME inside.example.com.",),
    "dangling.example.com": ("CNAME gone.blob.example.net.",),
    "far.example.com": ("CNAME dangling.example.com.",),
    "unfollowed.example.com": ("CNAME-ALONE gone.blob.example.net.",),
    "unfollowed-fine.example.com": ("CNAME-ALONE fine.example.com.",),
    "broken.example.com": "SERVFAIL",
    "refused.example.com": "REFUSED",
    "alias-broken.example.com": ("CNAME broken.example.com.",),
    "round.example.com": ("CNAME round.example.com.",),
    "many.example.com": tuple(f"A 151.101.{number // 250}.{number % 250}" for number in range(300)),
}


def listed(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "list.yaml"
    file.write_text(HEAD + "".join(f"    {line}\n" for line in lines))
    return file


def resolved(run: Run, tmp_path: Path, names: list[str], *options: str) -> tuple[Outcome, DnsServer]:
    with DnsServer(ZONE) as server:
        return run("verify", "--resolve", "--resolver", server.address, *options, listed(tmp_path, *names)), server


def rules(outcome: Outcome) -> dict[str, str]:
    """The rule that each name breaks."""
    (one,) = json.loads(outcome.out)
    return {finding["value"]: finding["rule"] for finding in one["findings"]}


def test_each_answer_has_its_rule(run: Run, tmp_path: Path) -> None:
    names = [*ZONE, "nowhere.example.com", "*.wild.example.com"]
    outcome, server = resolved(run, tmp_path, names, "-o", "json")
    assert rules(outcome) == {
        "nowhere.example.com": "unresolved",
        "empty.example.com": "unresolved",
        "inside.example.com": "internal-address",
        "inside-six.example.com": "internal-address",
        "alias-inside.example.com": "internal-address",
        "dangling.example.com": "dangling-alias",
        "far.example.com": "dangling-alias",
        "unfollowed.example.com": "dangling-alias",
        "broken.example.com": "not-asked",
        "refused.example.com": "not-asked",
        "alias-broken.example.com": "not-asked",
        "round.example.com": "not-asked",
    }
    (one,) = json.loads(outcome.out)
    dns = one["dns"]
    assert (dns["names"], len(dns["notAsked"])) == (len(names) - 1, 4)
    assert dns["resolver"] == server.address
    assert not any("wild" in name for name, _ in server.asked)
    assert outcome.code == 0


def test_the_words_say_what_to_do(run: Run, tmp_path: Path) -> None:
    names = ["dangling.example.com", "alias-inside.example.com", "broken.example.com", "nowhere.example.com"]
    outcome, _ = resolved(run, tmp_path, names, "--strict")
    assert outcome.code == 1
    head, *lines = outcome.out.splitlines()
    assert head.endswith(": 4 exact names, 1 name could not be asked for, wildcards cannot be asked for")
    dangling, inside, broken, nowhere = lines
    assert "list.yaml:6: warning: " in dangling
    assert "is an alias (CNAME) of gone.blob.example.net, which does not exist" in dangling
    assert "by its alias inside.example.com to 10.1.2.3 (10.0.0.0/8, private)" in inside
    assert "could not be asked for: A: SERVFAIL" in broken
    assert "whether it exists is not known [not-asked]" in broken
    assert "does not exist (NXDOMAIN)" in nowhere


def test_every_range_of_the_table_is_inside(run: Run, tmp_path: Path) -> None:
    zone = {}
    for number, (cidr, _) in enumerate(REFUSED):
        address = cidr.partition("/")[0]
        zone[f"n{number}.example.com"] = (f"{'AAAA' if ':' in address else 'A'} {address}",)
    with DnsServer(zone) as server:
        file = listed(tmp_path, *zone)
        outcome = run("verify", "--resolve", "--resolver", server.address, "-o", "json", file)
    assert rules(outcome) == dict.fromkeys(zone, "internal-address")


def test_ranges_of_inside_count_too(run: Run, tmp_path: Path) -> None:
    names = ["fine.example.com", "six.example.com"]
    outcome, _ = resolved(run, tmp_path, names, "-o", "json", "--inside", "151.101.0.0/16")
    assert rules(outcome) == {"fine.example.com": "internal-address"}


def test_a_resolver_that_is_silent_is_told_once(run: Run, tmp_path: Path) -> None:
    names = [f"n{number}.example.com" for number in range(40)]
    with DnsServer(dict.fromkeys(names, SILENT)) as server:
        file = listed(tmp_path, *names)
        start = time.monotonic()
        options = ("--resolve-within", "1", "-o", "json", "--strict")
        outcome = run("verify", "--resolve", "--resolver", server.address, *options, file)
        # The bound, and room for a slow machine: without it 40 names would take over 10 s.
        took = time.monotonic() - start
    (one,) = json.loads(outcome.out)
    (finding,) = one["findings"]
    assert (outcome.code, finding["rule"], len(one["dns"]["notAsked"])) == (1, "not-asked", 40)
    assert "none of 40 names could be asked for" in finding["message"]
    assert "--resolve-within 1" in finding["message"]
    assert took < 8


@pytest.mark.long
def test_nobody_listens(run: Run, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    file = listed(tmp_path, "fine.example.com")
    outcome = run("verify", "--resolve", "--resolver", f"127.0.0.1:{port}", "-o", "json", file)
    assert rules(outcome) == {"fine.example.com": "not-asked"}


def test_a_name_of_many_paths_is_asked_once_and_not_too_many_at_a_time(run: Run, tmp_path: Path) -> None:
    names = [f"n{number}.example.com" for number in range(100)]
    with DnsServer(dict.fromkeys(names, ("A 151.101.1.1", "AAAA 2a04:4e42::1")), delay=0.05) as server:
        files = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            files.append(listed(tmp_path / name, *names))
        outcome = run("verify", "--resolve", "--resolver", server.address, *files)
    assert outcome.code == 0
    assert sorted(server.asked) == sorted((name, kind) for name in names for kind in ("A", "AAAA"))
    assert 8 < server.most <= 32


def test_of_manifests_the_place_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "built.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": built()}, indent=1))
    (name, *_), lines = _exact(run, file), file.read_text().splitlines()
    with DnsServer({name: "NXDOMAIN"}) as server:
        outcome = run("verify", "--resolve", "--resolver", server.address, "-o", "json", file)
    (one,) = json.loads(outcome.out)
    (finding, *_) = [each for each in one["findings"] if each["rule"] == "unresolved"]
    assert f'"{name}"' in lines[finding["line"] - 1]
    assert finding["object"]


def _exact(run: Run, file: Path) -> list[str]:
    found = json.loads(run("list", "-o", "json", file).out)
    return [one for each in found["sets"] for one in each["hosts"] if not one.startswith("*")]


def test_an_acceptance_holds_and_is_not_called_unneeded_without_resolve(run: Run, tmp_path: Path) -> None:
    line = "nowhere.example.com # egress-overlays: allow unresolved NET-9 until 2999-01-01"
    outcome, _ = resolved(run, tmp_path, [line], "--strict")
    assert (outcome.code, "1 accepted" in outcome.out) == (0, True)
    assert run("verify", "--strict", listed(tmp_path, line)).code == 0
    # Where it resolves, the acceptance is for nothing; where nobody could be asked, who knows.
    outcome, _ = resolved(run, tmp_path, [line.replace("nowhere", "fine")], "--strict")
    assert (outcome.code, "which is not found here" in outcome.out) == (1, True)
    outcome, _ = resolved(run, tmp_path, [line.replace("nowhere", "broken")])
    assert "which is not found here" not in outcome.out


def test_the_page_has_every_rule() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/dns.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(RESOLVED)


@pytest.mark.parametrize("form", ["text", "json", "yaml", "markdown", "sarif", "junit", "github"])
def test_every_format_has_the_name(form: str, run: Run, tmp_path: Path) -> None:
    outcome, _ = resolved(run, tmp_path, ["dangling.example.com"], "-o", form)
    assert "dangling-alias" in outcome.out
    assert "gone.blob.example.net" in outcome.out
    if form == "sarif":
        found: dict[str, Any] = json.loads(outcome.out)
        sarif.validate(found)
        ids = {one["id"] for one in found["runs"][0]["tool"]["driver"]["rules"]}
        assert {"dangling-alias", "internal-address", "not-asked", "unresolved"} <= ids


@pytest.mark.parametrize("address", ["dns.example.com", "10.0.0.1:0", "10.0.0.1:x", "[::1", "1.2.3", "127.0.0.1:70000"])
def test_a_resolver_is_an_address(address: str, run: Run, tmp_path: Path) -> None:
    line = one_line(run("verify", "--resolve", "--resolver", address, listed(tmp_path, "a.example.com")), 2)
    assert f'--resolver "{address}" is no address; write one as in' in line


def test_a_resolver_without_resolve_is_wrong_use(run: Run, tmp_path: Path) -> None:
    assert "add --resolve" in one_line(run("verify", "--resolver", "::1", listed(tmp_path, "a.example.com")), 2)


@pytest.mark.parametrize("bound", ["0", "-1", "x", "nan", "inf"])
def test_the_bound_is_a_number(bound: str, run: Run, tmp_path: Path) -> None:
    outcome = run("verify", "--resolve", "--resolve-within", bound, listed(tmp_path, "a.example.com"))
    assert outcome.code == 2
    assert "is no number of seconds" in outcome.err


def started(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    whole = f"import sys; {code}; from egress_overlays.__main__ import run; run()"
    command = [sys.executable, "-c", whole, "verify", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path) -> None:
    """And nothing else needs dnspython."""
    file = listed(tmp_path, "a.example.com")
    gone = "sys.modules['dns'] = None"
    done = started(gone, "--resolve", file)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "dnspython" in line
    assert "; run: " in line
    assert started(gone, file).returncode == 0


def test_without_resolve_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    hook = "import atexit; atexit.register(lambda: print(sorted(n for n in sys.modules if n.split('.')[0] == 'dns')))"
    # The process leaves by os._exit where it may; with threading it does not.
    done = started(f"import threading; {hook}", listed(tmp_path, "a.example.com"))
    assert done.stdout.splitlines()[-1] == "[]"
