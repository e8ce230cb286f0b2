"""Where the faces of a photograph are."""
