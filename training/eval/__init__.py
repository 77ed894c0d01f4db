"""Scores of motion against ground truth and against tracked lips of real speakers."""
