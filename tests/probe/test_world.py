"""The world around the gateway under test."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from egress_overlays.probe.world import World

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_else_is_given_the_port_of_a_worlds_dns(tmp_path: Path) -> None:
    """Two that are willing to share a port for UDP may get the same one, and then one hears the other's questions."""
    with World(tmp_path) as world, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="Address already in use"):
            other.bind(("127.0.0.1", world.dns_port))
