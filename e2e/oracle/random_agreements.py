"""Random agreements for random_books.py: clauses that programs.md permits for each program.

An agreement is built as an ordered dict of clauses and written as TOML like the page's example:
money, rates and weights as text, hours and minutes as numbers, dates bare.
"""
from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

TIERS = ["helpdesk", "technician", "senior", "architect"]
WORK_TYPES = ["remote", "onsite", "project", "travel"]
CLASSES = ["workstation", "server", "firewall", "switch", "printer", "other"]
COUNTS = ["first-day", "last-day", "peak", "average"]
PROGRAMS = ["ad-hoc", "block-of-time", "use-it-or-lose-it", "budget", "fixed-rate", "customized"]
MONEY = ["0.01", "18.00", "31.25", "49.00", "75", "120.00", "187.50", "250.00", "33.3333",
         "999.99", "104.1667", "12.345", "1250.00"]
RATES = ["68.00", "95", "110.00", "125.50", "142.8571", "66.6667", "199.99", "0.0005", "88.125"]


def toml_value(value: object) -> str:
    """A TOML value: inline tables for dicts, bare dates and numbers, quoted text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def write_toml(rng: Random, clauses: dict) -> str:
    """The agreement's file: plain keys first, then its tables in any order."""
    def body(table: dict) -> str:
        return "".join(f"{k} = {toml_value(v)}\n" for k, v in table.items())

    head = body({k: v for k, v in clauses.items() if k in ("client", "program", "starts", "ends")})
    tables = []
    for name, clause in clauses.items():
        if name in ("client", "program", "starts", "ends"):
            continue
        if name == "prices":
            rates = "".join(f"\n[[prices.rate]]\n{body(rate)}" for rate in clause.get("rate", []))
            plain = body({k: v for k, v in clause.items() if k != "rate"})
            tables.append((f"[prices]\n{plain}" if plain else "") + rates)
        elif isinstance(clause, list):
            tables.append("\n".join(f"[[{name}]]\n{body(item)}" for item in clause))
        else:
            tables.append(f"[{name}]\n{body(clause)}")
    rng.shuffle(tables)
    return "\n".join([head, *tables])


class AgreementMaker:
    """Makes the clauses of one agreement in force over [starts, ends)."""

    def __init__(self, rng: Random, window: tuple[date, date]):
        self.rng, self.window = rng, window

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def make(self, client: str, program: str, starts: date, ends: date | None) -> dict:
        clauses: dict = {"client": client, "program": program, "starts": starts}
        if ends:
            clauses["ends"] = ends
        for name, clause in getattr(self, program.replace("-", "_"))(starts, ends).items():
            if clause:
                clauses[name] = clause
        if self.chance(75):
            clauses["rounding"] = self.rounding()
        prices = self.prices()
        if prices:
            clauses["prices"] = prices
        if {"allowance", "block", "auto_replenish"} & clauses.keys():
            clauses.update(self.pool_extras())
        return clauses

    # -- the six programs ----------------------------------------------------------------

    def ad_hoc(self, starts: date, ends: date | None) -> dict:
        return {}

    def block_of_time(self, starts: date, ends: date | None) -> dict:
        clauses = {"block": self.blocks(starts, ends, 3)}
        if not clauses["block"] or self.chance(40):
            clauses["auto_replenish"] = self.auto_replenish()
        return clauses

    def use_it_or_lose_it(self, starts: date, ends: date | None) -> dict:
        return {"fee": self.fee(), "allowance": self.allowance(),
                "block": self.chance(40) and self.blocks(starts, ends, 3),
                "auto_replenish": self.chance(25) and self.auto_replenish()}

    def budget(self, starts: date, ends: date | None) -> dict:
        return {"fee": self.fee(), "reserve": self.reserve(),
                "service": self.chance(30) and self.services()}

    def fixed_rate(self, starts: date, ends: date | None) -> dict:
        return {"fee": self.fee("per_device"), "included": self.included(),
                "service": self.chance(30) and self.services()}

    def customized(self, starts: date, ends: date | None) -> dict:
        clauses = {"fee": self.chance(60) and self.fee(), "service": self.services(),
                   "internal": self.chance(40) and {"tiers": self.some(TIERS, 2)},
                   "included": self.chance(25) and self.included()}
        if self.chance(35):
            clauses["reserve"] = self.reserve()
        elif self.chance(75):
            clauses["allowance"] = self.chance(70) and self.allowance()
            clauses["block"] = self.chance(50) and self.blocks(starts, ends, 3)
            clauses["auto_replenish"] = self.chance(30) and self.auto_replenish()
        return clauses

    # -- the clauses ---------------------------------------------------------------------

    def some(self, values: list[str], most: int) -> list[str]:
        return sorted(self.rng.sample(values, self.rng.randint(1, most)), key=values.index)

    def optional(self, clause: dict, percent: int, key: str, values: list) -> None:
        if self.chance(percent):
            clause[key] = self.rng.choice(values)

    def fee(self, kind: str | None = None) -> dict:
        clause: dict = {}
        if kind == "per_device" or self.chance(50):
            classes = self.some(CLASSES, 4)
            clause["per_device"] = {cls: self.rng.choice(MONEY) for cls in classes}
        else:
            clause["flat"] = self.rng.choice(MONEY)
        self.optional(clause, 60, "count", COUNTS)
        self.optional(clause, 40, "billed", ["advance", "arrears"])
        self.optional(clause, 50, "proration", ["daily", "daily", "none"])
        return clause

    def minutes_by_class(self) -> dict:
        return {cls: self.rng.choice([5, 7, 15, 20, 30, 45, 60]) for cls in self.some(CLASSES, 3)}

    def allowance(self) -> dict:
        rng, clause = self.rng, {}
        kind = rng.choice(["environment", "minutes", "fixed_minutes"])
        clause[kind] = {"environment": rng.choice(["stable", "heavy"]),
                        "minutes": self.minutes_by_class(),
                        "fixed_minutes": rng.choice([1, 60, 240, 601, 1200])}[kind]
        if self.chance(60):
            clause["rollover"] = self.rollover()
        if self.chance(30):
            clause["settle_months"] = rng.choice([2, 2, 3])
            self.optional(clause, 40, "count", ["first-day"])
        else:
            self.optional(clause, 60, "count", COUNTS)
            self.optional(clause, 50, "proration", ["daily", "daily", "none"])
        if self.chance(40):
            clause["excludes"] = self.some(WORK_TYPES, 2)
        return clause

    def rollover(self) -> dict:
        clause = {"periods": self.rng.choice([0, 1, 1, 2, 2, 3])}
        self.optional(clause, 60, "cap_percent", [1, 25, 33, 40, 67, 100])
        return clause

    def reserve(self) -> dict:
        clause: dict = {}
        if self.chance(70):
            clause["minutes"] = self.minutes_by_class()
            clause["rate"] = self.rng.choice(["125.00", "99.9999", "80", "61.7284"])
            self.optional(clause, 60, "count", COUNTS)
        else:
            clause["fixed_amount"] = self.rng.choice(["500.00", "75", "1234.56", "2000"])
        if self.chance(75):
            clause["rollover"] = self.rollover()
        self.optional(clause, 50, "proration", ["daily", "daily", "none"])
        return clause

    def blocks(self, starts: date, ends: date | None, most: int) -> list[dict]:
        rng, blocks = self.rng, []
        low = max(starts, self.window[0] - timedelta(days=35))
        high = min(ends, self.window[1]) if ends else self.window[1]
        if low >= high:
            return []
        days = (high - low).days
        for _ in range(rng.randint(1, most)):
            day = low + timedelta(days=rng.choice([0, days - 1, *[rng.randrange(days)] * 4]))
            if self.chance(25):  # the last day of its month, where that is possible
                last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
                day = last if low <= last < high else day
            if blocks and self.chance(15):
                day = blocks[0]["bought"]
            block = {"bought": day, "hours": rng.choice(
                        [1, 2, 5, 10, 20, Decimal("0.25"), Decimal("2.5"), Decimal("7.3")]),
                     "price": rng.choice(["600", "1100.00", "275.125", "88.8888"])}
            self.optional(block, 60, "expires_months", [1, 1, 1, 2, 3, 12])
            blocks.append(block)
        return blocks

    def auto_replenish(self) -> dict:
        clause = {"hours": self.rng.choice([1, 5, 10, Decimal("0.5"), Decimal("1.75")]),
                  "price": self.rng.choice(["575.00", "120", "60.0605"])}
        self.optional(clause, 70, "max_per_period", [1, 2, 3])
        return clause

    def included(self) -> dict:
        clause: dict = {"classes": self.some(CLASSES, 4)}
        if self.chance(70):
            clause["excludes"] = {"work_types": self.some(WORK_TYPES, 2) if self.chance(70) else [],
                                  "tiers": self.some(TIERS, 1) if self.chance(40) else []}
        return clause

    def services(self) -> list[dict]:
        services = []
        for name in self.rng.sample(["Managed backup", "Monitoring", "Patching", "Mail", "Wi-Fi"],
                                    self.rng.randint(1, 4)):
            unit = self.rng.choice([*CLASSES, "user", "site", "flat"])
            service = {"name": name, "unit": unit, "price": self.rng.choice(MONEY)}
            if unit == "user" or (unit in ("site", "flat") and self.chance(50)):
                service["count"] = self.rng.choice([1, 2, 3, 17, 0])
            services.append(service)
        return services

    def rounding(self) -> dict:
        clause: dict = {}
        increment = self.rng.choice([1, 6, 15, 15, 30, 60])
        if self.chance(90):
            clause["increment"] = increment
        if self.chance(60):
            clause["minimum"] = self.rng.choice([increment, 2 * increment, 1, 5, 10, 20, 30, 45])
        self.optional(clause, 80, "scope", ["entry", "ticket-day", "ticket"])
        return clause

    def prices(self) -> dict:
        clause: dict = {}
        self.optional(clause, 50, "after_hours_price", ["1.25", "1.5", "2", "1.3333", "0.75"])
        kinds = self.rng.sample(["tier", "per_ticket", "work_type", "both", "default"],
                                self.rng.choice([0, 0, 1, 2, 3]))
        rates, tiers = [], self.rng.sample(TIERS, 2)
        work_type = self.rng.choice(WORK_TYPES)
        if "per_ticket" in kinds:  # a tier priced per ticket has no rate more specific than it
            kinds = [kind for kind in kinds if kind in ("per_ticket", "tier", "default")]
        for kind in kinds:
            rate: dict = {}
            if kind in ("tier", "both"):
                rate["tier"] = tiers[0]
            if kind == "per_ticket":
                rate["tier"] = tiers[1]
            if kind in ("work_type", "both"):
                rate["work_type"] = work_type
            rate["hourly"] = self.rng.choice(RATES)
            if kind == "per_ticket":
                rate["per_ticket"] = self.rng.choice(["18.00", "7.5", "24.9999"])
                self.optional(rate, 70, "includes_minutes", [0, 15, 20, 60, 100])
            rates.append(rate)
        if rates:
            clause["rate"] = rates
        return clause

    def pool_extras(self) -> dict:
        rng, clauses = self.rng, {}
        if self.chance(60):
            clauses["overage"] = {"rate": rng.choice(["187.50", "150", "133.3333"])}
            if self.chance(50):
                clauses["overage"]["tiers"] = {tier: rng.choice(["250.00", "99.5", "210.1234"])
                                               for tier in self.some(TIERS, 2)}
        weights: dict = {}
        self.optional(weights, 50, "after_hours", ["1.5", "1.25", "2", "0.8", "1.3333"])
        if self.chance(40):
            weights["tiers"] = {tier: rng.choice(["2", "0.5", "1.75", "0.3333", "1.1"])
                                for tier in self.some(TIERS, 3)}
        if weights and self.chance(80):
            clauses["weights"] = weights
        if self.chance(40):
            clauses["guard"] = {}
            self.optional(clauses["guard"], 60, "thresholds", [[50, 75, 90, 100], [80], [25, 100]])
            if not clauses["guard"] or self.chance(75):
                amounts = ["500.00", "100", "1", "1500.5", "375", "187.5", "300", "600.00"]
                clauses["guard"]["cap"] = {"amount": rng.choice(amounts),
                                           "on_cap": rng.choice(["hold", "hold", "bill"])}
        return clauses
