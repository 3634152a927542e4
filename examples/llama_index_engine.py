"""Answer with mmrag inside a LlamaIndex app: python examples/llama_index_engine.py STORE QUESTION"""

import sys

from mmrag.integrations.llama_index import MMRagQueryEngine, MMRagStore


def main(path: str, question: str) -> None:
    with MMRagStore(path) as store:
        response = MMRagQueryEngine(store).query(question)
    print(response)
    for source in response.source_nodes:
        place = source.metadata
        print(f"  {place.get('verdict', 'nearest')}: {place['document']}, page {place['page']}, box {place['bbox']}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
