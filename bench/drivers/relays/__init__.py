"""One module per relay board. Each meets `bench.devices.Relays`; channels count from 1."""
