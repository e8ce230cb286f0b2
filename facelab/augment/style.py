"""How the samples of a data set are written, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass

from facelab.augment.labels import Record, describe, identities
from facelab.augment.maps import MAPS, encode, maps
from facelab.augment.sample import Sample
from facelab.errors import UsageError
from facelab.export.subject import Subject
from facelab.images import Image, encoded
from facelab.numerics.arrays import Float
from facelab.provenance import ENHANCED, composite, mark

SENTENCE = "Faces in this image were augmented by facelab."


@dataclass(frozen=True, slots=True)
class Style:
    """The settings that all samples of a data set share.

    Parameters
    ----------
    seed : int
        Of the data set, for the records.
    suffix : str
        Of the images, such as ``.jpg``, where the format leaves the choice.
    quality : int, optional
        Of JPEG, WebP and AVIF; by default as `facelab.images.write` says.
    maps : tuple of str
        Which maps are written; names of `facelab.augment.maps.MAPS`.
    consent : str
        What is said of the people shown, a name of `facelab.constants.CONSENT`.

    Raises
    ------
    UsageError
        If a map is unknown.
    """

    seed: int
    suffix: str = ".jpg"
    quality: int | None = None
    maps: tuple[str, ...] = tuple(MAPS)
    consent: str = "unspecified"

    def __post_init__(self) -> None:
        for name in self.maps:
            if name not in MAPS:
                raise UsageError(f"maps: {name!r} is unknown; use some of {', '.join(MAPS)}")

    def picture(self, name: str, sample: Sample) -> bytes:
        """A sample's image as a file of that name, marked in its XMP as what it is."""
        people = len(identities(sample))
        source_type = composite(self.consent) if people > 1 else ENHANCED
        return self.marked(name, sample.image, source_type)

    def marked(self, name: str, pixels: Float, source_type: str) -> bytes:
        """An image ``(H, W, 3)`` as a file of that name that says it was augmented."""
        xmp = mark(None, source_type=source_type, description=SENTENCE)
        return encoded(name, Image(pixels), xmp=xmp, quality=self.quality)

    def archive(self, name: str, sample: Sample, subject: Subject) -> dict[str, bytes]:
        """The archive of a sample's maps under its name; nothing where none is wanted."""
        return {name: encode(maps(sample, subject, self.maps))} if self.maps else {}

    def record(self, sample: Sample, subject: Subject, image: str, archive: str) -> Record:
        """The label record of a sample, with the names of its image and of its maps' archive."""
        files = {"image": image, "maps": archive} if self.maps else {"image": image}
        return describe(sample, subject, self.seed, files)
