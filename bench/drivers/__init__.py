"""One module per real device. Each meets a protocol of `bench.ports`, or is the other end of one."""
