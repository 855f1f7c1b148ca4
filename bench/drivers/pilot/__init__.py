"""One module per pilot generator. Each meets `bench.devices.PilotGenerator`."""
