"""Local days, months and business bands of a client's time zone, in whole seconds.

Instants are integers (seconds since 1970 UTC). The band of an instant is what its wall clock
shows: within the weekday's hours and no holiday. An interval is cut where the wall clock jumps,
so that each piece has one offset, and there the edges of the hours are plain sums.
"""
from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

DAY = 86400
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EPOCH_DAY = date(1970, 1, 1).toordinal()
BUSINESS, AFTER_HOURS = "business", "after-hours"


def parse_instant(text: str) -> int:
    """Seconds since 1970 UTC of an RFC 3339 time."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.microsecond:
        raise ValueError(f"not a whole second with an offset: {text}")
    return (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1)


def offset_at(zone: ZoneInfo, instant: int) -> int:
    """The zone's offset from UTC in seconds at an instant."""
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=instant)
    return moment.astimezone(zone).utcoffset() // timedelta(seconds=1)


def local_day(zone: ZoneInfo, instant: int) -> date:
    """The local date at an instant."""
    return date.fromordinal(EPOCH_DAY + (instant + offset_at(zone, instant)) // DAY)


def first_of_month(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def add_months(day: date, months: int) -> date:
    """The same day some months on, clamped to that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_number(day: date) -> int:
    """Months since year 0: differences count periods."""
    return day.year * 12 + day.month - 1


def parse_hours(table: dict[str, str]) -> dict[int, list[tuple[int, int]]]:
    """Business hours by weekday (0 = Monday), as seconds of the day."""
    def seconds(text: str) -> int:
        hours, minutes = text.strip().split(":")
        return int(hours) * 3600 + int(minutes) * 60

    hours = {}
    for name, text in table.items():
        spans = [span.split("-") for span in text.split(",") if span.strip()]
        hours[WEEKDAYS.index(name)] = sorted((seconds(a), seconds(b)) for a, b in spans)
    return hours


class Calendar:
    """The provider's business hours and holidays."""

    def __init__(self, hours: dict[str, str], holidays: list[date]):
        self.hours = parse_hours(hours)
        self.holidays = set(holidays)

    def band_at(self, day_number: int, second: int) -> str:
        """The band of a wall-clock time: a day (since 1970) and a second in it."""
        day = date.fromordinal(EPOCH_DAY + day_number)
        if day in self.holidays:
            return AFTER_HOURS
        spans = self.hours.get(day.weekday(), [])
        return BUSINESS if any(a <= second < b for a, b in spans) else AFTER_HOURS

    def parts(self, zone: ZoneInfo, start: int, end: int) -> list[tuple[int, int, str]]:
        """The interval cut into (start, end, band), touching parts of one band as one."""
        pieces: list[tuple[int, int, str]] = []
        for low, high, offset in constant_offsets(zone, start, end):
            edges = {low, high}
            for day_number in range((low + offset) // DAY, (high + offset) // DAY + 1):
                midnight = day_number * DAY - offset
                weekday = date.fromordinal(EPOCH_DAY + day_number).weekday()
                cuts = [0, *(edge for span in self.hours.get(weekday, []) for edge in span)]
                edges.update(midnight + cut for cut in cuts if low < midnight + cut < high)
            ordered = sorted(edges)
            for left, right in zip(ordered, ordered[1:]):
                band = self.band_at(*divmod(left + offset, DAY))
                if pieces and pieces[-1][2] == band:
                    pieces[-1] = (pieces[-1][0], right, band)
                else:
                    pieces.append((left, right, band))
        if start == end:
            band = self.band_at(*divmod(start + offset_at(zone, start), DAY))
            pieces.append((start, end, band))
        return pieces


def constant_offsets(zone: ZoneInfo, start: int, end: int) -> list[tuple[int, int, int]]:
    """[start, end) cut at the zone's transitions, as (start, end, offset)."""
    pieces, low = [], start
    while low < end:
        offset, high = offset_at(zone, low), min(low + 3600, end)
        while high < end and offset_at(zone, high) == offset:
            high = min(high + 3600, end)
        if offset_at(zone, high) != offset:
            same, other = max(low, high - 3600), high
            while other - same > 1:
                middle = (same + other) // 2
                if offset_at(zone, middle) == offset:
                    same = middle
                else:
                    other = middle
            high = other
        pieces.append((low, high, offset))
        low = high
    return pieces
