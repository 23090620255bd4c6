"""A real PostgreSQL 17, out of Maven's registry, and a client by its own libpq: no other here speaks direct TLS."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from real_clients import of_maven

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NOBODY = 65534
ANSWER = "42 t\n"
# PQconnectdb, PQexec and PQgetvalue, as nobody: a sidecar takes what root sends for its own.
_CLIENT = """\
import ctypes, os, sys
pq = ctypes.CDLL(sys.argv[1])
if not os.getuid():
    os.setuid(65534)
for name in ("PQconnectdb", "PQexec"):
    getattr(pq, name).restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQgetvalue"):
    getattr(pq, name).restype = ctypes.c_char_p
connection = ctypes.c_void_p(pq.PQconnectdb(sys.argv[2].encode()))
if pq.PQstatus(connection):
    sys.exit(pq.PQerrorMessage(connection).decode())
rows = ctypes.c_void_p(pq.PQexec(connection, b"select 40 + 2, ssl from pg_stat_ssl where pid = pg_backend_pid()"))
print(pq.PQgetvalue(rows, 0, 0).decode(), pq.PQgetvalue(rows, 0, 1).decode())
"""


class PostgreSQL:
    """The programs and what they write, in `home`; none of them runs as root."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(home / "lib"), "TZ": "UTC"}
        is_root = os.getuid() == 0
        self._as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if is_root else []

    def _command(self, program: str, *words: object) -> list[str]:
        return [*self._as_nobody, str(self._home / "bin" / program), *map(str, words)]

    def start(self, address: str, port: int, certificate: Path, key: Path) -> subprocess.Popen[bytes]:
        """The server's process, once it takes connections there: with TLS, from anybody."""
        home = self._home
        own = [home / "server.pem", home / "server.key", home / "data"]
        for source, copy in zip((certificate, key), own, strict=False):
            shutil.copy(source, copy)
            copy.chmod(0o600)
        own[2].mkdir(mode=0o700)
        if self._as_nobody:
            for path in own:
                os.chown(path, NOBODY, NOBODY)
        initdb = self._command("initdb", "-D", own[2], "--auth=trust", "--username=app", "--no-sync")
        subprocess.run(initdb, env=self._environment, check=True, capture_output=True)
        (own[2] / "pg_hba.conf").write_text("hostssl all all all trust\n")
        settings = {"listen_addresses": address, "port": port, "ssl": "on", "fsync": "off"}
        settings |= {"ssl_cert_file": own[0], "ssl_key_file": own[1], "unix_socket_directories": ""}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = home / "log"
        with log.open("w") as output:
            command = self._command("postgres", "-D", own[2], *options)
            process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=output)
        deadline = time.monotonic() + 60
        while "ready to accept" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        return process

    def asked(
        self, words: Mapping[str, object], root: Path, within: Sequence[str | Path] = ()
    ) -> subprocess.CompletedProcess[str]:
        """What a client of these `words` says that trusts `root` and asks a question: ANSWER or an error."""
        known = self._home / "root.pem"
        known.write_bytes(root.read_bytes())
        known.chmod(0o644)
        usual = {"user": "app", "dbname": "postgres", "sslmode": "verify-full", "connect_timeout": 8}
        usual["sslrootcert"] = known
        said = " ".join(f"{name}={value}" for name, value in {**usual, **words}.items())
        command = [*within, sys.executable, "-I", "-c", _CLIENT, self._home / "lib/libpq.so.5", said]
        return subprocess.run(
            [str(word) for word in command], env=self._environment, capture_output=True, text=True, check=False
        )


@contextlib.contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """The programs where everybody may read them."""
    with tempfile.TemporaryDirectory(prefix="egress-overlays-postgresql-") as home:
        shutil.copytree(of_maven("postgresql"), home, dirs_exist_ok=True)
        Path(home).chmod(0o755)
        yield PostgreSQL(Path(home))
