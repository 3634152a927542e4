"""Draws documents with captions, and trains the compact CLIP and BLIP on them. Not part of the installed package."""
