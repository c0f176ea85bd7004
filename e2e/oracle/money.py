"""Exact arithmetic and decimal printing for the oracle: Fractions only, never floats."""
from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

# ISO 4217 minor units that are not 2.
MINOR_UNITS = {
    **dict.fromkeys(
        ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF",
         "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


def minor_unit(currency: str) -> int:
    """Digits after the point of a currency's amounts."""
    return MINOR_UNITS.get(currency, 2)


def exact(value: object) -> Fraction:
    """A Fraction of a TOML or CSV number: text, int or Decimal."""
    if isinstance(value, float):
        raise TypeError("a float got into the books")
    return Fraction(Decimal(value) if isinstance(value, str) else value)


def half_up(value: Fraction | int, step: Fraction | int = 1) -> Fraction:
    """The multiple of `step` nearest to `value`, a half going up (away from zero)."""
    if value < 0:
        return -half_up(-value, step)
    units = Fraction(value) / step
    return Fraction((2 * units.numerator + units.denominator) // (2 * units.denominator)) * step


def round_money(value: Fraction | int, digits: int) -> Fraction:
    """Half up to the minor unit."""
    return half_up(value, Fraction(1, 10 ** digits))


def fixed(value: Fraction, digits: int) -> str:
    """An amount with exactly the digits of the minor unit."""
    scaled = value * 10 ** digits
    if scaled.denominator != 1:
        raise ValueError(f"{value} is not rounded to {digits} digits")
    sign, whole = ("-" if scaled < 0 else ""), str(abs(scaled.numerator)).rjust(digits + 1, "0")
    return sign + (f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole)


def plain(value: Fraction | int) -> str:
    """A terminating decimal without trailing zeros or exponent."""
    value, digits = Fraction(value), 0
    while (value * 10 ** digits).denominator != 1:
        digits += 1
        if digits > 30:
            raise ValueError(f"{value} has no finite decimal form")
    return fixed(value, digits)
