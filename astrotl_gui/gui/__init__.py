"""What the user sees. Nothing here imports torch at import time."""
