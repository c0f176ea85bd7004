#!/usr/bin/env python3
"""Writes a random books folder: random_books.py SEED OUT_DIR.

The same seed gives the same books. They are valid by programs.md and lean towards its edges:
band edges, midnight, month ends, clock changes, equal starts, agreements that begin, end and
renew at odd dates.
"""
from __future__ import annotations

import csv
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from random_agreements import (CLASSES, PROGRAMS, TIERS, WORK_TYPES, AgreementMaker, toml_value,
                               write_toml)

ZONES = ["Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "America/Sao_Paulo",
         "Pacific/Chatham", "Europe/Berlin", "America/Los_Angeles", "America/Santiago",
         "Africa/Cairo", "Asia/Kolkata", "America/New_York"]
CURRENCIES = ["USD", "EUR", "JPY", "KWD", "GBP", "CLP", "BHD", "CHF"]
FIRST_MONTHS = ["2018-10", "2019-01", "2023-12", "2024-02", "2025-02", "2025-03", "2025-08",
                "2025-09", "2025-10", "2026-01", "2026-02", "2026-03", "2026-08", "2026-09"]
NOTES = ["", "", "naïve – ok", 'printer, "again"', "two\nlines, and a comma", '"', "line\r\nbreak",
         "日本語のメモ", ",,,", "it's 5' 10\" away"]
HOURS = ["08:00-18:00", "08:00-12:00,13:00-18:00", "09:00-17:30", "00:00-24:00", "00:00-06:30",
         "20:15-24:00", "00:00-02:30,22:00-24:00", "07:45-08:05,08:10-23:59", "01:30-03:15"]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MINUTES = [0, 0, 1, 2, 5, 7, 10, 14, 15, 15, 16, 20, 30, 30, 45, 59, 60, 61, 90, 120, 240, 480,
           600]
LONG = [1440, 1500, 2000, 3333]


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


class BooksMaker:
    """Makes the books of one seed."""

    def __init__(self, seed: int, folder: Path):
        self.rng, self.folder = Random(seed), folder
        self.first = date.fromisoformat(self.rng.choice(FIRST_MONTHS) + "-01")
        self.end = add_months(self.first, self.rng.randint(3, 5))
        self.days = (self.end - self.first).days
        self.hours: dict[str, str] = {}
        self.padded = self.chance(60)
        self.devices: dict[str, list[str]] = {}
        self.zones: dict[str, ZoneInfo] = {}
        self.edges: dict[str, list[date]] = {}
        self.changing: dict[str, list[tuple[str, date]]] = {}

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def day(self, before: int = 0, after: int = 0) -> date:
        return self.first + timedelta(days=self.rng.randrange(-before, self.days + after))

    def make(self) -> None:
        (self.folder / "agreements").mkdir(parents=True, exist_ok=True)
        self.provider()
        codes = self.clients(self.rng.randint(10, 20))
        self.device_rows(codes)
        for code in codes:
            self.agreements(code)
        self.entry_rows(codes, self.rng.randint(200, 400))

    # -- provider.toml -------------------------------------------------------------------

    def provider(self) -> None:
        rng = self.rng
        for name in WEEKDAYS:
            if self.chance(75 if name not in ("sat", "sun") else 30):
                self.hours[name] = rng.choice(HOURS[:3] if self.chance(50) else HOURS)
        holidays = sorted({self.day() for _ in range(rng.randint(0, 6))})
        rates = [{"hourly": "125.00"}, {"tier": "helpdesk", "hourly": "75.00"},
                 {"tier": "senior", "hourly": "185.00"},
                 {"work_type": "project", "hourly": "160.00"},
                 {"tier": "senior", "work_type": "project", "hourly": "210.5075"},
                 {"tier": "helpdesk", "work_type": "travel", "hourly": "33.3333"}]
        rates = rates[:1] + [rate for rate in rates[1:] if self.chance(60)]
        rng.shuffle(rates)
        lines = ['name = "Northgate IT"', 'country = "US"', 'currency = "USD"',
                 'time_zone = "America/New_York"', f"holidays = {toml_value(holidays)}", "[hours]"]
        lines += [f'{name} = "{text}"' for name, text in self.hours.items()]
        for rate in rates:
            lines += ["[[rate]]", *(f'{key} = "{value}"' for key, value in rate.items())]
        (self.folder / "provider.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    # -- CSV files -----------------------------------------------------------------------

    def write_csv(self, name: str, columns: list[str], rows: list[list[str]],
                  shuffle: bool) -> None:
        """Rows in random order; the columns too, if asked."""
        self.rng.shuffle(rows)
        order = list(range(len(columns)))
        if shuffle:
            self.rng.shuffle(order)
        with (self.folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator=self.rng.choice(["\n", "\r\n"]))
            writer.writerow([columns[n] for n in order])
            writer.writerows([row[n] for n in order] for row in rows)

    def clients(self, number: int) -> list[str]:
        codes, rows = [], []
        for n in range(number):
            code = self.rng.choice(["c{:04}", "acme-{}", "Z{}", "b{:02}-x"]).format(n)
            zone = self.rng.choice(ZONES)
            self.zones[code] = ZoneInfo(zone)
            self.edges[code] = []
            codes.append(code)
            rows.append([code, f"Client {n}, Inc.", f"{code}@example.com",
                         self.rng.choice(CURRENCIES), zone,
                         self.rng.choice(["", "0", "19", "8.25", "7.7", "12.345"])])
        columns = ["code", "name", "email", "currency", "time_zone", "tax_percent"]
        if self.chance(50):
            columns += ["street", "city", "postcode", "region", "country", "tax_id"]
            rows = [row + ["1 Main St, 2nd", "Springfield", "01234", "", "US", ""] for row in rows]
        self.write_csv("clients.csv", columns, rows, self.chance(50))
        return codes

    def device_rows(self, codes: list[str]) -> None:
        rows = []
        for code in codes:
            self.devices[code], self.changing[code] = [], []
            for n in range(self.rng.choice([0, 1, 3, 5, 8, 12, 25, 40])):
                cls = self.rng.choice(["workstation"] * 6 + CLASSES)
                into = self.day(before=200) if self.chance(70) else self.boundary()
                retired = ""
                if self.chance(35):
                    retired = str(max(self.day(after=90), into + timedelta(days=1)))
                    if self.chance(10):
                        retired = str(into + timedelta(days=self.rng.randint(1, 3)))
                self.devices[code].append(f"{code}-d{n}")
                days = [into, *([date.fromisoformat(retired)] if retired else [])]
                self.edges[code] += days
                self.changing[code] += [(f"{code}-d{n}", day) for day in days]
                rows.append([code, f"{code}-d{n}", cls, str(into), retired, f"SN{n}", ""])
        self.write_csv("devices.csv",
                       ["client", "name", "class", "in_service", "retired", "serial", "site"],
                       rows, self.chance(50))

    def boundary(self) -> date:
        """The first or the last day of a month, or a day beside."""
        month = add_months(self.first, self.rng.randint(0, 4))
        return month + timedelta(days=self.rng.choice([-1, 0, 0, 1]))

    # -- agreements ----------------------------------------------------------------------

    def agreements(self, code: str) -> None:
        """A client's agreements: none, one, renewals on the very day, or with a gap."""
        rng, maker = self.rng, AgreementMaker(self.rng, (self.first, self.end))
        spans = self.spans()
        program, clauses, blocks = rng.choice(PROGRAMS), None, False
        for n, (starts, ends) in enumerate(spans):
            if n and self.chance(40):
                program = rng.choice(PROGRAMS)
            renewed = maker.make(code, program, starts, ends)
            if clauses and clauses["program"] == program and self.chance(60):
                kept = {k: v for k, v in clauses.items() if k not in ("starts", "ends", "block")}
                fresh = {"starts", "ends"} | ({"block"} & clauses.keys())
                renewed = {**kept, **{k: v for k, v in renewed.items() if k in fresh}}
                if program == "block-of-time":
                    renewed.update({k: v for k, v in clauses.items() if k == "auto_replenish"})
                    if "block" not in renewed and "auto_replenish" not in renewed:
                        renewed["auto_replenish"] = maker.auto_replenish()
            blocks = blocks and clauses["ends"] == starts  # blocks that may pass to this one
            if blocks and "reserve" in renewed:  # a reserve beside blocks is refused: leave a gap
                starts, blocks = starts + timedelta(days=1), False
                if starts == ends:
                    continue
                renewed["starts"] = starts
            clauses = renewed
            blocks = blocks or "block" in clauses or "auto_replenish" in clauses
            days = [starts, ends, *(block["bought"] for block in clauses.get("block", []))]
            self.edges[code] += [day for day in days if day] * 3
            name = rng.choice(["{0}", "{0}-renewed", "a-{0}", "{0}-v1"]).format(code)
            while (self.folder / "agreements" / f"{name}.toml").exists():
                name += rng.choice(["-renewed", "2", ".b"])
            (self.folder / "agreements" / f"{name}.toml").write_text(
                write_toml(rng, clauses), encoding="utf-8")

    def spans(self) -> list[tuple[date, date | None]]:
        rng = self.rng
        if self.chance(7):
            return []
        starts = rng.choice([self.first, self.first, add_months(self.first, -1), self.boundary(),
                             self.day(), self.first - timedelta(days=rng.randint(1, 50))])
        spans: list[tuple[date, date | None]] = []
        while starts < self.end and len(spans) < 4:
            ends = None
            if self.chance(55):
                ends = rng.choice([self.day(), self.boundary(), starts + timedelta(days=10)])
                ends = max(ends, starts + timedelta(days=rng.choice([1, 5, 20])))
            spans.append((starts, ends))
            if ends is None or self.chance(12):
                break
            starts = ends + timedelta(days=0 if self.chance(70) else rng.randint(1, 20))
        return spans

    # -- time entries --------------------------------------------------------------------

    def clock_changes(self, zone: ZoneInfo) -> list[datetime]:
        """Near instants of the zone's changes of offset in the covered months."""
        moment = datetime(self.first.year, self.first.month, 1, tzinfo=timezone.utc)
        hours = [moment + timedelta(hours=n) for n in range(self.days * 24)]
        return [b for a, b in zip(hours, hours[1:])
                if a.astimezone(zone).utcoffset() != b.astimezone(zone).utcoffset()]

    def start(self, code: str, changes: list[datetime]) -> datetime:
        """A start, often close to an edge."""
        rng, day, zone = self.rng, self.day(), self.zones[code]
        kind = rng.randrange(100)
        edges = [edge for edge in self.edges[code] if self.first < edge < self.end]
        near = timedelta(minutes=rng.choice([-90, -30, -10, -1, 0, 0, 1, 15, 45]))
        if changes and kind < 15:
            return rng.choice(changes) + timedelta(minutes=rng.randint(-300, 120))
        if kind < 25:  # near the end of a month, which an entry may cross
            day = add_months(self.first, rng.randint(1, 5)) - timedelta(days=1)
            day = min(day, self.end - timedelta(days=1))
            wall = datetime(day.year, day.month, day.day, 23, rng.randrange(60))
        elif kind < 35:
            day = rng.choice(edges) if edges and self.chance(70) else day
            wall = datetime(day.year, day.month, day.day) + near
        elif kind < 60 and self.hours:
            edge = rng.choice(rng.choice(list(self.hours.values())).replace(",", "-").split("-"))
            hour, minute = map(int, edge.split(":"))
            wall = datetime(day.year, day.month, day.day) + near
            wall += timedelta(hours=hour, minutes=minute)
        else:
            wall = datetime(day.year, day.month, day.day, rng.randint(7, 19), rng.randrange(60),
                            rng.choice([0, 0, 0, 0, 0, 37]))
        return wall.replace(tzinfo=zone, fold=rng.randrange(2)).astimezone(timezone.utc)

    def stamp(self, moment: datetime) -> str:
        if self.chance(15):
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        minutes = self.rng.choice([0, 60, -480, 330, -300, 345, 630, -210, 765])
        return moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()

    def entry_rows(self, codes: list[str], number: int) -> None:
        rng, rows = self.rng, []
        changes = {code: self.clock_changes(self.zones[code]) for code in codes}
        before: dict[str, list[tuple[datetime, str, str, str]]] = {code: [] for code in codes}
        for n in rng.sample(range(1, 2 * number), number):
            code = rng.choice(codes)
            minutes = rng.choice(LONG) if self.chance(3) else rng.choice(MINUTES)
            moment, device = self.start(code, changes[code]), ""
            ticket, tier = f"t{rng.randrange(12)}", rng.choice(["", *TIERS[:3], *TIERS])
            work_type = rng.choice(["", "", "remote", *WORK_TYPES])
            if before[code] and self.chance(30):  # more work on a ticket, or at the same time
                moment, ticket, tier, work_type = rng.choice(before[code])
                later = rng.choice([0, 0, 20, 300, -300, 720, 1440, 3000])
                moment += timedelta(minutes=later and later + rng.randint(-15, 15))
                day = moment.astimezone(self.zones[code]).date()
                if not self.first <= day < self.end:
                    moment = before[code][0][0]
            before[code].append((moment, ticket, tier, work_type))
            if self.chance(50):
                device = f"{code}-unknown" if self.chance(5) else rng.choice(
                    self.devices[code] or [""])
            changing = [(name, day) for name, day in self.changing[code]
                        if self.first < day < self.end]
            if changing and self.chance(6):  # a device that comes or goes within the entry
                device, day = rng.choice(changing)
                early = timedelta(minutes=rng.choice([1, 40]))
                wall = datetime(day.year, day.month, day.day) - early
                moment = wall.replace(tzinfo=self.zones[code]).astimezone(timezone.utc)
                minutes = rng.choice([45, 90, 600, 1500])
            rows.append([
                f"e{n:06}" if self.padded else f"e{n}", code, ticket, rng.choice(["ann", "bob"]),
                self.stamp(moment), str(minutes), tier, work_type, device,
                rng.choice(["", "", "true", "true", "true", "false"]),
                rng.choice(["", "", "client", "client", "client", "provider"]), rng.choice(NOTES)])
        self.write_csv("time_entries.csv", ["id", "client", "ticket", "technician", "started_at",
                       "minutes", "tier", "work_type", "device", "billable", "cause", "note"],
                       rows, self.chance(50))


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    BooksMaker(int(sys.argv[1]), Path(sys.argv[2])).make()


if __name__ == "__main__":
    main()
