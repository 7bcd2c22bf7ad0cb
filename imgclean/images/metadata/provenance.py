"""The note in a clean image's XMP history on what cleaned it.

One entry of xmpMM:History (XMP specification part 2, section 1.2.3.11 ResourceEvent), written
into the packet as text: everything else in it stays byte for byte. It bears no time, so that the
same image cleaned in the same way gives the same file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from imgclean.images.metadata.xmp import RDF, WRAPPER, Element, find_rdf, parse_packet

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEDIA = "http://ns.adobe.com/xap/1.0/mm/"
_EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
_ACTION = "filtered"
_PROGRAM = "imgclean"
_PREFIXES = {"rdf": RDF, "xmpMM": _MEDIA, "stEvt": _EVENT}
_LISTS = ("Seq", "Bag", "Alt")

_BEGIN = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END = b'\n<?xpacket end="r"?>'  # read-only: it has no padding to be edited in
_NO_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def note_provenance(xmp: bytes | None, *, agent: str, parameters: str) -> bytes | None:
    """Return an XMP packet with one more entry in its history.

    Args:
        xmp: the packet; None for a new one.
        agent: program and version.
        parameters: what it worked with.

    Returns:
        None if the packet cannot be understood; then it is best left as it is.
    """
    item = _item(agent, parameters)
    packet = (xmp or b"").rstrip(b"\x00 \t\r\n")
    if not packet:
        wrapped = f'<x:xmpmeta xmlns:x="{WRAPPER}">{_declared(_graph(item))}</x:xmpmeta>'
        return _BEGIN + wrapped.encode() + _END
    root = parse_packet(packet)
    edited = None if root is None else _edited(packet, root, item)
    return None if edited is None else edited + (xmp or b"")[len(packet) :]


def provenance_in(xmp: bytes | None) -> tuple[str, ...]:
    """Return what the entries of imgclean in a packet's history say, the last one last.

    Each is the program with its version, then a colon and the parameters.
    """
    root = parse_packet(xmp) if xmp else None
    rdf = find_rdf(root) if root else None
    if rdf is None:
        return ()
    found = []
    for event in _events(rdf):
        agent = event.property(_EVENT, "softwareAgent").strip()
        if agent.split(" ")[0] == _PROGRAM:
            found.append(f"{agent}: {event.property(_EVENT, 'parameters').strip()}")
    return tuple(found)


def _edited(packet: bytes, root: Element, item: str) -> bytes | None:
    """Return the packet with one more item in its history; None if there is no place for it."""
    rdf = find_rdf(root)
    if rdf is None:
        return _inserted(packet, root, _graph(item)) if root.namespace == WRAPPER else None
    descriptions = list(rdf.named(RDF, "Description"))
    if any((_MEDIA, "History") in each.attributes for each in descriptions):
        return None  # a list cannot be an attribute, and a second property would be no XMP either
    history = next((e for each in descriptions for e in each.named(_MEDIA, "History")), None)
    if history is None:
        about = next(filter(None, map(_about, descriptions)), "")
        return _inserted(packet, rdf, _description(item, about))
    items = next(history.named(RDF, *_LISTS), None)
    if items is not None:
        return _inserted(packet, items, item)
    empty = not history.children and not history.text
    return _inserted(packet, history, _sequence(item)) if empty else None


def _events(rdf: Element) -> Iterator[Element]:
    """Yield the elements that bear a history's events, as attributes or as elements."""
    for description in rdf.named(RDF, "Description"):
        for history in description.named(_MEDIA, "History"):
            for items in history.named(RDF, *_LISTS):
                for item in items.named(RDF, "li"):
                    yield next(item.named(RDF, "Description"), item)


def _about(description: Element) -> str:
    """Return what a description is about: the same for all of a packet."""
    named = description.attributes
    return named.get((RDF, "about"), named.get(("", "about"), ""))


def _inserted(packet: bytes, element: Element, markup: str) -> bytes:
    """Return the packet with one more element at the end of another one."""
    content = _declared(markup).encode()
    if not element.closed:
        return packet[: element.end] + content + packet[element.end :]
    tag = packet[element.start : element.content]
    name = re.split(rb"[\s/>]", tag[1:], maxsplit=1)[0]
    opened = tag.removesuffix(b"/>") + b">"
    whole = opened + content + b"</" + name + b">"
    return packet[: element.start] + whole + packet[element.content :]


def _declared(markup: str) -> str:
    """Return an element that declares its prefixes, as the packet may use them for other things."""
    needed = [f' xmlns:{each}="{_PREFIXES[each]}"' for each in _PREFIXES if f"{each}:" in markup]
    return re.sub("^<[A-Za-z:]+", lambda tag: tag[0] + "".join(needed), markup)


def _item(agent: str, parameters: str) -> str:
    stated = (("action", _ACTION), ("softwareAgent", agent), ("parameters", parameters))
    return f"<rdf:li {' '.join(f'stEvt:{name}={_quoted(value)}' for name, value in stated)}/>"


def _sequence(item: str) -> str:
    return f"<rdf:Seq>{item}</rdf:Seq>"


def _description(item: str, about: str = "") -> str:
    history = f"<xmpMM:History>{_sequence(item)}</xmpMM:History>"
    return f"<rdf:Description rdf:about={_quoted(about)}>{history}</rdf:Description>"


def _graph(item: str) -> str:
    return f"<rdf:RDF>{_description(item)}</rdf:RDF>"


def _quoted(value: str) -> str:
    return quoteattr(_NO_CHARACTERS.sub("\ufffd", value))
