"""A store as an MCP server: its tools, its documents as resources, and ``ask`` with progress.

The server only reads. What it gives out is what stands in documents, as data: names are titles and never parts of addresses,
and no address that stands in a document is followed.
"""

from mmrag.integrations.mcp.asking import Streams
from mmrag.integrations.mcp.serving import Context, SessionOf, build_server, serve_stdio

__all__ = ["Context", "SessionOf", "Streams", "build_server", "serve_stdio"]
