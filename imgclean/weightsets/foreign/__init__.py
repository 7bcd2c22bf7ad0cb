"""Checkpoints from elsewhere: their containers. Whose network they hold, the models say."""
