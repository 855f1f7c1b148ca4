"""One module per car's end of the pilot. Each meets `bench.devices.PilotLoad`."""
