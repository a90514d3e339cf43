"""What an expression asks for: selectors and grouping labels, read from Prometheus' own grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass

import promql_parser

from grafana.generate import recordings
from grafana.generate.names import OF_THE_TARGET, series

# What Grafana puts in place before it asks.
GRAFANA = {"$__rate_interval": "5m", "$carrier": ".*", "$group": ".*", "$vantage": ".*", "$account": "tanaka"}


@dataclass(frozen=True)
class Selector:
    metric: str
    labels: frozenset[str]


@dataclass(frozen=True)
class Asked:
    selectors: tuple[Selector, ...]
    grouping: frozenset[str]  # labels in by (), on (), group_left ()
    longest: float  # range in seconds


def known() -> dict[str, frozenset[str]]:
    """Every series that exists, scraped or recorded, with its labels."""
    return series() | {rule.record: frozenset(rule.by) for rule in recordings()}


def with_variables(expr: str) -> str:
    for name, value in GRAFANA.items():
        expr = expr.replace(name, value)
    assert "$" not in expr, expr
    return expr


def asked(expr: str) -> Asked:
    """Raises ValueError where it is no PromQL."""
    selectors: list[Selector] = []
    grouping: set[str] = set()
    longest = [0.0]

    def visit(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            labels = frozenset(matcher.name for matcher in node.matchers.matchers)
            selectors.append(Selector(node.name or "", labels))
        elif isinstance(node, promql_parser.MatrixSelector):
            longest.append(node.range.total_seconds())
        elif isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            grouping.update(node.modifier.labels)
        elif isinstance(node, promql_parser.BinaryExpr) and node.modifier:
            grouping.update(re.findall(r"\w+", " ".join(matching(expr))))
        return True

    promql_parser.walk(promql_parser.parse(expr), visit)
    return Asked(tuple(selectors), frozenset(grouping), max(longest))


def selectors(expr: str) -> tuple[str, ...]:
    """The instant selectors of an expression, without range and offset, as they would be asked for themselves."""
    found: list[str] = []

    def visit(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            found.append(re.sub(r" offset \S+$", "", node.prettify()))
        return True

    promql_parser.walk(promql_parser.parse(expr), visit)
    return tuple(found)


def matching(expr: str) -> list[str]:
    return re.findall(r"\b(?:on|group_left|group_right) \(([^)]*)\)", expr)


def faults(expr: str) -> list[str]:
    """Names that do not exist, and labels that their series do not carry."""
    found, everything = asked(expr), known()
    wrong = [f"{one.metric} does not exist" for one in found.selectors if one.metric not in everything]
    here = [(one, everything[one.metric]) for one in found.selectors if one.metric in everything]
    wrong += [f"{one.metric} has no {sorted(one.labels - labels)}" for one, labels in here if one.labels - labels]
    together = frozenset[str]().union(*(labels for _, labels in here)) | OF_THE_TARGET
    return wrong + [f"nothing has the label {label}" for label in sorted(found.grouping - together)]
