"""Seeing: a page's picture put right where a measure says so, kept only where it is read better. Boxes stay those shown."""
