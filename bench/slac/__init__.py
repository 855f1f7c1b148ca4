"""SLAC matching of ISO 15118-3: two machines without I/O, each over one transition table.

evse, pev              `EvseSlac`, `PevSlac`: what a charging station and a car do
evse_table, pev_table  their transition tables, state by state; `docs/slac-states.md` is made from them
machine                the engine both run on
events                 what they report
averaging              from the modem's profiles to the attenuation an EVSE reports
timers, standard       the times used and judged by, and what ISO 15118-3 allows
"""
