#!/usr/bin/env python3
"""Checks the oracle against the worked cases: check_cases.py [CASES_DIR]; exits 1 on a difference.

`text` is left out of the comparison on both sides.
"""
from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import oracle
from difference import report

DEFAULT = Path(os.environ.get("CASES", "/work/shared/rules/cases"))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    passed = failed = 0
    for case in sorted(path.parent for path in folder.glob("*/expected.json")):
        expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
        got = oracle.run(case / "books", [period["period"] for period in expected])
        problems = report(expected, got, limit=20)
        print(f"{case.name}: {'equal' if not problems else 'DIFFERENT'}")
        for problem in problems:
            print(f"  {problem}")
        passed, failed = passed + (not problems), failed + bool(problems)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
