"""Ingest a folder and ask one question: python examples/ask_in_twenty_lines.py FOLDER QUESTION"""

import asyncio
import sys

import mmrag


async def main(folder: str, question: str) -> None:
    async with mmrag.open() as store:
        await store.ingest([folder])
        answer = await store.ask(question)
    print(answer.answer or f"No answer: {answer.abstention.detail if answer.abstention else ''}")
    for claim in answer.claims:
        for place in claim.citations:
            print(f"  {claim.verdict}: {place.quote!r} in {place.document}, page {place.page}, box {place.bbox.as_tuple()}")


if __name__ == "__main__":  # the reading processes import this file too
    asyncio.run(main(sys.argv[1], sys.argv[2]))
