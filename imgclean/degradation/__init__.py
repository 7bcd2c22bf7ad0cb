"""Noise models, one per file, and the spec strings that name them."""
