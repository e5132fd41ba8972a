"""Cutouts that somebody else made: reading them, and laying them out as one image a band."""
