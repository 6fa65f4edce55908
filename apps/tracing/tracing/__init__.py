"""A door before a collector of traces that cannot ask for client certificates."""
