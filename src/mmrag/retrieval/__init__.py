"""Finding evidence: several ways of searching at once, fused; and keeping the vector index in step."""
