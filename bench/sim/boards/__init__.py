"""Simulated boards: the firmware of pilot generators, relay boards and a car's end of the pilot, on pseudo-terminals.

    python -m bench.sim.boards xy-lpwm --link /tmp/pilot-board --log board.log --duty 5

A firmware is a pure object (`bench.sim.boards.firmware`); `PtyBoard` gives it a port and real time. Programs and tests
open that port as they would a real one, and find there every way in which such a board is known to misbehave.

What is not modelled: the speed of the line (octets arrive at once, at any baud rate), DTR and RTS except that opening
the port of an Arduino restarts it, the time a relay takes, the odd period after a change of the duty cycle, and the
error of frequency and duty cycle. Where the behaviour of a board is an assumption, its module says so.
"""
