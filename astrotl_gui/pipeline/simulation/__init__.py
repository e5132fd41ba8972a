"""The parts of the simulated sky: what is in it (galaxies, stars, ...) and what looks at it (the instrument)."""
