"""How a device says that it is not there any more."""

from __future__ import annotations

from bench.errors import PortError


class DeviceGone(PortError):
    """The device has vanished, for good: pulled out, or without power. Closing it is then no error."""
