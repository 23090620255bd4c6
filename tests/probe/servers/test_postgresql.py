"""A real PostgreSQL 17 through the gateway: TLS from the first byte passes, PostgreSQL's own negotiation does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from postgresql import ANSWER, PostgreSQL, postgresql
from real_clients import Way, way

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

NAME = "db.example.com"


@pytest.fixture(scope="module")
def server(newest: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgreSQL, Way]]:
    """A server with a certificate for NAME, and the way to it."""
    directory = tmp_path_factory.mktemp("postgresql")
    with postgresql() as programs, way(directory, newest, f"{NAME}:5432", "0.0.0.0_5432") as made:
        process = programs.start(made.world.stand_in, made.world.port, *made.world.mesh.issue(NAME, NAME))
        yield programs, made
        process.terminate()
        process.wait(timeout=30)


def asked(server: tuple[PostgreSQL, Way], name: str, negotiation: str) -> subprocess.CompletedProcess[str]:
    programs, made = server
    words = {"host": name, "hostaddr": "127.0.0.1", "port": made.port, "sslnegotiation": negotiation}
    return programs.asked(words, made.world.mesh.root)


def test_direct_tls_reaches_the_server_of_the_list(server: tuple[PostgreSQL, Way]) -> None:
    outcome = asked(server, NAME, "direct")
    assert (outcome.stdout, outcome.returncode) == (ANSWER, 0), outcome.stderr
    assert server[1].logged(NAME, "port_5432_dynamic_forward_proxy_cluster")


def test_postgresqls_own_negotiation_begins_without_tls_and_gets_no_answer(server: tuple[PostgreSQL, Way]) -> None:
    outcome = asked(server, NAME, "postgres")
    assert (outcome.stdout, outcome.returncode) == ("", 1)


def test_another_name_gets_no_answer(server: tuple[PostgreSQL, Way]) -> None:
    outcome = asked(server, "other.example.com", "direct")
    assert (outcome.stdout, outcome.returncode) == ("", 1)
    assert server[1].logged("other.example.com", "filter_chain_not_found")
