"""What several formats say in the same form: EXIF, XMP, IPTC."""
