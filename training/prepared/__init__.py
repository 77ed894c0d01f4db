"""Prepared clips on disk: what their motion is, how sound and frames line up, the files themselves."""
