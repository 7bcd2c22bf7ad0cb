"""Stands in for torchmetrics in tests."""
