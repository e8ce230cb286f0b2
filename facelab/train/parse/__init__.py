"""Training of `facelab.models.faceparse`: pictures whose parts are known, and the loss."""
