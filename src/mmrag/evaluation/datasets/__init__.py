"""Data sets as their publishers lay the files out, read from a local folder. Nothing is ever downloaded."""
