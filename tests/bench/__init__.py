"""Benchmarks: one file for each name that `python3 -m voicekit bench` knows, its parts beside."""
