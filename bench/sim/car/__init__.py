"""Simulated cars, each driven by the profile of a recorded one."""

from bench.sim.car.attempt import CarMatch, Outcome
from bench.sim.car.car import CarState, SimCar, modem_of

__all__ = ["CarMatch", "CarState", "Outcome", "SimCar", "modem_of"]
