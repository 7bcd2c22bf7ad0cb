"""How noisy an image is, and how its noise behaves, estimated from the image alone."""
