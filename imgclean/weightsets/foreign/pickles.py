"""What a pickle would import if it were unpickled, read from its opcodes alone."""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STRINGS = frozenset({"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})
_CONTAINERS = frozenset({"EMPTY_DICT", "EMPTY_LIST", "DICT", "LIST"})
_HARMLESS_MODULES = frozenset({"torch", "torch._utils", "torch.storage", "torch.serialization"})
_PROTOCOL = b"\x80"  # opcode
_ORDERED_DICT = "collections.OrderedDict"


@dataclass(frozen=True, slots=True)
class Dangers:
    """What a state dict does not need.

    Attributes:
        names: of classes and functions, in order.
        whole_object: the first of them is what was saved, rather than a part of it.
        protocol: of pickle, 0 where it is not said.
    """

    names: tuple[str, ...]
    whole_object: bool
    protocol: int


def dangers_in(content: bytes, pickles: int) -> Dangers:
    """Return what the last of so many pickles, one after another, would import."""
    stream = BytesIO(content)
    events: list[str] = []
    for _ in range(pickles):
        events = list(_events(stream)) or events  # there may be fewer
    names = tuple(each for each in events if each and not _is_harmless(each))
    return Dangers(
        names,
        whole_object=bool(names) and events[0] == names[0],
        protocol=content[1] if content[:1] == _PROTOCOL and len(content) > 1 else 0,
    )


def _events(stream: BytesIO) -> Iterator[str]:
    """Yield the names that one pickle imports; of a container that it makes, an empty text."""
    strings: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name in _STRINGS:
                strings.append(str(argument))
            elif opcode.name == "GLOBAL":
                yield str(argument).replace(" ", ".", 1)
            elif opcode.name == "STACK_GLOBAL":
                yield ".".join(strings[-2:])
            elif opcode.name in _CONTAINERS:
                yield ""
    except (ValueError, UnicodeError):  # the pickle is cut short, or none
        return


def _is_harmless(name: str) -> bool:
    return name == _ORDERED_DICT or name.rpartition(".")[0] in _HARMLESS_MODULES
