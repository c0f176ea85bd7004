#!/usr/bin/env python3
"""Compares a program with the oracle: compare.py BINARY [--seeds A..B] [--jobs N] [--keep DIR].

For each seed it writes random books to a temporary folder, runs
`BINARY bill FIRST..LAST --books DIR --json` and compares every field of the printed list (but
`text`) with the oracle's. The first differences are printed, and the books of a failing seed are
kept. Exits 1 on any difference and closes with `N passed, M failed`.
"""
from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import books as bookkeeping
import clock
import oracle
from difference import report
from random_books import BooksMaker

SHOWN = 10


def periods_of(folder: Path) -> list[str]:
    """Every period from the first that has anything to the month after the last work."""
    ledgers = [oracle.Ledger(None, client) for client in bookkeeping.load(folder).clients]
    days = [day for ledger in ledgers if (day := ledger.earliest())]
    last = max(entry.day for ledger in ledgers for entry in ledger.client.entries)
    month, periods = min(days), []
    while month <= clock.add_months(clock.first_of_month(last), 1):
        periods.append(f"{month:%Y-%m}")
        month = clock.add_months(month, 1)
    return periods


def bill(binary: str, folder: Path, periods: list[str], timeout: int) -> list[dict] | str:
    """The program's results, or what went wrong."""
    command = [binary, "bill", f"{periods[0]}..{periods[-1]}", "--books", str(folder), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{' '.join(command)}: {error}"
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip()
        return f"{' '.join(command)}: exit code {done.returncode}: {message[:2000]}"
    try:
        return json.loads(done.stdout.decode("utf-8"))
    except ValueError as error:
        return f"{' '.join(command)}: no JSON: {error}: {done.stdout[:200]!r}"


def check_seed(seed: int, binary: str, keep: Path, timeout: int) -> tuple[int, list[str]]:
    """A seed's differences, none if all is equal; keeps the folder of a failing one."""
    folder = Path(tempfile.mkdtemp(prefix=f"books-{seed}-"))
    try:
        BooksMaker(seed, folder).make()
        periods = periods_of(folder)
        if seed % 4 == 3:  # a range that begins later: the unbilled periods before it count
            periods = periods[len(periods) // 2:]
        got = bill(binary, folder, periods, timeout)
        problems = [got]
        if not isinstance(got, str):
            expected = oracle.run(folder, periods)
            try:
                problems = report(expected, got, limit=SHOWN)
            except (AttributeError, KeyError, TypeError) as error:
                problems = [f"not section 13's shape: {error!r}"]
        if problems:
            kept = keep / f"seed-{seed}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept)
            problems.append(f"books kept in {kept}")
        return seed, problems
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seed_range(text: str) -> range:
    """`A..B` (both included), or one seed."""
    low, _, high = text.partition("..")
    return range(int(low), int(high or low) + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--seeds", type=seed_range, default=seed_range("1..20"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--timeout", type=int, default=120, help="seconds for one run")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "oracle-failed",
                        help="where the books of failing seeds are kept")
    options = parser.parse_args()
    passed = failed = 0
    check = partial(check_seed, binary=options.binary, keep=options.keep, timeout=options.timeout)
    with ProcessPoolExecutor(max_workers=options.jobs) as pool:
        for seed, problems in pool.map(check, options.seeds):
            passed, failed = passed + (not problems), failed + bool(problems)
            if problems:
                print(f"seed {seed}:")
                print("\n".join(f"  {problem}" for problem in problems), flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
