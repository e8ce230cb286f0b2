"""Small pictures, and what files say of pictures."""

from __future__ import annotations

import numpy as np
import PIL.Image
from PIL import ExifTags, ImageCms

from facelab.images import Image
from facelab.images.image import from_integers

NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "ext": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}

XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="' + NAMES["rdf"] + '">'
    '<rdf:Description rdf:about="uuid:1" xmlns:q="' + NAMES["dc"] + '"'
    ' xmlns:dc="urn:not-dublin-core" dc:description="kept"'
    ' xmlns:xmp="' + NAMES["xmp"] + '" xmp:Rating="4" xmlns:e="' + NAMES["ext"] + '"'
    ' e:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture">'
    "<q:creator><rdf:Seq><rdf:li>Someone</rdf:li></rdf:Seq></q:creator>"
    '<q:description><rdf:Alt><rdf:li xml:lang="x-default">A &amp; B</rdf:li>'
    '<rdf:li xml:lang="de">Bild</rdf:li></rdf:Alt></q:description>'
    "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
).encode()
ORIENTATION = ExifTags.Base.Orientation
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def integers(*shape, bits=8, seed=0):
    kind = np.uint8 if bits == 8 else np.uint16
    return np.random.default_rng(seed).integers(0, 2**bits, shape, dtype=kind)


def photo(height=24, width=31):
    """A smooth picture, which JPEG keeps nearly as it is."""
    v, u = np.mgrid[:height, :width]
    colours = np.dstack([u * 6, v * 9, 255 - u * 3 - v * 4])
    return colours.astype(np.uint8)


def full_exif():
    exif = PIL.Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    exif[ORIENTATION] = 6
    exif[ExifTags.IFD.Exif] = {0x9003: "2020:01:02 03:04:05", 0xA002: 31, 0xA003: 24}
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (1.0, 2.0, 3.0)}
    return exif


def small():
    return Image(from_integers(photo()))
