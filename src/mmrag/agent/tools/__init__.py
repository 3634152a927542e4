"""What an agent can do with a store, as plain async functions with typed arguments and results.

``build_tools`` gives them by name. Each checks its arguments with pydantic, returns a frozen result that carries the ids of
the elements it shows, and bounds what it returns. They read one store and nothing else: no path, no address, no writing.
"""

from mmrag.agent.tools.base import Tool, Toolbox, ToolParts, ToolResult, as_text
from mmrag.agent.tools.registry import build_tools

__all__ = ["Tool", "ToolParts", "ToolResult", "Toolbox", "as_text", "build_tools"]
