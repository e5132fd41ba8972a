"""What `evaluate` is made of: labelled sets, protocols, the played loop, its marks, tables and curves."""
