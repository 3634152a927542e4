"""The report as one self-contained HTML page: plots as inline SVG, page crops as data URIs, nothing from outside."""
