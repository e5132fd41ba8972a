"""How the models work: encoders, rankers, similarity. No Qt."""
