"""The sample documents: drawn from invented data with a fixed seed, then aged like paper, scans and photos."""
