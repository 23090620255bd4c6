"""What `import` makes of random jobs of CI and packages: nothing is open that they do not open.

The evaluators are written from each format's documentation, and decide one host at a time.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import quick_yaml as yaml
from egress_overlays import Source, import_lists
from evaluated import GLOB, HOSTS, NAME, check, under


@given(
    jobs=st.lists(
        st.tuples(
            st.sampled_from(["block", "audit"]),
            st.lists(st.tuples(GLOB, st.sampled_from(["", ":443", ":22"])), max_size=3),
        ),
        min_size=1,
        max_size=2,
    ),
    folded=st.booleans(),
)
def test_harden_runner(jobs: list[tuple[str, list[tuple[str, str]]]], folded: bool) -> None:
    """An endpoint is a host at its port, 443 without one; `*.name` is what is below name."""
    written = {
        f"job{number}": {
            "runs-on": "ubuntu-latest",
            "steps": [
                {
                    "uses": "step-security/harden-runner@v2",
                    "with": {
                        "egress-policy": policy,
                        "allowed-endpoints": (" " if folded else "\n").join(f"{name}{port}" for name, port in listed),
                    },
                }
            ],
        }
        for number, (policy, listed) in enumerate(jobs)
    }

    def decide(host: str) -> bool:
        # What stands beside `audit` is what the owner means to allow; it is said that audit let everything through.
        return any(under(name, host) and port in ("", ":443") for _, listed in jobs for name, port in listed)

    check(import_lists([Source("w.yaml", yaml.safe_dump({"on": "push", "jobs": written}).encode())]), decide)


@given(
    rules=st.lists(
        st.tuples(
            st.sampled_from(["Egress", "Ingress"]),
            NAME,
            st.sampled_from([None, "TLS", "HTTP"]),
            st.sampled_from([{}, {"port": 443}, {"port": 22}, {"ports": [80, 443]}, {"ports": [80]}]),
        ),
        max_size=4,
    )
)
def test_uds(rules: list[tuple[str, str, str | None, dict[str, Any]]]) -> None:
    """A rule of direction Egress lets through its remoteHost alone, by TLS at 443 where it says nothing else."""
    allow = [
        {"direction": direction, "remoteHost": name, **ports, **({"remoteProtocol": protocol} if protocol else {})}
        for direction, name, protocol, ports in rules
    ]
    package = {
        "apiVersion": "uds.dev/v1alpha1",
        "kind": "Package",
        "metadata": {"name": "pay", "namespace": "pay"},
        "spec": {"network": {"allow": allow}},
    }

    def decide(host: str) -> bool:
        return any(
            direction == "Egress"
            and name == host
            and protocol in (None, "TLS")
            and (not ports or 443 in (ports.get("port"), *ports.get("ports", ())))
            for direction, name, protocol, ports in rules
        )

    found = import_lists([Source("p.yaml", yaml.safe_dump(package).encode())])
    check(found, decide)
    # Neither does it lose one.
    assert {name for names in found.groups.values() for name in names} == {host for host in HOSTS if decide(host)}
