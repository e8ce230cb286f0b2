"""The networks, and what runs them; with `facelab.train` the only room that imports torch."""
