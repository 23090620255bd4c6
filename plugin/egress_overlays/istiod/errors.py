"""The one exception of the probe."""

from __future__ import annotations


class ProbeError(ValueError):
    """The probe cannot answer; the message is one line to act on, or several, one fault each."""
