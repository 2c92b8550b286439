"""Benchmarks: each prints figures, ratios from one run. `make bench` runs them all."""
