"""Published data sets of speech and face motion, read in the layouts that public code uses (README.md)."""
