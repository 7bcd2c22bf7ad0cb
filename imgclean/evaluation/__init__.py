"""Evaluation: metrics and protocols, as the papers measure."""
