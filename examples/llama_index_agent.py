"""A LlamaIndex FunctionAgent that works with a store: python examples/llama_index_agent.py STORE QUESTION

The model is any server that speaks OpenAI's chat completions and calls tools (llama.cpp, Ollama, vLLM, a hosted one):
OPENAI_BASE_URL, MODEL and OPENAI_API_KEY say which. Needs ``pip install llama-index-llms-openai-like``.
"""

import asyncio
import os
import sys
from importlib import import_module

from llama_index.core.agent.workflow import FunctionAgent, ToolCallResult

from mmrag.integrations.llama_index import MMRagStore, aload_tools

TASK = "Answer from the documents with the tools. Use ask_documents first. Give the value, the document and the page."


async def main(path: str, question: str) -> None:
    model = import_module("llama_index.llms.openai_like").OpenAILike(
        model=os.environ.get("MODEL", "local"),
        api_base=os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1"),
        api_key=os.environ.get("OPENAI_API_KEY", "none"),
        is_chat_model=True,
        is_function_calling_model=True,
    )
    with MMRagStore(path) as store:
        agent = FunctionAgent(tools=[*await aload_tools(store)], llm=model, system_prompt=TASK)
        run = agent.run(question)
        async for event in run.stream_events():
            if isinstance(event, ToolCallResult):
                gave = str(event.tool_output.content)[:120]
                print(f"  {event.tool_name}({event.tool_kwargs}) -> {gave!r}", file=sys.stderr)
        print(await run)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
