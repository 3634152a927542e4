"""Draws synthetic documents: each a picture, what is true of it, and captions. Everything is a pure function of a seed."""
