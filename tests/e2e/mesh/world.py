"""Who may ask for what in the mesh: each way says whether somebody gets through who should not, or nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .meshes import UNLISTED

if TYPE_CHECKING:
    from .application import Application
    from .mesh import Impostor
    from .proxy import Proxy

LISTED = "docs.beside.example.com"
INSIDE = "inside.beside.example.com"
"""A listed name whose owner's DNS says 10.0.0.1."""
WILDCARD = "*.beside.example.com"


@dataclass(frozen=True)
class World:
    """Who may ask: the application behind its sidecar, one with the mesh's root past it, one with nothing."""

    gateway: Proxy
    application: Application
    impostor: Impostor
    stranger: Application

    def unlisted(self) -> bool:
        """A client past its sidecar gets a name on no list."""
        return self.impostor.through(self.gateway, UNLISTED).title == UNLISTED

    def without_certificate(self) -> bool:
        """A client that is none of the mesh's gets a name on no list at the mesh's own port."""
        return self.stranger.get(UNLISTED, address=self.gateway.pod.address, port=8443).title == UNLISTED

    def listed_without_certificate(self) -> bool:
        """A client that is none of the mesh's gets a listed name at the mesh's own port."""
        return self.stranger.get(LISTED, address=self.gateway.pod.address, port=8443).title == LISTED

    def at_another_port(self) -> bool:
        """A client that is none of the mesh's gets a name on no list at a further port of the gateway's pods."""
        return self.stranger.get(UNLISTED, address=self.gateway.pod.address, port=9443).title == UNLISTED

    def inside(self) -> bool:
        """The application gets an internal address by a listed name."""
        return self.application.get(INSIDE).ok

    def past(self) -> bool:
        """The application's sidecar lets a name on no list out directly."""
        return self.application.get(UNLISTED).title == UNLISTED

    def dark(self) -> bool:
        """The application does not get a listed name."""
        return not self.application.get(LISTED).ok
