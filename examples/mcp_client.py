"""Ask a store over MCP as a host does, with progress: python examples/mcp_client.py STORE QUESTION"""

import asyncio
import sys
from pathlib import Path

from mcp import Client, StdioServerParameters

MMRAG = str(Path(sys.executable).with_name("mmrag"))


async def main(store: str, question: str) -> None:
    async def tell(progress: float, total: float | None, message: str | None) -> None:
        print(f"{progress:.0f}. {message}", file=sys.stderr)

    server = StdioServerParameters(command=MMRAG, args=["mcp", "--store", store, "--offline"])
    async with Client(server) as client:
        result = await client.call_tool("ask", {"question": question}, progress_callback=tell)
        for block in result.content:
            print(getattr(block, "text", None) or getattr(block, "uri", f"<{block.type}>"))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
