"""Where a face is in space: its pose, what it hides of itself, how it moves."""
