"""GIF, for reading."""
