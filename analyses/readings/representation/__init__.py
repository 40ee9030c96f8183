"""What vectors such as thoughts hold: probes, subspaces and what becomes of answers where these are rewritten."""
