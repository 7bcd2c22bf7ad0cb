"""TIFF: single images, and stacks that stream."""
