"""Inference: device and precision, tiles, the engine, and the batch over folders."""
