"""Speed against peers, in one run on one machine: `make bench`, or one of them: `python -m benchmarks.bench_codec`."""
