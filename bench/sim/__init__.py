"""The simulated world: a powerline, adapters, pilot cables, and the cars and charging stations at their ends.

Everything in it lives on the time line of one `World` and crosses the seam of `bench.ports` as Ethernet frames and
pilot readings. Two runs with the same seed are identical.

    world = World(VirtualClock())
    line = Powerline(world)
    modem = VirtualAdapter(world, line, adapter("tplink-tlpa4010p"), mac=..., role=ModemRole.EVSE, name="evse modem")
    port = SimPort(world, modem, name="plc0", mac=...)
    cable = PilotLine(world)
    line.follow(cable, modem, car_modem, 30.0)
    modem.flash.faults.refuse_commit(0x30)     # what goes wrong in writing its parameter block

What is not modelled

Powerline
- Collisions, channel access, repetition on the medium, throughput, rates (every link says 9 Mbit/s, every tone map the
  robust modulation). A frame takes the same time whatever its length, and two frames never meet.
- Attenuation does not depend on direction or time of day. A profile has the shape of real ones but is invented; an
  amplitude map changes nothing.
- The threshold of hearing is sharp: up to AUDIBLE_DB every frame arrives, beyond it none, unless a loss is set.
- Encryption. Frames of a network simply do not reach modems that are not in it. The modems' own messages
  (CM_ENCRYPTED_PAYLOAD, CM_UNASSOCIATED_STA, beacons, CC_* and NN_*) do not exist.

Adapter
- Host actions, sniffer, LEDs, memory and boot messages (VS_WR_MEM, VS_ST_MAC, VS_WRITE_AND_EXECUTE): requests of that
  kind get no answer. What other vendor messages are answered with, and how much of that is assumed, is in
  docs/debian-tools.md.
- A modem outside any network keeps its NID; real ones at times report zeros or the NID of a network they overhear.
- What CM_SET_KEY does to a remote modem is not known; here it refuses (result 0) and keeps its key. When a new key
  reaches the flash is not known either; here at once, so it survives a power cut.
- Addresses learned on the Ethernet side do not age. One jack, one host (which may have several addresses). No VLANs.
- A coordinator is never replaced, stations do not relay for one another. A push button exists as a message only.
- Ethernet and SPI hosts differ in latency only.

Flash
- Parameter block (PIB) and firmware are synthetic: named fields, zeros and a pattern. Of the PIB the firmware heeds
  MAC, DAK, NMK, NID, CCo selection, SLAC mode and the texts, from the next start on; nothing else has an effect.
- Assumed, because nobody has recorded it: what a modem with SLAC off does (no SLAC frame passes it unless its sender is
  in its network); who coordinates where all may (the lowest address); that two with one MAC just both answer; that
  factory defaults keep the role an adapter was made with and restore the key HomePlugAV, until a commit stores another
  PIB as the factory's.
- A commit erases everything it writes, then writes from front to back, for 3 s in all; between commit and the first
  answer after the reset real ones are said to take 20 to 40 s. The confirmation of VS_MODULE_OPERATION comes when all
  is written, that of VS_MOD_NVM before. A factory copy, factory defaults and keys are written in no time.
- Power that fails in those seconds leaves what has been written and FF. No adapter falls back on another copy: with a
  damaged PIB it has the address 00:B0:52:00:00:03, with damaged firmware 00:B0:52:00:00:01 (and answers to broadcast),
  calls itself BootLoader or SoftLoader, has no powerline, and takes a PIB, or firmware and a PIB, by the same sessions
  as ever. Real loaders cannot write their flash themselves: a host first gives them firmware to run from RAM.
- A damaged softloader has no consequence. Which mistake of a host gets which status code is in module_answers and
  old_module_answers, with what else is assumed there.

IPv6 and SDP
- A host has one address, made of its MAC address (EUI-64); the stations of EVerest draw theirs. It claims it once and
  waits for no objection. No router solicitations, no listener reports, no rule how long a neighbour stays known.
- A station answers SDP without asking first who has the car's address: it takes the sender of the request for it, as
  pyPLC does. Real ones that ask (EVerest, Compleo) have that in their latency already.
- A car that has asked in vain stays in the network and says nothing more, until the plug or the pilot ends it. No real
  car was seen to get that far. Volkswagen's knocking at port 60918 is left out.
- A car takes other ports than real ones of its make, sends all TCP with one option and a window of its own, and forgets
  from one session to the next that nobody offered TLS.
- There is no V2G session: a simulated station answers TCP's SYN with RST, and a simulated car that is let in by another
  station answers SYN ACK with RST. What either would say then, EXI and TLS included, does not exist.

Control pilot
- Levels are steady: no edges, no rise times, no capacitance, no powerline signal on the wire, no relay bounce. A
  PWM that starts is seen with its full duty cycle at once; its frequency is 1 kHz and cannot be wrong.
- Generator, source resistor and diode have their nominal values. The short spike towards A that some cars make
  between B and C is left out.
- The proximity contact opens and closes with the plug and has no resistance to read.

Power, temperature, battery and high voltage do not exist.
"""
