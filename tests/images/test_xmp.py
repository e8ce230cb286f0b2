"""XMP of any size into a JPEG and back, and packets that are too large to be metadata."""

from __future__ import annotations

import hashlib
import re
import struct

import numpy as np
import pytest

from facelab.images import Image, decoded, encoded
from facelab.images.xmp import LARGEST, RDF, joined, parse_xmp, segments
from facelab.provenance import ENHANCED, mark

SENTENCE = "This image was edited."
DC, PHOTOSHOP = "http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/photoshop/1.0/"
SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"


def packet(properties="", attributes=""):
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}" xmlns:dc="{DC}" '
        f'xmlns:photoshop="{PHOTOSHOP}"><rdf:Description rdf:about="" {attributes}>{properties}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def ancestors(count):
    items = "".join(f"<rdf:li>step {k} &amp; “more”</rdf:li>" for k in range(count))
    return f"<photoshop:DocumentAncestors><rdf:Bag>{items}</rdf:Bag></photoshop:DocumentAncestors>"


def marked(xmp):
    return mark(xmp, source_type=ENHANCED, description=SENTENCE)


def jpeg(xmp):
    return encoded("a.jpg", Image(np.zeros((8, 8, 3), np.float32)), xmp=xmp)


def said(xmp):
    """Every property of a packet, and what it says, whatever description it is in."""
    document, found = parse_xmp(xmp), {}
    for description in document.getElementsByTagNameNS(RDF, "RDF")[0].childNodes:
        if description.nodeType != description.ELEMENT_NODE:
            continue
        for child in description.childNodes:
            found[child.nodeName] = "".join(
                node.data for node in every(child) if node.nodeType == node.TEXT_NODE
            )
        attributes = description.attributes.items()
        found |= {name: value for name, value in attributes if not name.startswith("xmlns")}
    return found


def every(node):
    yield node
    for child in node.childNodes:
        yield from every(child)


LONG = {
    "a long list": packet("<dc:title>short</dc:title>" + ancestors(4000)),
    "a long attribute": packet("<dc:title>x</dc:title>", f'photoshop:City="{"z" * 99_000}"'),
    "many of middling size": packet(
        "".join(f"<dc:p{k}>{'y' * 1500}</dc:p{k}>" for k in range(100))
    ),
    "nothing but frames": packet("</rdf:Description><rdf:Description>" * 6000),
    "a long caption": packet(
        '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">'
        + "w" * 90_000
        + "</rdf:li></rdf:Alt></dc:description>"
    ),
}


@pytest.mark.parametrize("kind", LONG)
def test_a_long_packet_goes_into_a_jpeg_and_comes_back(kind):
    before = marked(LONG[kind])
    assert len(before) > 65_502
    data = jpeg(before)
    image = decoded("a.jpg", data)
    assert image.notes == ()
    assert said(image.metadata.xmp) == said(before)
    again = decoded("b.jpg", jpeg(image.metadata.xmp))
    assert said(again.metadata.xmp) == said(before)
    assert len(again.metadata.xmp) < len(image.metadata.xmp) + 1000  # frames, no copies


def test_the_mark_is_in_the_packet_that_everybody_reads():
    standard = segments(marked(LONG["a long list"]))[0]
    assert standard.startswith(b"http://ns.adobe.com/xap/1.0/\0")
    assert b"algorithmicallyEnhanced" in standard
    assert SENTENCE.encode() in standard
    assert b"DocumentAncestors" not in standard


def test_segments_are_those_of_the_specification():
    standard, *others = segments(marked(LONG["a long list"]))
    digest = re.search(rb'HasExtendedXMP="([0-9A-F]{32})"', standard)[1]
    body = b""
    for payload in others:
        assert len(payload) <= 65_533
        assert payload.startswith(SIGNATURE + digest)
        length, at = struct.unpack_from(">II", payload, len(SIGNATURE) + 32)
        assert at == len(body)
        body += payload[len(SIGNATURE) + 40 :]
    assert length == len(body)
    assert hashlib.md5(body).hexdigest().upper().encode() == digest


def test_a_short_packet_is_written_as_it_is():
    short = marked(packet("<dc:title>short</dc:title>"))
    assert segments(short) == [b"http://ns.adobe.com/xap/1.0/\0" + short]


def test_parts_in_any_order_and_of_others():
    standard, *others = segments(marked(LONG["a long list"]))
    alien = SIGNATURE + b"0" * 32 + bytes(8) + b"nothing"
    packet_, start = standard.split(b"\0", 1)[1], len(others)
    whole = joined(packet_, others)
    assert start > 1
    assert joined(packet_, [alien, b"Exif\0\0", *reversed(others)]) == whole


def test_a_part_that_is_lost_is_noted_and_the_rest_kept():
    data = jpeg(marked(LONG["a long list"]))
    at = data.index(b"step 3000 ")
    image = decoded("a.jpg", data[:at] + b"stop" + data[at + 4 :])
    assert image.notes == ("its extended XMP is damaged and not kept",)
    assert said(image.metadata.xmp)["dc:title"] == "short"


@pytest.mark.parametrize(
    "xmp",
    [
        packet("<dc:a/>" * 600_000),
        packet("<!---->" * 100_000),
        packet("<dc:a>" * 5000 + "</dc:a>" * 5000),
        packet(attributes=" ".join(f'dc:a{k}=""' for k in range(100_000))),
        packet("x" * LARGEST),
    ],
    ids=["elements", "comments", "depth", "attributes", "length"],
)
def test_what_is_no_metadata_is_not_parsed(xmp):
    assert parse_xmp(xmp) is None
    assert said(marked(xmp)).keys() >= {"Iptc4xmpExt:DigitalSourceType", "dc:description"}


def test_a_packet_that_is_too_large_is_noted():
    data = encoded("a.png", Image(np.zeros((8, 8, 3), np.float32)), xmp=packet("<dc:a/>" * 99_000))
    image = decoded("a.png", data)
    assert image.metadata.xmp is None
    assert image.notes == ("its XMP is too large and not kept",)


def test_a_frame_that_does_not_fit_is_said():
    names = " ".join(f'xmlns:n{k}="http://example.org/{k:090}"' for k in range(700))
    with pytest.raises(ValueError, match="XMP"):
        segments(packet("<dc:title>x</dc:title>", names))
