"""The names that `import facelab` promises."""

import subprocess
import sys

import pytest

import facelab


def test_public_names_are_sorted_and_there():
    assert facelab.__all__ == sorted(facelab.__all__)
    for name in facelab.__all__:
        assert getattr(facelab, name).__name__ == name


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = facelab.nonsense


def test_importing_facelab_loads_no_library():
    code = "import sys, facelab; print([m for m in ('numpy', 'cv2', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
