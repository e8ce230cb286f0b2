"""How right reconstructors are: on heads of known geometry, with themselves, on labelled sets.

photographs -> pictures with their truth -> every method -> errors (`measures`) -> `table`
"""

from __future__ import annotations

PARTS = ("rendered", "consistency", "labelled")
METHODS = ("map", "mesh", "fit", "prn")
