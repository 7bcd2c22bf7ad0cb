"""Between a plugin's module and the engine: the same function, made quick for one device."""
