"""Rival methods of ranking, for comparison: each gets the same embeddings and statistics as the ranker."""
