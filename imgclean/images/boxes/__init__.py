"""Boxes (ISO base media file format), of which JPEG 2000, JPEG XL and AVIF are made."""
