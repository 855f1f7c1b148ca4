"""Puts this folder on the path, so that tests can import what several of them share (`real_captures`)."""

from hypothesis import HealthCheck, settings

settings.register_profile("ccs-bench", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ccs-bench")
"""The same examples in every run; a busy machine fails nothing."""
