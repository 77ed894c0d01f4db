"""Synthetic speech with phone timings, made from licence-clean text and text-to-speech engines."""
