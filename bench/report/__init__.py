"""Charts, tables and files that tell a person what a test saw. Pure functions: trace in, text or octets out.

ladder.py        sequence ladder of both stations with the pilot strip on the same axis (SVG)
attenuation.py   attenuation per carrier group: every sound, the mean, what was reported (SVG)
tables.py        intervals against their limits (HTML and text)
summary.py       the same over a whole run: terminal summary and one JSON file
steps.py         what happened, in the domain's words
pcapng.py        the frames of a trace as a capture
allure_files.py  all of it in the places where Allure looks
"""
