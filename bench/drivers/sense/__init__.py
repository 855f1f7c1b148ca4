"""Measuring: the levels of the pilot, its duty cycle, the proximity contact."""
