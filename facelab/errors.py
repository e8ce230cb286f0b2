"""The exceptions facelab raises.

    FacelabError                 exit code 1
    ├── UsageError               2   a wrong option, key or value
    ├── ImageError               1   a file that is not a readable photograph
    ├── OutputError              1   a file that cannot be written
    ├── NoFaceError              3   no face, or not the one asked for
    └── WeightsError             4   weights missing or damaged

Every message is one line that names the file or key, the reason and the remedy.
"""

from __future__ import annotations


class FacelabError(Exception):
    """Anything that facelab refuses or fails to do.

    Examples
    --------
    >>> try:
    ...     facelab.read("nowhere.jpg")
    ... except facelab.FacelabError as error:
    ...     error.exit_code
    1
    """

    exit_code = 1


class UsageError(FacelabError):
    """The caller asked for something that does not exist or does not fit.

    Examples
    --------
    >>> model(np.full((64, 64, 3), 200.0))
    Traceback (most recent call last):
    facelab.errors.UsageError: image: floats from 200 to 200; they look like 0 to 255: divide by ...
    """

    exit_code = 2


class ImageError(FacelabError):
    """An input file cannot be read as a photograph.

    Examples
    --------
    >>> model("nowhere.jpg")
    Traceback (most recent call last):
    facelab.errors.ImageError: nowhere.jpg: no such file; check the path
    """


class OutputError(FacelabError):
    """An output file cannot be written; nothing was left half-written.

    Examples
    --------
    >>> facelab.write("no-such-folder/grey.png", np.zeros((8, 8), np.uint8))
    Traceback (most recent call last):
    facelab.errors.OutputError: no-such-folder/grey.png: ...
    """


class NoFaceError(FacelabError):
    """The image has no face, or not the face that was asked for.

    Examples
    --------
    >>> facelab.Recipe([])(np.zeros((64, 64, 3), np.uint8), model=model)
    Traceback (most recent call last):
    facelab.errors.NoFaceError: image: no face found; use a photograph with a face of 32 px ...
    """

    exit_code = 3


class WeightsError(FacelabError):
    """A weights file is missing or does not have the recorded sha256.

    Examples
    --------
    >>> facelab.load_model(weights="nowhere.safetensors")
    Traceback (most recent call last):
    facelab.errors.WeightsError: nowhere.safetensors: ...
    """

    exit_code = 4
