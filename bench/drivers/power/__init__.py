"""One module per way to switch the power of an adapter. Each meets `bench.devices.Supply`."""
