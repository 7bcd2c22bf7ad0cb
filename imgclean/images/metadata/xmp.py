"""XMP packets as trees that know where each element stands, so that one can be added by its byte.

XMP specification part 1 (ISO 16684-1). A packet is never written anew: what other programs put
into it, in whatever form, stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
WRAPPER = "adobe:ns:meta/"

_MOST_ELEMENTS = 200_000
_START_TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")


@dataclass(slots=True)
class Element:
    """One element of a packet.

    Attributes:
        namespace, name: of its tag.
        attributes: by namespace and name; of one without a prefix the namespace is empty.
        start: byte of the packet where its start tag begins.
        content: byte at which its start tag ends.
        end: byte where its end tag begins; `content` if it has none.
        closed: whether it consists of one tag, `<a/>`.
        texts: the characters directly in it, in parts.
        children: the elements directly in it.
    """

    namespace: str
    name: str
    attributes: dict[tuple[str, str], str]
    start: int
    content: int
    end: int = 0
    closed: bool = False
    texts: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The characters directly in it, without spaces around them."""
        return "".join(self.texts).strip()

    def named(self, namespace: str, *names: str) -> Iterator[Element]:
        """Yield the children of these names."""
        for each in self.children:
            if each.namespace == namespace and each.name in names:
                yield each

    def property(self, namespace: str, name: str) -> str:
        """Return a property's value, be it an attribute or an element; empty if it is missing."""
        stated = self.attributes.get((namespace, name))
        child = next(self.named(namespace, name), None)
        return stated if stated is not None else child.text if child else ""


def parse_packet(xmp: bytes) -> Element | None:
    """Return a packet's outermost element; None if it is no UTF-8 or no well-formed XML.

    Zero bytes behind the packet are passed over. A document type is taken for damage: XMP has
    none, and entities could make a parser read other files or fill the memory. So is an absurd
    number of elements.
    """
    builder = _Builder(xmp.rstrip(b"\x00 \t\r\n"))
    try:
        return builder.build()
    except (expat.ExpatError, ValueError):
        return None


def find_rdf(root: Element) -> Element | None:
    """Return the element rdf:RDF, which stands in a wrapper or alone."""
    if (root.namespace, root.name) == (RDF, "RDF"):
        return root
    return next(root.named(RDF, "RDF"), None)


class _Builder:
    """Builds the tree out of expat's events."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        self.parser = expat.ParserCreate("UTF-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _refuse

    def build(self) -> Element | None:
        self.parser.Parse(self.data, True)
        return self.root

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        found = _START_TAG.match(self.data, at)
        self.count += 1
        if found is None or self.count > _MOST_ELEMENTS:
            raise ValueError("a tag does not end, or there are too many")
        named = {_split(name): value for name, value in attributes.items()}
        closed = found[0].endswith(b"/>")
        element = Element(*_split(tag), named, at, found.end(), found.end(), closed)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def _end(self, _tag: str) -> None:
        element = self.open.pop()
        if not element.closed:
            element.end = self.parser.CurrentByteIndex

    def _text(self, text: str) -> None:
        if self.open:
            self.open[-1].texts.append(text)


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(" ")
    return namespace, local


def _refuse(*_: object) -> None:
    raise ValueError("an XMP packet with a document type")
