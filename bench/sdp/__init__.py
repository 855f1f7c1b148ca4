"""SECC discovery (SDP, ISO 15118-2 7.10.1): two machines without I/O, each over one transition table.

evcc, secc              `EvccSdp`, `SeccSdp`: how a car finds its station, and how a station lets itself be found
evcc_table, secc_table  their transition tables, state by state
machine                 what both are: an IPv6 host that answers who asks for its address
events, timers          what they report, and what they wait for

They speak in frames of the adapter's port and not through sockets of the kernel: every frame has the port's stamp, a
test can send what a kernel would not, and the simulated bench needs none.
"""
