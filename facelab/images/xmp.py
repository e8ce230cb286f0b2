"""XMP packets: read within bounds, and in a JPEG spread over several segments if need be.

What one segment does not hold goes, the largest properties first, into an extended packet: XMP
Specification part 3, "Storage in Files" (Adobe, January 2020), section 1.1.3.1.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from typing import Any
from xml.dom import minidom
from xml.parsers.expat import ExpatError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

LARGEST = 4 << 20
"""Bytes of a packet that is read."""

_MOST = 60_000  # elements, comments and attributes: a second of minidom's time
_DEEPEST = 100  # elements inside each other; minidom goes down to them recursively
_NOTE = "http://ns.adobe.com/xmp/note/"
_STANDARD = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_DIGEST, _HEAD = 32, struct.Struct(">II")  # hexadecimal digits of MD5; the whole length, the offset
_SEGMENT = 65533  # bytes beside a segment's marker and length (ITU-T T.81, B.1.1.4)
_ROOM = _SEGMENT - len(_EXTENSION) - _DIGEST - _HEAD.size
_SAID = re.compile(rb"HasExtendedXMP(?:>|\s*=\s*[\"'])\s*([0-9A-Fa-f]{32})")

Property = minidom.Element | minidom.Attr


def parse_xmp(xmp: bytes) -> minidom.Document | None:
    """Parse an XMP packet, refusing DTDs and with them every kind of entity attack.

    Returns None if the packet is not well-formed UTF-8 XML with an ``rdf:RDF`` element, or too
    large to be metadata of a photograph.
    """
    try:
        text = xmp.strip(b"\0 \t\r\n").decode("utf-8")
        if is_too_large(xmp) or "<!DOCTYPE" in text:
            return None
        document = minidom.parseString(text.encode())
        if not _is_flat(document) or not document.getElementsByTagNameNS(RDF, "RDF"):
            return None
    except (UnicodeDecodeError, ExpatError):
        return None
    return document


def is_too_large(xmp: bytes) -> bool:
    """Whether a packet has more bytes, elements or attributes than are read."""
    return len(xmp) > LARGEST or xmp.count(b"<") + xmp.count(b"=") > _MOST


def _is_flat(document: minidom.Document) -> bool:
    level: list[Any] = [document]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in node.childNodes]
    return not level


def segments(packet: bytes) -> list[bytes]:
    """The contents of a JPEG's APP1 segments for an XMP packet that `parse_xmp` takes.

    Raises
    ------
    ValueError
        If not even its frame, without any property, fits.
    """
    if len(_STANDARD) + len(packet) <= _SEGMENT:
        return [_STANDARD + packet]
    packet = _xml(_without(packet, set(), kept=True))
    if len(_STANDARD) + len(packet) <= _SEGMENT:
        return [_STANDARD + packet]
    for moved in _choices(packet):
        body = _xml(_without(packet, moved, kept=False))
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest().upper()
        standard = _noted(_without(packet, moved, kept=True), digest)
        if len(_STANDARD) + len(standard) <= _SEGMENT:
            head = _EXTENSION + digest.encode()
            places = range(0, len(body), _ROOM)
            parts = [_HEAD.pack(len(body), at) + body[at : at + _ROOM] for at in places]
            return [_STANDARD + standard, *(head + part for part in parts)]
    raise ValueError("its XMP has no property that could be moved")


def _choices(packet: bytes) -> Iterator[set[int]]:
    """Choices of properties to move: as few of the largest as should do, then more, then all."""
    sizes = [len(_text(one).encode()) for one in _properties(_parsed(packet))]
    largest = sorted(range(len(sizes)), key=lambda number: -sizes[number])
    rest, count = len(packet), 0
    while count < len(sizes) and rest > _SEGMENT - 1000:  # what the frame may take
        rest, count = rest - sizes[largest[count]], count + 1
    for more in (count, count + (len(sizes) - count) // 2, len(sizes)):
        yield set(largest[:more])


def _parsed(packet: bytes) -> minidom.Document:
    document = parse_xmp(packet)
    if document is None:
        raise ValueError("its XMP is malformed")
    return document


def joined(packet: bytes, payloads: Iterable[bytes]) -> bytes | None:
    """Join a packet with the properties that it says are in other APP1 segments.

    Parameters
    ----------
    packet : bytes
        Of the standard segment, well-formed with an ``rdf:RDF``.
    payloads : iterable of bytes
        What all APP1 segments hold.

    Returns
    -------
    bytes or None
        The packet itself if it says nothing of others; None where they are not whole.
    """
    said = _SAID.search(packet)
    if said is None:
        return packet
    body = _assembled(said[1], payloads)
    if body is None:
        return None
    document, other = parse_xmp(packet), parse_xmp(body)
    if document is None or other is None:
        return None
    rdf = document.getElementsByTagNameNS(RDF, "RDF")[0]
    for one in _properties(document):
        if (one.namespaceURI, one.localName) == (_NOTE, "HasExtendedXMP"):
            _remove(one)
    for description in _descriptions(other):
        _declare_namespaces(description)
        rdf.appendChild(description)
    return _xml(document)


def _assembled(digest: bytes, payloads: Iterable[bytes]) -> bytes | None:
    """The extended packet of a digest, if its parts are there and it has that digest."""
    start = _EXTENSION + digest
    parts: dict[int, bytes] = {}
    for payload in payloads:
        if payload.startswith(start) and len(payload) >= len(start) + _HEAD.size:
            _, at = _HEAD.unpack_from(payload, len(start))
            parts[at] = payload[len(start) + _HEAD.size :]
    body = b"".join(parts[at] for at in sorted(parts))
    whole = hashlib.md5(body, usedforsecurity=False).hexdigest().encode()
    return body if whole == digest.lower() else None


def _properties(document: minidom.Document) -> list[Property]:
    """The properties of the packet's descriptions, in both forms that RDF has."""
    found: list[Property] = []
    for node in _descriptions(document):
        attributes = (node.attributes[name] for name in node.attributes.keys())  # noqa: SIM118
        found += [one for one in attributes if not _is_frame(one)]
        found += [child for child in node.childNodes if isinstance(child, minidom.Element)]
    return found


def _descriptions(document: minidom.Document) -> list[minidom.Element]:
    rdf = document.getElementsByTagNameNS(RDF, "RDF")[0]
    return [node for node in rdf.childNodes if isinstance(node, minidom.Element)]


def _is_frame(attribute: minidom.Attr) -> bool:
    """Whether it is no property: a namespace, or what the description is about."""
    return attribute.name.startswith("xmlns") or attribute.namespaceURI == RDF


def _text(one: Property) -> str:
    return one.value if isinstance(one, minidom.Attr) else one.toxml()


def _without(packet: bytes, moved: set[int], *, kept: bool) -> minidom.Document:
    """The packet with the properties that are kept or moved, and nothing else in it."""
    document = _parsed(packet)
    for number, one in enumerate(_properties(document)):
        if (number in moved) == kept:
            _remove(one)
    rdf = document.getElementsByTagNameNS(RDF, "RDF")[0]
    held = {
        id(one.ownerElement if isinstance(one, minidom.Attr) else one.parentNode)
        for one in _properties(document)
    }
    for node in _descriptions(document):
        if id(node) not in held:
            rdf.removeChild(node)
    parents: list[Any] = [rdf.parentNode, rdf, *rdf.childNodes]
    for parent in parents:
        for node in list(parent.childNodes):
            if not isinstance(node, minidom.Element):
                parent.removeChild(node)
    return document


def _remove(one: Property) -> None:
    if isinstance(one, minidom.Attr):
        owner: Any = one.ownerElement
        owner.removeAttributeNode(one)
    elif one.parentNode is not None:
        one.parentNode.removeChild(one)


def _noted(document: minidom.Document, digest: str) -> bytes:
    """The standard packet, which says where the rest is."""
    found = _descriptions(document)
    if not found:
        raise ValueError("its XMP has no small property")
    found[0].setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:xmpNote", _NOTE)
    found[0].setAttributeNS(_NOTE, "xmpNote:HasExtendedXMP", digest)
    return _xml(document)


def _xml(document: minidom.Document) -> bytes:
    assert document.documentElement is not None
    return document.documentElement.toxml().encode()


def _declare_namespaces(element: minidom.Element) -> None:
    """Write the namespaces that hold where an element is on the element itself."""
    above = element.parentNode
    while isinstance(above, minidom.Element):
        for name, value in above.attributes.items():
            if name.startswith("xmlns") and not element.hasAttribute(name):
                element.setAttribute(name, value)
        above = above.parentNode
