"""The git server that the manifests name: https, an account for reading and another one for pushing."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from mesh.git_server import GitServer, Handler

PROTECTED = """\
#!/bin/sh
# Who comes over the network leaves main and the branches that are synced alone, but for making those.
[ -z "$REQUEST_METHOD" ] || case "$1 $2" in
  refs/heads/rendered/*-next\\ * | refs/notes/* | refs/heads/rendered/*\\ 0000000000000000000000000000000000000000) ;;
  *) echo "$1 is protected" >&2; exit 1 ;;
esac
"""

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class PrivateGitServer(GitServer):
    """Serves whoever has an account (name to password), and lets one of them push."""

    def __init__(
        self,
        repositories: Path,
        address: str,
        certificate: tuple[Path, Path],
        accounts: Mapping[str, str],
        pusher: str,
    ) -> None:
        super().__init__(repositories, address, certificate)
        self.RequestHandlerClass = _Private
        self._accounts = accounts
        self.pusher = pusher

    def create(self, path: str) -> None:
        """An empty repository whose branches are protected, as `https://<address>/<path>`."""
        super().create(path)
        hook = self.repositories / path / "hooks/update"
        hook.write_text(PROTECTED)
        hook.chmod(0o755)

    def account(self, authorization: str) -> str:
        """Who comes with this header: empty where nobody does, or a wrong password."""
        scheme, _, encoded = authorization.partition(" ")
        name, _, password = base64.b64decode(encoded if scheme == "Basic" else "").decode().partition(":")
        return name if self._accounts.get(name) == password else ""


class _Private(Handler):
    server: PrivateGitServer

    def parse_request(self) -> bool:
        """False, and the answer is sent, where the account is not one that may do this."""
        if not super().parse_request():
            return False
        name = self.server.account(self.headers.get("Authorization", ""))
        if not name:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        elif "git-receive-pack" in self.path and name != self.server.pusher:
            self.send_response(403)
        else:
            return True
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False
