"""The plugin contract and the loader. Imports neither torch nor numpy nor pydantic."""
