"""placeholder"""


def push() -> None:
    """x"""
