"""Training: recipes, patches, the supervised loop, checkpoints and the run folder."""
