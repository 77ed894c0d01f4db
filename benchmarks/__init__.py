"""Baselines, comparisons and results that only a checkout has; none of it is installed."""
