"""DeepGLR as an imgclean plugin."""
