"""AstroTL: networks look at every source of a mosaic, the astronomer vets what they rank highest."""

__version__ = "0.1.0"
