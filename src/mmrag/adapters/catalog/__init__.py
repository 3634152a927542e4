"""The record of truth in SQLite: reading, searching, writing, and feeding the vector index."""
