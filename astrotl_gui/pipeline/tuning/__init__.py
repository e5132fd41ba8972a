"""What fine-tuning is made of: sources as maps, and folds of their labels."""
