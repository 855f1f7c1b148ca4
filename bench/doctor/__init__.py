"""Is this computer fit to be a bench, and which adapters answer on it? Reads and asks only; nothing is changed.

    survey = survey_of(["plc0"])                            # adapters, asked in management messages
    system = System()
    seen = examine(system, all_nics(system), survey_everywhere)    # every check, each with what to do

What is looked at lies in one module per subject (interfaces, capture, services, serial_ports, gpio, guarding, timing,
computer, rig_file ...); each reads files under a root folder, runs programs and asks for rights through a `System`, so
that a test can give it another computer. A thing that cannot be read is a finding that says so. What only a Raspberry
Pi has is looked at on a Raspberry Pi alone.
"""
