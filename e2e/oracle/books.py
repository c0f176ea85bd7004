"""Reads a books folder (section 12 of programs.md) into plain records; trusts that it is valid."""
from __future__ import annotations

import csv
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import clock
from money import exact, half_up, minor_unit

CLASSES = ["workstation", "server", "firewall", "switch", "printer", "other"]


@dataclass(frozen=True)
class Device:
    """A dated device of a client."""
    name: str
    cls: str
    in_service: date
    retired: date | None

    def counts_on(self, day: date) -> bool:
        return self.in_service <= day and (self.retired is None or day < self.retired)


@dataclass(frozen=True)
class Entry:
    """A time entry; `day` is the local day of its start."""
    id: str
    ticket: str
    start: int
    day: date
    seconds: int
    tier: str
    work_type: str
    device: str
    courtesy: bool


@dataclass
class Agreement:
    """An agreement: its name (the file's), dates, and its clauses as in the file."""
    name: str
    client: str
    program: str
    starts: date
    ends: date | None
    clauses: dict

    def clause(self, name: str) -> dict | None:
        return self.clauses.get(name)

    @property
    def blocks(self) -> list[dict]:
        return self.clauses.get("block", [])

    def in_force(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day < self.ends)


@dataclass
class Client:
    """A client with all that is its own."""
    code: str
    currency: str
    zone: ZoneInfo
    tax: Fraction
    devices: list[Device]
    entries: list[Entry]
    agreements: list[Agreement]

    @property
    def digits(self) -> int:
        return minor_unit(self.currency)

    def count(self, how: str, first: date, end: date) -> dict[str, int]:
        """Devices by class over the days in force [first, end), by a `count` clause."""
        if how == "first-day":
            days = [first]
        elif how == "last-day":
            days = [end - timedelta(days=1)]
        else:
            days = [first + timedelta(days=n) for n in range((end - first).days)]
        daily = [Counter(d.cls for d in self.devices if d.counts_on(day)) for day in days]
        result = {}
        for cls in CLASSES:
            numbers = [counter[cls] for counter in daily]
            result[cls] = (int(half_up(Fraction(sum(numbers), len(numbers))))
                           if how == "average" else max(numbers))
        return result


@dataclass
class Books:
    """Everything in the folder."""
    calendar: clock.Calendar
    rates: list[dict]
    clients: list[Client]


def optional_date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{k: v or "" for k, v in row.items()} for row in csv.DictReader(file, strict=True)]


def read_toml(path: Path) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def load(folder: Path) -> Books:
    """The books of a folder."""
    provider = read_toml(folder / "provider.toml")
    clients = {}
    for row in read_csv(folder / "clients.csv"):
        clients[row["code"]] = Client(row["code"], row["currency"], ZoneInfo(row["time_zone"]),
                                      exact(row.get("tax_percent") or "0"), [], [], [])
    for row in read_csv(folder / "devices.csv"):
        clients[row["client"]].devices.append(Device(
            row["name"], row["class"], date.fromisoformat(row["in_service"]),
            optional_date(row.get("retired", ""))))
    for row in read_csv(folder / "time_entries.csv"):
        client, start = clients[row["client"]], clock.parse_instant(row["started_at"])
        seconds = exact(row["minutes"]) * 60
        if seconds.denominator != 1:
            raise ValueError(f"{row['id']}: not whole seconds")
        client.entries.append(Entry(
            row["id"], row["ticket"], start, clock.local_day(client.zone, start),
            seconds.numerator, row.get("tier") or "technician",
            row.get("work_type") or "remote", row.get("device", ""),
            row.get("billable") == "false" or row.get("cause") == "provider"))
    for path in sorted(folder.glob("agreements/*.toml")):
        data = read_toml(path)
        clients[data["client"]].agreements.append(Agreement(
            path.stem, data["client"], data["program"], data["starts"], data.get("ends"), data))
    for client in clients.values():
        client.agreements.sort(key=lambda agreement: agreement.starts)
    return Books(clock.Calendar(provider.get("hours", {}), provider.get("holidays", [])),
                 provider["rate"], [clients[code] for code in sorted(clients)])
