"""The parts of the simulated sky: what is in it (galaxies, stars, lenses, ...) and what looks at it (the instrument)."""
