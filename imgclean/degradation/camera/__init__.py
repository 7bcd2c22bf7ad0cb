"""What a camera does to a scene: from light to a JPEG file, with the noise on its way."""
