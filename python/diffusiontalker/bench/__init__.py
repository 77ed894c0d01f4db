"""Measuring speed, latency and memory; docs/benchmarks.md says what lies inside each number."""
