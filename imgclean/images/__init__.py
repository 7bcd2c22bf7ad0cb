"""Images: reading and writing files in kind, pixel conversions, rasters."""
