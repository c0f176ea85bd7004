"""Compares two lists of section 13 results and words what differs."""
from __future__ import annotations

import json
from collections.abc import Iterator

Difference = tuple[str, object, object]
MISSING = "(missing)"


def walk(expected: object, got: object, path: str = "") -> Iterator[Difference]:
    """Every difference below a path; `text` is for people and left out."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in [*expected, *(key for key in got if key not in expected)]:
            if key != "text":
                below = f"{path}.{key}" if path else key
                yield from walk(expected.get(key, MISSING), got.get(key, MISSING), below)
    elif isinstance(expected, list) and isinstance(got, list):
        for n in range(max(len(expected), len(got))):
            left = expected[n] if n < len(expected) else MISSING
            right = got[n] if n < len(got) else MISSING
            yield from walk(left, right, f"{path}[{n}]")
    elif type(expected) is not type(got) or expected != got:
        yield path, expected, got


def keyed(statements: list[dict]) -> dict[tuple[str, str], dict]:
    return {(s.get("client", ""), s.get("agreement") or ""): s for s in statements}


def short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else text[:300] + " ..."


def report(expected: list[dict], got: list[dict], limit: int = 10) -> list[str]:
    """The first differences, each on one line: period, client, path, expected, got."""
    problems: list[str] = []
    periods = [period["period"] for period in got] if isinstance(got, list) else got
    if periods != [period["period"] for period in expected]:
        return [f"periods: expected {short([p['period'] for p in expected])}, got {short(periods)}"]
    for want, have in zip(expected, got):
        period = want["period"]
        left, right = keyed(want["statements"]), keyed(have.get("statements", []))
        if len(right) != len(have.get("statements", [])):
            problems.append(f"{period}: several statements of one client and agreement")
        order = list(right)
        if list(left) != order and sorted(left) == sorted(order):
            problems.append(f"{period}: statements: expected in the order {short(list(left))}, "
                            f"got {short(order)}")
        for key in sorted({*left, *right}):
            name = f"{period} {key[0]} {key[1] or '(no agreement)'}"
            if key not in left or key not in right:
                where = "expected, not got" if key in left else "got, not expected"
                statement = short(left.get(key) or right.get(key))
                problems.append(f"{name}: statement {where}: {statement}")
                continue
            problems += [f"{name}: {path}: expected {short(a)}, got {short(b)}"
                         for path, a, b in walk(left[key], right[key])]
        problems += [f"{period}: {path}: expected {short(a)}, got {short(b)}"
                     for path, a, b in walk({k: v for k, v in want.items() if k != "statements"},
                                            {k: v for k, v in have.items() if k != "statements"})]
        if len(problems) >= limit:
            return problems[:limit] + [f"... ({len(problems)} by {period})"]
    return problems
