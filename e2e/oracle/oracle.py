#!/usr/bin/env python3
"""The oracle: an independent reference implementation of the billing rules in programs.md.

    oracle.py BOOKS PERIOD [PERIOD ...]

prints the JSON list of section 13's results (without `text`) of the periods, in order, each as
issued before the next, from the earliest period that has anything. Standard library only, and
written from the rules page alone: where this and the program differ, one of them has a bug.
"""
from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import books as bookkeeping
import clock
from books import Books, Client
from engine import Account, PeriodRun
from statement import Statement


class Ledger:
    """The accounts of one client, billed month by month."""

    def __init__(self, books: Books, client: Client):
        self.books, self.client = books, client
        self.nobody = Account(None)
        self.accounts = [Account(agreement) for agreement in client.agreements]

    def earliest(self) -> date | None:
        """The first month that has work or an agreement."""
        days = [entry.day for entry in self.client.entries]
        days += [agreement.starts for agreement in self.client.agreements]
        return clock.first_of_month(min(days)) if days else None

    def successor(self, account: Account) -> Account | None:
        """The account of the agreement that starts on the day on which this one ends."""
        for other in self.accounts:
            if other is not account and other.agreement.starts == account.agreement.ends:
                return other
        return None

    def bill(self, month: date) -> list[Statement]:
        """The month's statements that are not empty, work without an agreement first."""
        end = clock.add_months(month, 1)
        entries = [e for e in self.client.entries if month <= e.day < end]
        lone = [e for e in entries
                if not any(a.agreement.in_force(e.day) for a in self.accounts)]
        statements = [PeriodRun(self.books, self.client, self.nobody, month).run(lone, None)]
        for account in self.accounts:
            agreement = account.agreement
            if agreement.starts < end and (agreement.ends is None or agreement.ends > month):
                own = [e for e in entries if agreement.in_force(e.day)]
                run = PeriodRun(self.books, self.client, account, month)
                statements.append(run.run(own, self.successor(account)))
        statements.sort(key=lambda s: s.agreement.name if s.agreement else "")
        return [s for s in statements if not s.is_empty()]


def run(folder: Path, periods: list[str]) -> list[dict]:
    """The results of the periods of a books folder."""
    books = bookkeeping.load(folder)
    ledgers = [Ledger(books, client) for client in books.clients]
    wanted = [date.fromisoformat(period + "-01") for period in periods]
    month = min([day for ledger in ledgers if (day := ledger.earliest())] + wanted)
    results = {}
    while month <= max(wanted):
        statements = [s.to_json() for ledger in ledgers for s in ledger.bill(month)]
        results[month] = {"period": f"{month:%Y-%m}", "statements": statements}
        month = clock.add_months(month, 1)
    return [results[day] for day in wanted]


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    json.dump(run(Path(sys.argv[1]), sys.argv[2:]), sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
