"""A virtual HomePlug adapter: bridges frames, holds a key, answers management messages, restarts, joins networks.

modem        `VirtualAdapter`: Ethernet jack, powerline, power; which frame goes where
forwarding   which SLAC frames reach the host of an EVSE's and of a PEV's modem
network      key, restart and association: with whom it forms an AVLN, and who is who in it
answers      management messages it answers
vendor_answers, reply, traffic   the vendor's messages among them, and what they need
flash        what it keeps without power, how long writing it takes, what a power cut leaves; flash_faults for tests
settings     what the firmware takes from its parameter block when it starts
module_answers, old_module_answers   reading and writing the flash, one family each
sessions, commit_checks   what has been sent so far, and whether it may be written
sounding     what an EVSE's modem tells its host about each sound
"""

from bench.sim.adapter.forwarding import ModemRole
from bench.sim.adapter.modem import VirtualAdapter

__all__ = ["ModemRole", "VirtualAdapter"]
