"""What things are: mosaics, catalogs, labels, projects. No Qt, no torch."""
