"""The process that owns the devices of a bench, outlives the program that uses them, and leaves them safe.

    with Guardian(spec) as guardian:                # the program's end; another process opens the devices
        guardian.ask("begin", test="test_x")
        guardian.ask("duty", pct=5.0)

Theory of operation. The program (pytest, `bench rig check`) starts the guardian with a pipe on its standard input and
speaks one line of JSON per command. The guardian takes the locks, opens every device, makes it safe and says `ready`.
From then on it alone touches them. It makes the bench safe by itself

- when the pipe or the process at its other end has ended, however that was; SIGKILL included
- when no line comes for a while although something is not safe: the program hangs. The program's heartbeat comes from
  the pump, which stands still with it
- when something unsafe has lasted too long, a device has gone, or what is measured is not what was set

and ends after the first. It gives its locks back only when the devices are safe, so a second program that comes too
early is refused. Signals of the terminal do not reach it: it has a session of its own and ignores them.

Against its own death, a crash of the computer or of its power, hardware must help: see docs/build-a-bench.md.
"""

from bench.guardian.client import Guardian
from bench.guardian.spec import BenchSpec, DeviceSpec, Limits

__all__ = ["BenchSpec", "DeviceSpec", "Guardian", "Limits"]
