"""Speed as ratios of two things measured in one run; nothing here is a test.

Machines differ and are noisy: seconds are printed for orientation, ratios for comparison.
"""
