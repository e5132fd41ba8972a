"""What a mosaic looks like in numbers: the parts of `pipeline.describe` and `pipeline.compare`."""
