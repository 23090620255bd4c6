"""ClientHellos as the field and attackers send them, of real ones."""

from __future__ import annotations

import struct

from egress_overlays.probe.client import with_raw_name

ECH = 0xFE0D
"""The extension encrypted_client_hello (RFC 9849)."""
SERVER_NAME = 0


def with_extension(name: bytes, kind: int, data: bytes) -> bytes:
    """A real ClientHello for `name` with one more extension, in records of at most 16 KiB."""
    message = with_raw_name(name)[5:]
    at = 4 + 2 + 32
    at += 1 + message[at]
    at += 2 + struct.unpack_from(">H", message, at)[0]
    at += 1 + message[at]
    extensions = message[at + 2 :] + struct.pack(">HH", kind, len(data)) + data
    body = message[4:at] + struct.pack(">H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    pieces = [message[start : start + 16384] for start in range(0, len(message), 16384)]
    return b"".join(b"\x16\x03\x01" + struct.pack(">H", len(piece)) + piece for piece in pieces)


def of_size(name: bytes, size: int) -> bytes:
    """One of so many bytes, by an extension that nobody knows."""
    return with_extension(name, 0x0A0A, bytes(size - len(with_raw_name(name)) + 1))


def with_ech(name: bytes) -> bytes:
    """One whose `name` is the outer one of ECH, as browsers send it; what it hides, nobody but the server reads."""
    # outer; HKDF-SHA256 and AES-128-GCM; config 7; a key of 32 bytes; a payload of 144.
    data = b"\0" + struct.pack(">HHB", 1, 1, 7) + struct.pack(">H", 32) + bytes(32) + struct.pack(">H", 144)
    return with_extension(name, ECH, data + bytes(144))


def with_two_names(first: bytes, second: bytes) -> bytes:
    """One with two server_name extensions, which no TLS allows."""
    entry = b"\0" + struct.pack(">H", len(second)) + second
    return with_extension(first, SERVER_NAME, struct.pack(">H", len(entry)) + entry)
