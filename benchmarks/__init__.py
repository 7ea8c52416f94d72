"""Benchmarks: `make bench`, or `make bench BENCH=plan` for one."""
