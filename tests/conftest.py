"""Puts this folder on the path, so that tests can import what several of them share (`real_captures`)."""
