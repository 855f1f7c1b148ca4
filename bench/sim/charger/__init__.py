"""Simulated charging stations, each driven by the profile of a recorded one."""

from bench.sim.charger.charger import ChargerMatch, ChargerState, SimCharger
from bench.sim.charger.keys import first_key

__all__ = ["ChargerMatch", "ChargerState", "SimCharger", "first_key"]
