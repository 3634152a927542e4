"""Search a store with a LlamaIndex retriever: python examples/llama_index_retriever.py STORE QUERY"""

import sys

from llama_index.core.schema import ImageNode

from mmrag.integrations.llama_index import MMRagRetriever, MMRagStore


def main(path: str, query: str) -> None:
    with MMRagStore(path) as store:
        for found in MMRagRetriever(store, k=5).retrieve(query):
            place = found.metadata
            picture = ", with its picture" if isinstance(found.node, ImageNode) else ""
            print(f"{found.get_score():.2f}  {place['document']}, page {place['page']}, box {place['bbox']}{picture}")
            print(f"      {found.text[:100]}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
