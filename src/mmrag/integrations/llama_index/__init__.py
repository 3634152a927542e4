"""A store inside a LlamaIndex app: retriever, query engine, tools, and its vectors, all read-only.

    from mmrag.integrations.llama_index import MMRagQueryEngine, MMRagRetriever, MMRagStore, load_tools

    store = MMRagStore("my-store")
    nodes = MMRagRetriever(store, k=5).retrieve("invoice from Fernhill")
    response = MMRagQueryEngine(store).query("What is the total of the invoice from Fernhill?")
    agent = FunctionAgent(tools=[*load_tools(store)], llm=llm)

Needs ``pip install "mmrag[llamaindex]"``. Each takes a path, an ``MMRagStore`` to share, or an open ``mmrag.Session``.
"""

from mmrag.integrations.llama_index.engine import MMRagQueryEngine
from mmrag.integrations.llama_index.retriever import MMRagRetriever
from mmrag.integrations.llama_index.store import MMRagStore, StoreLike
from mmrag.integrations.llama_index.tools import aload_tools, load_tools
from mmrag.integrations.llama_index.vectors import MMRagEmbedding, MMRagVectorStore

__all__ = [
    "MMRagEmbedding",
    "MMRagQueryEngine",
    "MMRagRetriever",
    "MMRagStore",
    "MMRagVectorStore",
    "StoreLike",
    "aload_tools",
    "load_tools",
]
