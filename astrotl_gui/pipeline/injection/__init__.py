"""Drawing rare objects into the user's own sources, as the mosaic would show them."""
