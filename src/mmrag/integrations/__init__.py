"""mmrag in other people's frameworks: the tools and answers of a store for MCP hosts and for LlamaIndex.

Nothing here is imported by ``import mmrag``; a framework's package is loaded with the module that speaks to it.
"""
