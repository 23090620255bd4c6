"""`verify` on what a stranger writes beside a gateway of base/, or changes in the sets' own objects.

The model is closed: what is not known is told. What some of it does in real istiod and Envoy: tests/e2e/test_25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builds import MATCHER, build, overlay
from egress_overlays.istiod.free import fixed
from egress_overlays.istiod.free import text as spelled
from everyday import ORDINARY
from further_strangers import FURTHER, HARMLESS, LEADING, of_sidecars
from live import built, text, told
from strangers import ISTIO, OPENS, UNKNOWN, one

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run
    from strangers import Change, Object


def after(change: Change) -> list[Object]:
    found = built()
    change(found)
    return found


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_understood_is_an_error(what: str, run: Run) -> None:
    assert told(run, after(UNKNOWN[what])) == {"error": {"unknown"}}


@pytest.mark.parametrize("what", OPENS)
def test_what_opens_is_an_error(what: str, run: Run) -> None:
    assert "bypass" in told(run, after(OPENS[what]))["error"]


@pytest.mark.parametrize("what", ORDINARY)
def test_what_is_ordinary_is_fine(what: str, run: Run) -> None:
    assert told(run, after(ORDINARY[what])) == {}


@pytest.mark.parametrize("what", FURTHER)
def test_further_attacks_are_errors(what: str, run: Run) -> None:
    change, rule = FURTHER[what]
    assert rule in told(run, after(change))["error"]


@pytest.mark.parametrize("context", ["SIDECAR_OUTBOUND", "ANY", ""])
@pytest.mark.parametrize("what", LEADING)
def test_what_leads_sidecars_elsewhere_is_a_warning(what: str, context: str, run: Run) -> None:
    assert told(run, [*built(), of_sidecars(context, LEADING[what])]) == {"warning": {"beside"}}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_leads_nowhere_is_fine(what: str, run: Run) -> None:
    assert told(run, [*built(), HARMLESS[what]]) == {}


@pytest.mark.parametrize(
    "ranges", [("0.0.0.0/1", "128.0.0.0/1"), ("0.0.0.0/3",), tuple(f"{16 * at}.0.0.0/4" for at in range(8)), ("::/1",)]
)
def test_private_addresses_are_not_half_of_all(ranges: tuple[str, ...]) -> None:
    assert "or_rules" in spelled(fixed({"not_rule": private(ranges)}))
    for good in (("10.0.0.0/8", "172.16.0.0/12", "240.0.0.0/4"), ("fc00::/7", "127.0.0.1/32")):
        assert "or_rules" not in spelled(fixed({"not_rule": private(good)}))


def test_denials_are_led_to_nowhere_and_whoever_registers_that_would_get_them(run: Run, tmp_path: Path) -> None:
    objects = build(overlay(tmp_path, (), ("*.example.org", "!admin.example.org")))
    assert told(run, objects) == {}
    for host in ("denied.egress-domains.invalid", "*.egress-domains.invalid", "*"):
        taking = one("ServiceEntry", ISTIO, {"hosts": [host], "ports": []}, "shop")
        assert "bypass" in told(run, [*objects, taking])["error"]


def private(ranges: tuple[str, ...]) -> Object:
    """What components/allow-private-addresses takes out of the refusal."""
    rules = []
    for range_ in ranges:
        address, _, length = range_.partition("/")
        config = {"@type": MATCHER, "upstream_ip": {"address_prefix": address, "prefix_len": int(length)}}
        rules.append({"matcher": {"name": "envoy.rbac.matchers.upstream_ip_port", "typed_config": config}})
    return {"or_rules": {"rules": rules}}


def test_diff_tells_each_of_them(run: Run, tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    before.write_bytes(text(built()))
    for what in ("a route to the gateway and elsewhere", "a slice by hand, of a pod", "a cluster into the forwarder"):
        later = tmp_path / "after.json"
        later.write_bytes(text(after(OPENS[what])))
        outcome = run("diff", "--exit-code", before, later)
        assert outcome.code == 1
        assert "around the lists" in outcome.out.splitlines()[0]
        assert "past the lists" in run("check", "evil.example", later).out
