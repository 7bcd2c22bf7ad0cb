"""A file that tifffile writes to."""

from __future__ import annotations

from io import BufferedWriter, UnsupportedOperation


class WholeStream(BufferedWriter):
    """A file that arrays are written to through Python, and that is not closed without a word.

    Given a descriptor, numpy writes with a buffer of its own: on a full disk it loses the last
    4096 bytes of an array in silence. What tifffile opens itself, it closes the same way.
    """

    def fileno(self) -> int:
        """Say that there is no descriptor.

        Raises:
            UnsupportedOperation: always.
        """
        raise UnsupportedOperation("fileno")
