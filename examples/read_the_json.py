"""Say where each claim of an answer stands: mmrag ask "..." --json | python examples/read_the_json.py"""

import json
import sys
from typing import Any


def lines_of(answer: dict[str, Any]) -> list[str]:
    """What a program gets out of the JSON: the answer or the reason for none, and a place on a page for every claim."""
    if answer["status"] == "abstained":
        lines = [f"refused ({answer['abstention']['reason']}): {answer['abstention']['detail']}"]
        nearest = answer["evidence"][:1]
        return lines + [f"nearest: {hit['document']}, page {hit['page']}: {hit['text']!r}" for hit in nearest]
    lines = [f"{answer['answer']}  (confidence {answer['confidence']:.2f}, ${answer['cost']['usd']})"]
    for claim in answer["claims"]:
        lines.append(f"{claim['text']}: {claim['verdict']}, checked by {claim['method']}")
        for place in claim["citations"]:
            x0, y0, x1, y1 = place["bbox"]  # fractions of the page as displayed, origin at the top left
            across, down = round(100 * (x0 + x1) / 2), round(100 * (y0 + y1) / 2)
            lines.append(f"  {place['document']}, page {place['page']}: {place['quote']!r}, {across}% across, {down}% down")
    return lines


if __name__ == "__main__":
    print("\n".join(lines_of(json.load(sys.stdin))))
