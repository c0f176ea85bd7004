"""Bills one agreement period by period: sections 2 to 11 of programs.md.

`Account` holds what an agreement carries from period to period (pools, tickets); `run_period`
makes one statement of it. Section 13's printing is in statement.py.
"""
from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import clock
from books import CLASSES, Agreement, Books, Client, Entry
from money import exact, half_up, round_money
from statement import Statement

ROLLED, ALLOWANCE, BLOCK = 0, 1, 2


@dataclass
class Pool:
    """Prepaid seconds (or money, in a reserve); it serves days in [granted, expires)."""
    kind: int
    granted: date
    expires: date | None
    size: Fraction | int
    left: Fraction | int

    def order(self) -> tuple:
        return (self.kind, self.expires or date.max, self.granted)

    def serves(self, day: date) -> bool:
        return self.granted <= day and (self.expires is None or day < self.expires)


@dataclass
class Slice:
    """A part of an entry in one band."""
    entry: Entry
    start: int
    day: date
    band: str
    seconds: int


@dataclass
class Account:
    """What an agreement (or, with None, work without one) carries between periods."""
    agreement: Agreement | None
    pools: list[Pool] = field(default_factory=list)
    reserve: list[Pool] = field(default_factory=list)
    tickets: dict[tuple[str, str], int] = field(default_factory=dict)
    has_blocks: bool = False


def price_rate(rates: list[dict], tier: str, work_type: str) -> dict | None:
    """The most specific of the rates: tier and work type, work type, tier, default."""
    for wanted in [(tier, work_type), (None, work_type), (tier, None), (None, None)]:
        for rate in rates:
            if (rate.get("tier"), rate.get("work_type")) == wanted:
                return rate
    return None


class PeriodRun:
    """One agreement's work in one period."""

    def __init__(self, books: Books, client: Client, account: Account, month: date):
        self.books, self.client, self.account = books, client, account
        self.agreement = account.agreement
        self.month, self.next_month = month, clock.add_months(month, 1)
        self.first, self.end = month, self.next_month
        if self.agreement:
            self.first = max(month, self.agreement.starts)
            self.end = min(self.end, self.agreement.ends or self.end)
        self.ending = bool(self.agreement and self.agreement.ends == self.end)
        self.statement = Statement(client, self.agreement)
        self.ticket_counts: dict[tuple[str, Fraction], int] = defaultdict(int)
        self.bought = 0
        self.overage_money = Fraction(0)

    def clause(self, name: str) -> dict:
        return (self.agreement.clause(name) if self.agreement else None) or {}

    def has(self, name: str) -> bool:
        return bool(self.agreement) and self.agreement.clause(name) is not None

    def share(self, clause: dict) -> Fraction:
        """Days in force / days of the period, when the clause is prorated."""
        if clause.get("proration", "none") != "daily":
            return Fraction(1)
        return Fraction((self.end - self.first).days, (self.next_month - self.month).days)

    def count(self, clause: dict) -> dict[str, int]:
        return self.client.count(clause.get("count", "first-day"), self.first, self.end)

    # -- section 3: grants ---------------------------------------------------------------

    def grant(self) -> None:
        """Opening balances, then this period's allowance, reserve and blocks."""
        account, statement = self.account, self.statement
        statement.time["opening"] = sum(pool.left for pool in account.pools)
        if self.has("allowance"):
            self.grant_allowance(self.clause("allowance"))
        if self.has("reserve"):
            statement.reserve = dict.fromkeys(
                ["opening", "granted", "used", "forfeited", "closing"], Fraction(0))
            statement.reserve["opening"] = sum((p.left for p in account.reserve), Fraction(0))
            self.grant_reserve(self.clause("reserve"))
        blocks = self.agreement.blocks if self.agreement else []
        account.has_blocks = account.has_blocks or bool(blocks)
        for block in sorted(blocks, key=lambda block: block["bought"]):
            if self.first <= block["bought"] < self.end:
                self.buy_block(block, block["bought"])

    def grant_allowance(self, clause: dict) -> None:
        months, times = clause.get("settle_months", 1), 1
        expires = self.next_month
        if months > 1:
            since = clock.month_number(self.month) - clock.month_number(self.agreement.starts)
            if since % months:
                return
            times, expires = months, clock.add_months(self.month, months)
        if "fixed_minutes" in clause:
            minutes = exact(clause["fixed_minutes"])
        else:
            per_class = clause.get("minutes") or {
                "workstation": {"stable": 15, "heavy": 30}[clause["environment"]]}
            count = self.count(clause)
            minutes = sum((exact(m) * count[cls] for cls, m in per_class.items()), Fraction(0))
        size = minutes * times * self.share(clause)
        size = int(half_up(size) * 60 if self.share(clause) != 1 else half_up(size * 60))
        self.add_pool(Pool(ALLOWANCE, self.first, expires, size, size))

    def grant_reserve(self, clause: dict) -> None:
        if "fixed_amount" in clause:
            money = exact(clause["fixed_amount"])
        else:
            count = self.count(clause)
            minutes = sum((exact(m) * count[cls] for cls, m in clause["minutes"].items()),
                          Fraction(0))
            money = minutes / 60 * exact(clause["rate"])
        money = round_money(money * self.share(clause), self.client.digits)
        self.account.reserve.append(Pool(ALLOWANCE, self.first, self.next_month, money, money))
        self.statement.reserve["granted"] = money

    def add_pool(self, pool: Pool) -> None:
        self.account.pools.append(pool)
        self.statement.time["granted"] += pool.size

    def buy_block(self, block: dict, day: date) -> None:
        """Grants a block (also a replenished one, that never expires) and prints its line."""
        expires, months = None, block.get("expires_months")
        if months is not None:
            expires = date.fromordinal(clock.add_months(day, months).toordinal() + 1)
        size = exact(block["hours"]) * 3600
        if size.denominator != 1:
            raise ValueError(f"{self.agreement.name}: block hours are not whole seconds")
        self.add_pool(Pool(BLOCK, day, expires, int(size), int(size)))
        self.statement.add_line("block", "block", Fraction(1), exact(block["price"]))

    # -- section 4: billable time --------------------------------------------------------

    def billable(self, entries: list[Entry]) -> dict[str, int]:
        """Billable seconds by entry id (courtesy is left out)."""
        clause = self.clause("rounding")
        increment = clause.get("increment", 15) * 60
        minimum = clause.get("minimum", clause.get("increment", 15)) * 60
        scope = clause.get("scope", "entry")
        groups: dict[tuple, list[Entry]] = defaultdict(list)
        for entry in entries:
            if not entry.courtesy:
                key: tuple = (entry.id,)
                if scope != "entry":
                    key = (entry.ticket, entry.tier, entry.work_type)
                if scope == "ticket-day":
                    key += (entry.day,)
                groups[key].append(entry)
        result = {}
        for group in groups.values():
            total = sum(entry.seconds for entry in group)
            rounded = -(-max(total, minimum) // increment) * increment if total else 0
            result.update((entry.id, entry.seconds) for entry in group)
            result[max(group, key=lambda entry: (entry.start, entry.id)).id] += rounded - total
        return result

    def slices(self, entries: list[Entry]) -> list[Slice]:
        """All slices but courtesy, in order of (slice start, entry id)."""
        billable, result = self.billable(entries), []
        for entry in entries:
            if entry.courtesy:
                continue
            total = rest = billable[entry.id]
            parts = self.books.calendar.parts(
                self.client.zone, entry.start, entry.start + entry.seconds)
            for start, end, band in parts:
                last = end == entry.start + entry.seconds
                seconds = rest if last else total * (end - start) // entry.seconds
                rest -= seconds
                day = clock.local_day(self.client.zone, start)
                result.append(Slice(entry, start, day, band, seconds))
        return sorted(result, key=lambda s: (s.start, s.entry.id))

    # -- section 5: where a slice goes ---------------------------------------------------

    def work(self, entries: list[Entry]) -> None:
        time = self.statement.time
        self.statement.entries = len(entries)
        for entry in entries:
            time["actual"] += entry.seconds
            if entry.courtesy:
                time["courtesy"] += entry.seconds
        for piece in self.slices(entries):
            time["billable"] += piece.seconds
            if not piece.seconds:
                continue
            if self.is_included(piece):
                time["included"] += piece.seconds
            elif piece.entry.tier in self.clause("internal").get("tiers", []):
                time["internal"] += piece.seconds
            elif self.draws_time(piece):
                self.draw(piece)
            else:
                self.charge(piece)

    def is_included(self, piece: Slice) -> bool:
        if not self.has("included"):
            return False
        clause, entry = self.clause("included"), piece.entry
        excludes = clause.get("excludes", {})
        if entry.tier in excludes.get("tiers", []):
            return False
        if entry.work_type in excludes.get("work_types", []):
            return False
        return not entry.device or any(
            d.name == entry.device and d.cls in clause["classes"] and d.counts_on(piece.day)
            for d in self.client.devices)

    def draws_time(self, piece: Slice) -> bool:
        pooled = self.has("allowance") or self.account.has_blocks or self.has("auto_replenish")
        return pooled and piece.entry.work_type not in self.clause("allowance").get("excludes", [])

    # -- section 6: burn and draw --------------------------------------------------------

    def weight(self, piece: Slice) -> Fraction:
        clause = self.clause("weights")
        found = [exact(w) for tier, w in clause.get("tiers", {}).items()
                 if tier == piece.entry.tier]
        if piece.band == clock.AFTER_HOURS and "after_hours" in clause:
            found.append(exact(clause["after_hours"]))
        return max(found, default=Fraction(1))

    def draw(self, piece: Slice) -> None:
        weight = self.weight(piece)
        left = burn = int(half_up(piece.seconds * weight))
        gone = self.agreement.ends is not None and piece.day >= self.agreement.ends
        replenish = self.clause("auto_replenish")
        while left and not gone:
            for pool in sorted(self.account.pools, key=Pool.order):
                if pool.serves(piece.day):
                    part = min(left, pool.left)
                    pool.left -= part
                    left -= part
            if not left or not replenish or self.bought >= replenish.get("max_per_period", 1):
                break
            self.bought += 1
            self.buy_block({"hours": replenish["hours"], "price": replenish["price"]}, piece.day)
        self.statement.time["used"] += burn - left
        if left:
            self.overage(piece, int(half_up(left / weight)))

    def overage(self, piece: Slice, seconds: int) -> None:
        clause, rate = self.clause("overage"), None
        rate = clause.get("tiers", {}).get(piece.entry.tier, clause.get("rate"))
        hourly = exact(rate) if rate is not None else exact(self.rate(piece)["hourly"])
        hourly *= self.band_price(piece)
        cap = self.clause("guard").get("cap", {})
        price = seconds * hourly / 3600
        if cap.get("on_cap") == "hold" and self.overage_money + price > exact(cap["amount"]):
            self.statement.time["held"] += seconds
            return
        self.overage_money += price
        self.statement.time["overage"] += seconds
        self.statement.add_time("overage", piece, hourly, seconds)

    # -- section 7: prices ---------------------------------------------------------------

    def rate(self, piece: Slice) -> dict:
        own = self.clause("prices").get("rate", [])
        tier, work_type = piece.entry.tier, piece.entry.work_type
        return price_rate(own, tier, work_type) or price_rate(self.books.rates, tier, work_type)

    def band_price(self, piece: Slice) -> Fraction:
        if piece.band != clock.AFTER_HOURS:
            return Fraction(1)
        return exact(self.clause("prices").get("after_hours_price", 1))

    def charge(self, piece: Slice) -> None:
        rate, seconds = self.rate(piece), piece.seconds
        self.statement.time["charged"] += seconds
        if "per_ticket" in rate:
            key, tickets = (piece.entry.ticket, piece.entry.tier), self.account.tickets
            if key not in tickets:
                tickets[key] = rate.get("includes_minutes", 0) * 60
                self.ticket_counts[(piece.entry.tier, exact(rate["per_ticket"]))] += 1
            free = min(seconds, tickets[key])
            tickets[key] -= free
            seconds -= free
        if seconds:
            hourly = exact(rate["hourly"]) * self.band_price(piece)
            self.statement.add_time("time", piece, hourly, seconds)

    # -- sections 6 and 8: reserve and fees ----------------------------------------------

    def fees(self) -> None:
        clause, statement = self.clause("fee"), self.statement
        share = self.share(clause)
        prices = ([("month", exact(clause["flat"]), 1)] if "flat" in clause else
                  [(cls, exact(clause["per_device"][cls]), self.count(clause)[cls])
                   for cls in CLASSES if cls in clause.get("per_device", {})])
        for unit, price, count in prices:
            if count and share == 1:
                statement.add_line("fee", unit, Fraction(count), price)
            elif count:
                amount = round_money(price * count * share, self.client.digits)
                statement.add_line("fee", "part-month", Fraction(1), amount)
        for service in (self.agreement.clauses.get("service", []) if self.agreement else []):
            unit, count = service["unit"], service.get("count")
            if count is None:
                count = 1 if unit in ("flat", "site") else self.count({})[unit]
            if count:
                statement.add_line("service", unit, exact(count), exact(service["price"]))

    def draw_reserve(self) -> None:
        """Once a period: what rolled first (earliest expiry), then this period's grant."""
        drawn = left = min(self.statement.sum_of("ticket", "time"),
                           sum((pool.left for pool in self.account.reserve), Fraction(0)))
        for pool in sorted(self.account.reserve, key=Pool.order):
            part = min(left, pool.left)
            pool.left -= part
            left -= part
        self.statement.reserve["used"] = drawn
        if drawn:
            self.statement.add_line("reserve", "month", Fraction(1), -drawn)

    # -- section 9: close ----------------------------------------------------------------

    def close(self, successor: Account | None) -> None:
        """Forfeits, rolls on, and at the agreement's end passes its blocks."""
        account, statement = self.account, self.statement
        kept, forfeited = self.roll(account.pools, self.clause("allowance"), Fraction(1))
        if self.ending:
            passing = [pool for pool in kept if pool.kind == BLOCK and successor]
            forfeited += sum(pool.left for pool in kept) - sum(pool.left for pool in passing)
            kept = passing
            if successor:
                successor.pools, account.pools = successor.pools + passing, []
                successor.has_blocks = successor.has_blocks or bool(passing)
        else:
            account.pools = kept
        statement.time["forfeited"] = int(forfeited)
        statement.time["closing"] = int(sum(pool.left for pool in kept))
        if statement.reserve is not None:
            step = Fraction(1, 10 ** self.client.digits)
            kept, forfeited = self.roll(account.reserve, self.clause("reserve"), step)
            closing = sum((pool.left for pool in kept), Fraction(0))
            if self.ending:
                forfeited, closing = forfeited + closing, Fraction(0)
            account.reserve = kept
            statement.reserve.update(forfeited=forfeited, closing=closing)

    def roll(self, pools: list[Pool], clause: dict, step: Fraction) -> tuple[list[Pool], Fraction]:
        """What is kept of the pools after the period's last day in force, and what is lost."""
        rollover, kept, forfeited = clause.get("rollover", {}), [], Fraction(0)
        for pool in pools:
            if pool.expires is None or pool.expires > self.end:
                kept.append(pool)
                continue
            rolled = Fraction(0)
            if pool.kind == ALLOWANCE and rollover.get("periods", 0) and not self.ending:
                percent = exact(rollover.get("cap_percent", 100))
                cap = half_up(pool.size * percent / 100, step)
                rolled = min(exact(pool.left), cap)
                amount = int(rolled) if step == 1 else rolled
                until = clock.add_months(self.next_month, rollover["periods"])
                if amount:
                    kept.append(Pool(ROLLED, self.next_month, until, amount, amount))
            forfeited += pool.left - rolled
        return kept, forfeited

    def run(self, entries: list[Entry], successor: Account | None) -> Statement:
        self.grant()
        self.fees()
        self.work(entries)
        for (tier, price), number in self.ticket_counts.items():
            self.statement.add_line("ticket", "ticket", Fraction(number), price, tier)
        self.statement.close_time()
        if self.statement.reserve is not None:
            self.draw_reserve()
        if self.agreement:
            self.statement.count = self.shown_count()
        self.close(successor)
        self.statement.check()
        return self.statement

    def shown_count(self) -> dict[str, int]:
        for name in ["allowance", "reserve", "fee"]:
            if self.has(name):
                return {c: n for c, n in self.count(self.clause(name)).items() if n}
        return {}
