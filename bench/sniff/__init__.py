"""Record what an adapter hands to its Ethernet port, watch it live, and say what cannot be heard with it.

hearing    what this adapter shows and what not, from its chip and role, each with how sure that is
events     from frames to lines a person reads: SLAC, networks, first IPv6 and SDP frames
ears       frames of both directions, in the order of their stamps
files      pcapng files, one or a rotating row
tally      what was seen in the end, and what of the announced was not
joining    an overheard key on the own adapter, and the old one back
recording  all of it together, from the first question to the summary
"""
