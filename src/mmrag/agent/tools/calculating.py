"""The calculator: arithmetic on exact decimals, through simpleeval and never through ``eval``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, localcontext

from pydantic import Field

from mmrag.agent.tools.base import Arguments, ToolParts
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.errors import UsageError
from mmrag.ports import PageRef

_MOST_POWER = 64
_MOST_DIGITS = 60
_CONTEXT = Context(prec=34)


class Calculate(Arguments):
    expression: str = Field(
        min_length=1, max_length=500, description="Numbers, + - * / % ** ( ), and sum, min, max, abs, round, mean."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculated:
    expression: str
    value: Decimal
    element_ids: tuple[str, ...] = ()
    shows: tuple[PageRef, ...] = ()
    pictures: tuple[ImagePart, ...] = ()

    def to_json(self) -> Json:
        return {"expression": self.expression, "value": f"{self.value:f}"}


async def calculate(arguments: Calculate, _parts: ToolParts) -> Calculated:
    """The value of ``expression`` in exact decimals. Raises ``UsageError`` when it is none, or divides by zero."""
    return Calculated(expression=arguments.expression, value=value_of(arguments.expression))


def value_of(expression: str) -> Decimal:
    """The value of ``expression``. Raises ``UsageError``."""
    from simpleeval import InvalidExpression, SimpleEval

    functions = {"sum": _sum, "mean": _mean, "min": min, "max": max, "abs": abs, "round": _round}
    evaluator = SimpleEval(operators=_OPERATORS, functions=functions, names={})
    evaluator.nodes = {
        kind: node for kind, node in evaluator.nodes.items() if kind in (ast.Expr, ast.UnaryOp, ast.BinOp, ast.Call)
    }
    text = expression.strip()
    evaluator.nodes[ast.Constant] = lambda node: _constant(node, text)
    try:
        with localcontext(_CONTEXT):
            value = evaluator.eval(text)
    except (InvalidExpression, SyntaxError, DecimalException, TypeError, ValueError, RecursionError, MemoryError) as error:
        why = str(error) or type(error).__name__
        raise UsageError(f"calculate: {expression[:80]!r} cannot be worked out: {why}") from error
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise UsageError(f"calculate: {expression[:80]!r} gives no number.")
    return value


def _constant(node: ast.Constant, text: str) -> Decimal:
    """The number as it is written: no digit is lost on the way through a binary fraction."""
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise TypeError("only numbers are taken")
    return Decimal(ast.get_source_segment(text, node) or repr(node.value))


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    if abs(exponent) > _MOST_POWER:
        raise ValueError(f"powers go up to {_MOST_POWER}")
    return base**exponent


def _sum(*values: Decimal) -> Decimal:
    return sum(values, Decimal(0))


def _mean(*values: Decimal) -> Decimal:
    return _sum(*values) / len(values)


def _round(value: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    return round(value, int(places))


_OPERATORS: dict[type[ast.operator] | type[ast.unaryop], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
