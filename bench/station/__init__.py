"""The bench's own stations: a pilot, an adapter, a SLAC and an SDP machine under one name.

base       what both share: reading ports, telling the machines, sending, the record, what tests wait for
evse, pev  `EvseStation`, `PevStation`
"""

from bench.station.base import PATIENCE, SDP_PATIENCE, new_network
from bench.station.evse import EvseStation
from bench.station.pev import PevStation

__all__ = ["PATIENCE", "SDP_PATIENCE", "EvseStation", "PevStation", "new_network"]
