"""The live console: a window where one presses P, E or L and watches.

state      what is on the screen, as values
view       from a state to lines; nothing else decides what the screen looks like
ladder     the messages as they happen, a line each
reading    from a session to a state
link       what became of a match, in one line
session    the rig with the bench as car, as charging station, or as listener
opening    which rig, who is on it, and its opening in a mode
listening  the bench as listener, on a simulated rig beside a car and a charging station
asking     a person who works a part of the rig by hand, asked on the screen
terminal   keys in, lines out; gives the terminal back as it was, whatever happens
recording  what happens, into a capture
console    which key does what
"""
