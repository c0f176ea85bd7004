"""A statement of one agreement and period, and its section 13 JSON (without `text`)."""
from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from books import Agreement, Client
from money import fixed, plain, round_money

KINDS = ["fee", "service", "block", "ticket", "time", "overage", "reserve", "late", "adjustment"]
TIMES = ["opening", "granted", "restored", "used", "forfeited", "closing", "overage", "charged",
         "included", "internal", "courtesy", "held", "actual", "billable"]


def quantity_of(seconds: int) -> tuple[Fraction, str]:
    """The printed quantity of a time: hours, else minutes, else seconds."""
    if seconds % 36 == 0:
        return Fraction(seconds, 3600), "hour"
    if seconds % 60 == 0:
        return Fraction(seconds, 60), "minute"
    return Fraction(seconds), "second"


class Statement:
    """Collects lines and times; prints them in section 13's order."""

    def __init__(self, client: Client, agreement: Agreement | None):
        self.client, self.agreement = client, agreement
        self.time = dict.fromkeys(TIMES, 0)
        self.reserve: dict[str, Fraction] | None = None
        self.count: dict[str, int] = {}
        self.entries = 0
        self.sums: dict[tuple, int] = defaultdict(int)
        self.lines: list[tuple[tuple, Fraction, dict]] = []

    def add_line(self, kind: str, unit: str, quantity: Fraction, price: Fraction,
                 tier: str | None = None) -> None:
        """A line that is not made of time; its place among equals is the order of adding."""
        amount = round_money(quantity * price, self.client.digits)
        self.append(kind, tier, None, None, None, quantity, unit, price, amount)

    def append(self, kind, tier, work_type, band, seconds, quantity, unit, price, amount) -> None:
        order = (KINDS.index(kind), tier or "", work_type or "", band or "",
                 price if kind in ("ticket", "time", "overage") else 0)
        self.lines.append((order, amount, {
            "kind": kind, "tier": tier, "work_type": work_type, "band": band, "seconds": seconds,
            "quantity": plain(quantity), "unit": unit, "price": plain(price),
            "amount": fixed(amount, self.client.digits)}))

    def add_time(self, kind: str, piece, rate: Fraction, seconds: int) -> None:
        """Charged or overage seconds, to be summed per tier, work type, band and rate."""
        self.sums[(kind, piece.entry.tier, piece.entry.work_type, piece.band, rate)] += seconds

    def close_time(self) -> None:
        """Turns the sums of charged and overage time into lines."""
        for (kind, tier, work_type, band, rate), seconds in self.sums.items():
            amount = round_money(seconds * rate / 3600, self.client.digits)
            self.append(kind, tier, work_type, band, seconds, *quantity_of(seconds), rate, amount)

    def sum_of(self, *kinds: str) -> Fraction:
        return sum((amount for _, amount, line in self.lines if line["kind"] in kinds), Fraction(0))

    def check(self) -> None:
        """The balance that a statement holds to the second."""
        time, reserve = self.time, self.reserve
        if (time["opening"] + time["granted"] + time["restored"]
                != time["used"] + time["forfeited"] + time["closing"]):
            raise AssertionError(f"{self.client.code}: the hours do not balance: {time}")
        if reserve and (reserve["opening"] + reserve["granted"]
                        != reserve["used"] + reserve["forfeited"] + reserve["closing"]):
            raise AssertionError(f"{self.client.code}: the reserve does not balance: {reserve}")

    def is_empty(self) -> bool:
        """No lines, entries, grants or opening balance."""
        reserve = self.reserve or {"opening": 0, "granted": 0}
        return not (self.lines or self.entries or self.time["granted"] or self.time["opening"]
                    or reserve["granted"] or reserve["opening"])

    def to_json(self) -> dict:
        digits = self.client.digits
        net = self.sum_of(*KINDS)
        tax = round_money(net * self.client.tax / 100, digits)
        return {
            "client": self.client.code,
            "agreement": self.agreement.name if self.agreement else None,
            "program": self.agreement.program if self.agreement else "ad-hoc",
            "currency": self.client.currency,
            "count": self.count,
            "time": self.time,
            "reserve": self.reserve and {k: fixed(v, digits) for k, v in self.reserve.items()},
            "lines": [line for _, _, line in sorted(self.lines, key=lambda line: line[0])],
            "net": fixed(net, digits), "tax": fixed(tax, digits),
            "total": fixed(net + tax, digits)}
