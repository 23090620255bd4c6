"""What `import` makes of random jobs of CI and packages: nothing is open that they do not open.

The evaluators are written from each format's documentation, and decide one host at a time.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

import quick_yaml as yaml
from egress_overlays import Source, import_lists
from evaluated import GLOB, HOSTS, NAME, check, under

if TYPE_CHECKING:
    from collections.abc import Sequence


@given(
    jobs=st.lists(
        st.tuples(
            st.sampled_from(["block", "audit"]),
            st.lists(st.tuples(GLOB, st.sampled_from(["", ":443", ":8443", ":22"])), max_size=3),
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

    def decide(host: str, ports: Sequence[str]) -> bool:
        # What stands beside `audit` is what the owner means to allow; it is said that audit let everything through.
        return any(under(name, host) and port in ports for _, listed in jobs for name, port in listed)

    found = import_lists([Source("w.yaml", yaml.safe_dump({"on": "push", "jobs": written}).encode())])
    check(found, partial(decide, ports=["", ":443"]))
    check(found, partial(decide, ports=[":8443"]), 8443)


@given(
    rules=st.lists(
        st.tuples(
            st.sampled_from(["Egress", "Ingress"]),
            NAME,
            st.sampled_from([None, "TLS", "HTTP"]),
            st.sampled_from([{}, {"port": 443}, {"port": 22}, {"ports": [80, 443, 8443]}, {"ports": [80]}]),
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

    def decide(host: str, port: int = 443) -> bool:
        return any(
            direction == "Egress"
            and name == host
            and protocol in (None, "TLS")
            and (port == 443 if not ports else port in (ports.get("port"), *ports.get("ports", ())))
            for direction, name, protocol, ports in rules
        )

    found = import_lists([Source("p.yaml", yaml.safe_dump(package).encode())])
    check(found, decide)
    check(found, partial(decide, port=8443), 8443)
    # Neither does it lose one.
    assert {name for names in found.groups.values() for name in names} == {
        *(host for host in HOSTS if decide(host)),
        *(f"{host}:8443" for host in HOSTS if decide(host, 8443)),
    }
