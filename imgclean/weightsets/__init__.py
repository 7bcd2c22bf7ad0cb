"""Weight sets: their configs, the catalogue of those installed, the choice among them."""
