"""Keep a store up to date with a folder: python examples/watch_folder.py FOLDER [--every SECONDS] [--rounds N]

Files that came are read, files that changed are read again, files that went are forgotten. A round in which nothing changed
reads no page. End it with Ctrl-C: whatever was stored stays.
"""

import argparse
import asyncio
import contextlib
from collections.abc import Callable

import mmrag


async def watch(folder: str, every: float, rounds: int | None, tell: Callable[[str], None] = print) -> None:
    done, told = 0, set[tuple[str, str]]()
    async with mmrag.open() as store:
        while rounds is None or done < rounds:
            if done:
                await asyncio.sleep(every)
            done += 1
            try:
                report = await store.ingest([folder], prune=True)
            except mmrag.StoreBusyError as busy:
                tell(f"not this time: {busy}")
                continue
            for file in report.documents:
                if file.status != "unchanged" and (file.document, file.sha256) not in told:
                    told.add((file.document, file.sha256))
                    tell(f"{file.status}: {file.document} ({file.reason or f'{file.pages} pages'})")
            for name in report.removed:
                tell(f"removed: {name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Keep a store up to date with a folder.")
    parser.add_argument("folder")
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="how often to look (default: 5)")
    parser.add_argument("--rounds", type=int, default=None, metavar="N", help="how often at most (default: for ever)")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(watch(options.folder, options.every, options.rounds))
