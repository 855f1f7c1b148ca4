"""Simulated cars, each driven by the profile of a recorded one."""

from bench.sim.car.attempt import CarMatch, Outcome
from bench.sim.car.car import CarState, SimCar, modem_of
from bench.sim.car.discovery import FoundStation

__all__ = ["CarMatch", "CarState", "FoundStation", "Outcome", "SimCar", "modem_of"]
