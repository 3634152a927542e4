"""Layout by geometry: printed lines, columns, blocks, key-value pairs, tables and figures of one page."""
