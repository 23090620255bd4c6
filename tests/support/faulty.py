"""Faults of lists as a person reads them."""

from __future__ import annotations

from builders import (
    Value,
    run,
    virtual_service,
)

ALLOW_EMPTY = "egress-overlays.dev/allow-empty"


CLIENTS = "egress-overlays.dev/clients"


def faults(*items: Value, function_config: Value | None = None) -> list[str]:
    outcome = run(virtual_service(), *items, function_config=function_config)
    assert outcome.code == 1
    assert outcome.faults
    return outcome.faults
