"""A git server: `git http-backend` behind TLS; Flux takes repositories by https or ssh alone."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class GitServer(ThreadingHTTPServer):
    """Serves the bare repositories below a directory to anyone who comes, for reading and writing."""

    daemon_threads = True

    def __init__(self, repositories: Path, address: str, certificate: tuple[Path, Path]) -> None:
        self.repositories = repositories
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        super().__init__((address, 443), Handler)

    def create(self, path: str) -> None:
        """An empty repository, as `https://<address>/<path>`."""
        where = self.repositories / path
        where.mkdir(parents=True)
        for words in (("init", "--quiet", "--bare", "--initial-branch=main"), ("config", "http.receivepack", "true")):
            subprocess.run(["git", *words], cwd=where, check=True)

    def start(self) -> None:
        """Starts it in a thread."""
        self.socket = self._context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, name="git server", daemon=True).start()

    def stop(self) -> None:
        """Stops it."""
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: GitServer

    def _backend(self) -> None:
        path, _, query = self.path.partition("?")
        environ = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.server.repositories),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        body = self._body()
        done = subprocess.run(["git", "http-backend"], input=body, env=environ, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _backend  # noqa: N815 -- http.server's names

    def _body(self) -> bytes:
        """The request's body, which git and go-git send in chunks where it is long or of a length not known."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def log_message(self, *_: object) -> None:
        """Writes nothing: git and the controllers say what failed."""
