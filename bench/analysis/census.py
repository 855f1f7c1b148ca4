"""Management messages that are not SLAC: who talks to whom, modem firmware, pyPLC's power supply."""

from __future__ import annotations

from bench.analysis.model import ModemVersion, PowerSupplyControl, Traffic
from bench.capture import UNKNOWN_ADDRESS
from bench.errors import MalformedMme
from bench.ids import BROADCAST, MacAddress
from bench.mme import REGISTRY, CmAttenCharInd, VsSwVerCnf, decode
from bench.units import Ns

MAX_ROWS = 1000
"""Rows kept; a capture of forged addresses must not fill the memory."""


class Census:
    """Counts by type and addresses, and what modems say of themselves."""

    def __init__(self) -> None:
        self.modem_versions: dict[MacAddress, ModemVersion] = {}
        self.power_supply_control: PowerSupplyControl | None = None
        self._rows: dict[bytes, Traffic] = {}

    def rows(self) -> list[Traffic]:
        return sorted(self._rows.values(), key=lambda row: (row.name, row.src, row.dst))

    def message(self, t: Ns, octets: bytes) -> None:
        """A HomePlug frame, without tags, that is not SLAC."""
        who_and_what = octets[:17]
        row = self._rows.get(who_and_what)
        if row is not None:
            row.count += 1
            row.last_t = t
        elif len(who_and_what) == 17 and len(self._rows) < MAX_ROWS:
            dst, src = MacAddress(octets[:6]), MacAddress(octets[6:12])
            name = message_name(octets[14], octets[15] | octets[16] << 8)
            self._rows[who_and_what] = Traffic(name, src, dst, 1, t, t)

    def version(self, number: int, t: Ns, octets: bytes) -> None:
        """A VS_SW_VER.CNF; the first one of each modem is kept."""
        src = MacAddress(octets[6:12])
        if src in self.modem_versions or len(self.modem_versions) >= MAX_ROWS:
            return
        try:
            mme = decode(octets).mme
        except MalformedMme:
            return  # an abbreviated answer still counts as traffic
        if isinstance(mme, VsSwVerCnf):
            self.modem_versions[src] = ModemVersion(number, t, mme.version, mme.device_class)

    def power_supply(self, number: int, t: Ns, src: MacAddress) -> None:
        found = self.power_supply_control
        if found is None:
            self.power_supply_control = PowerSupplyControl(1, number, number, t, t, src)
        else:
            found.count, found.last_frame, found.last_t = found.count + 1, number, t


def message_name(mmv: int, mmtype: int) -> str:
    """`CM_GET_KEY.CNF`, or `MME_0xACA2` for a type that is not listed."""
    known = REGISTRY.get(mmv << 16 | mmtype) or REGISTRY.get(1 << 16 | mmtype) or REGISTRY.get(mmtype)
    return known.name if known is not None else f"MME_0x{mmtype:04X}"


def is_power_supply_control(dst: bytes, mme: CmAttenCharInd) -> bool:
    """Whether this is pyPLC commanding a power supply: to everybody, about nobody's sounds.

    A cooked capture hides that the frame went to everybody.
    """
    return mme.source_address == BROADCAST and dst in (BROADCAST, UNKNOWN_ADDRESS)
