"""The note in the XMP history: added to packets of any form, nothing else in them touched."""

from __future__ import annotations

import re
import time
from io import BytesIO
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgclean.images.metadata.provenance import note_provenance, provenance_in
from imgclean.images.metadata.xmp import parse_packet
from imgclean.images.picture import Metadata, Picture
from imgclean.images.read import decode_image
from imgclean.images.write import encode_image

AGENT = "imgclean 0.1.0"
PARAMETERS = 'model dncnn; weights "blind" <b> & sha256:12\'34'
NOTE = f"{AGENT}: {PARAMETERS}"

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
MM = "{http://ns.adobe.com/xap/1.0/mm/}"
EVENT = "{http://ns.adobe.com/xap/1.0/sType/ResourceEvent#}"

NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"'
)
EARLIER = '<rdf:li stEvt:action="saved" stEvt:softwareAgent="Adobe Photoshop 25.0"/>'


def packet(inner: str, *, about: str = "", attributes: str = "") -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/">\n <rdf:RDF {NAMESPACES}>\n  '
        f'<rdf:Description rdf:about="{about}" {attributes}>{inner}</rdf:Description>\n'
        " </rdf:RDF>\n</x:xmpmeta>"
    ).encode()


def wrapped(body: bytes, *, mark: bytes = b"\xef\xbb\xbf", end: bytes = b"w") -> bytes:
    head = b'<?xpacket begin="' + mark + b'" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    return head + body + b"\n" + (b" " * 99 + b"\n") * 20 + b'<?xpacket end="' + end + b'"?>'


HISTORY = f"<xmpMM:History><rdf:Seq>\n   {EARLIER}\n  </rdf:Seq></xmpMM:History>"
OTHER_PREFIXES = (
    b'<a:xmpmeta xmlns:a="adobe:ns:meta/" xmlns:rdf="urn:other" xmlns:stEvt="urn:else">'
    b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="uuid:7">'
    b'<m:History xmlns:m="http://ns.adobe.com/xap/1.0/mm/"><r:Seq></r:Seq></m:History>'
    b"</r:Description></r:RDF></a:xmpmeta>"
)
PACKETS = {
    "no-rdf": b'<x:xmpmeta xmlns:x="adobe:ns:meta/">\xc3\xa9</x:xmpmeta>',
    "closed-root": b"<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='a > b'/>",
    "rdf-alone": b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
    "old-wrapper": b'<x:xapmeta xmlns:x="adobe:ns:meta/"></x:xapmeta>',
    "no-history": packet("<dc:format>image/jpeg</dc:format>"),
    "compact": packet("", attributes='dc:format="image/png" dc:source="&lt;x&gt;"'),
    "about": packet("<dc:format>image/jpeg</dc:format>", about="uuid:a&amp;b"),
    "history": packet(HISTORY),
    "closed-list": packet("<xmpMM:History><rdf:Seq/></xmpMM:History>"),
    "closed-history": packet("<xmpMM:History />"),
    "bag": packet(f"<xmpMM:History><rdf:Bag>{EARLIER}</rdf:Bag></xmpMM:History>"),
    "other-prefixes": OTHER_PREFIXES,
    "misleading": packet(f"<!-- </rdf:Seq> --><dc:a><![CDATA[</rdf:RDF>]]></dc:a>{HISTORY}"),
    "history-elsewhere": packet(
        "<xmpMM:Pantry><rdf:Bag><rdf:li><rdf:Description>"
        f"{HISTORY}</rdf:Description></rdf:li></rdf:Bag></xmpMM:Pantry>"
    ),
    "wrapped": wrapped(packet(HISTORY)),
    "wrapped-read-only": wrapped(packet(HISTORY), end=b"r"),
    "wrapped-without-mark": wrapped(packet(""), mark=b""),
    "byte-order-mark": b"\xef\xbb\xbf" + packet(HISTORY),
    "declaration": b'<?xml version="1.0" encoding="UTF-8"?>\n' + packet(HISTORY),
    "zeros-behind": wrapped(packet(HISTORY)) + bytes(7),
}


def tree(xmp: bytes) -> ET.Element:
    return ET.fromstring(xmp.rstrip(b"\x00").decode("utf-8-sig"))  # noqa: S314 - our own


def history(root: ET.Element) -> list[dict[str, str]]:
    """Return the events of a packet's history as another parser sees them."""
    rdf = root if root.tag == RDF + "RDF" else root.find(RDF + "RDF")
    assert rdf is not None
    items = rdf.findall(f"{RDF}Description/{MM}History/*/{RDF}li")
    return [{key.removeprefix(EVENT): value for key, value in e.attrib.items()} for e in items]


@pytest.mark.parametrize("name", PACKETS)
def test_one_event_is_added_and_every_other_byte_kept(name: str) -> None:
    old = PACKETS[name]
    new = note_provenance(old, agent=AGENT, parameters=PARAMETERS)
    assert new is not None
    expected = {"action": "filtered", "softwareAgent": AGENT, "parameters": PARAMETERS}
    try:
        before = history(tree(old))
    except AssertionError:
        before = []
    assert history(tree(new)) == [*before, expected]
    assert provenance_in(new)[-1] == NOTE
    assert provenance_in(old) == ()
    kept = next((i for i, pair in enumerate(zip(old, new, strict=False)) if len(set(pair)) == 2), 0)
    rest = old[kept:]
    # A tag that was closed in itself is opened for it; nothing else gives way.
    assert new.endswith(rest.removeprefix(b"/>").removeprefix(b" />"))


def test_packets_of_several_events_are_told_apart() -> None:
    first = note_provenance(wrapped(packet(HISTORY)), agent="imgclean 0.1.0", parameters="model a")
    second = note_provenance(first, agent="imgclean 0.2.0", parameters="model b")
    assert second is not None
    agents = [event["softwareAgent"] for event in history(tree(second))]
    assert agents == ["Adobe Photoshop 25.0", "imgclean 0.1.0", "imgclean 0.2.0"]
    assert provenance_in(second)[-1] == "imgclean 0.2.0: model b"


@pytest.mark.parametrize("empty", [None, b"", b" \n\x00\x00"])
def test_without_a_packet_a_whole_one_is_made(empty: bytes | None) -> None:
    new = note_provenance(empty, agent=AGENT, parameters=PARAMETERS)
    assert new is not None
    assert new.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>')
    assert b'<?xpacket end="r"?>' in new
    assert len(history(tree(new))) == 1
    assert note_provenance(empty, agent=AGENT, parameters=PARAMETERS) == new


def test_what_a_description_is_about_is_the_same_in_the_new_one() -> None:
    new = note_provenance(PACKETS["about"], agent=AGENT, parameters="")
    assert new is not None
    about = {e.get(RDF + "about") for e in tree(new).iter(RDF + "Description")}
    assert about == {"uuid:a&b"}


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "xmp",
    [
        b"not XML",
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">',
        b"<x:xmpmeta/>",
        b"<svg/>",
        packet(HISTORY).decode().encode("utf-16"),
        packet("<dc:a>\xff</dc:a>").replace(b"\xc3\xbf", b"\xff"),
        ENTITIES + packet("<dc:a>&b;</dc:a>"),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + packet(HISTORY),
        packet("", attributes='xmpMM:History="none"'),
        packet("<xmpMM:History>words</xmpMM:History>"),
        packet("<xmpMM:History><dc:a/></xmpMM:History>"),
    ],
)
def test_a_packet_that_is_not_understood_is_left_alone(xmp: bytes) -> None:
    assert note_provenance(xmp, agent=AGENT, parameters=PARAMETERS) is None
    assert provenance_in(xmp) == ()


def test_a_packet_of_absurdly_many_elements_is_given_up_soon() -> None:
    started = time.monotonic()
    assert parse_packet(b"<a>" * 3_000_000) is None
    assert time.monotonic() - started < 10


AGENT_ELEMENT = "<stEvt:softwareAgent>imgclean 1.0</stEvt:softwareAgent>"
PARAMETERS_ELEMENT = "<stEvt:parameters> model x </stEvt:parameters>"


@pytest.mark.parametrize(
    "event",
    [
        '<rdf:li stEvt:softwareAgent="imgclean 1.0" stEvt:parameters="model x"/>',
        f'<rdf:li rdf:parseType="Resource">{AGENT_ELEMENT}\n{PARAMETERS_ELEMENT}</rdf:li>',
        f"<rdf:li><rdf:Description>{AGENT_ELEMENT}{PARAMETERS_ELEMENT}</rdf:Description></rdf:li>",
        f'<rdf:li stEvt:softwareAgent="imgclean 1.0">{PARAMETERS_ELEMENT}</rdf:li>',
    ],
)
def test_an_event_is_found_in_every_form_that_programs_save_it_in(event: str) -> None:
    inner = f"<xmpMM:History><rdf:Seq>{event}{EARLIER}</rdf:Seq></xmpMM:History>"
    assert provenance_in(packet(inner)) == ("imgclean 1.0: model x",)


def test_another_program_s_event_is_not_taken_for_ours() -> None:
    other = packet(HISTORY.replace("Adobe Photoshop", "imgcleaner"))
    assert provenance_in(other) == ()
    assert provenance_in(None) == ()
    assert provenance_in(packet("<dc:a>imgclean 0.1.0</dc:a>")) == ()


@given(st.text(), st.text())
def test_any_text_makes_a_well_formed_packet(agent: str, parameters: str) -> None:
    new = note_provenance(packet(HISTORY), agent=agent, parameters=parameters)
    assert new is not None
    event = history(tree(new))[-1]
    sound = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", parameters)
    assert event["parameters"] == sound


@pytest.mark.parametrize("format_name", ["jpeg", "png"])
@pytest.mark.parametrize("old", [None, PACKETS["wrapped"], PACKETS["no-history"]])
def test_another_program_reads_the_note_in_a_file(format_name: str, old: bytes | None) -> None:
    samples = np.zeros((8, 8, 3), np.uint8)
    xmp = note_provenance(old, agent=AGENT, parameters="model dncnn")
    data = encode_image(Picture(samples, False, "x", Metadata(xmp=xmp)), format_name)
    assert provenance_in(decode_image(data, "a").metadata.xmp) == (f"{AGENT}: model dncnn",)
    with Image.open(BytesIO(data)) as image:
        shown = image.info["xmp"]
    assert shown == xmp
    assert len(history(tree(shown))) == (2 if old == PACKETS["wrapped"] else 1)
