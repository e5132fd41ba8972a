"""The same verbs over many mosaics, on a cluster."""
