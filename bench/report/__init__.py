"""Charts, tables and files that tell a person what a test saw. Pure functions: trace in, text or octets out.

ladder.py        sequence ladder of both stations with the pilot strip on the same axis (SVG)
attenuation.py   attenuation per carrier group: every sound, the mean, what was reported (SVG)
tables.py        intervals against their limits (HTML and text)
collection.py    timings of a whole run, and the one file that holds them (JSON)
summary.py       the same for the terminal
after_match.py   where a slow plug-in waits, beside the recorded car (text; after_match_chart.py: SVG, HTML)
steps.py         what happened, in the domain's words
pcapng.py        the frames of a trace as a capture
attachments.py   all that goes beside one test
run_result.py    a result of the whole run, for Allure
allure_files.py  environment, categories, steps and attachments where Allure looks
"""
