"""The control pilot as arithmetic: resistors to volts, volts to states, duty cycle to meaning."""
