"""Radar files of many kinds as a stream of `RadarGrid`, from a folder or as they arrive."""
