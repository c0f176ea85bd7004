"""Measures our benches, aggregate and numpy for risk_peers.sh, reads what actuar took, and prints all beside each other.

All times are processor time, so that other work on the machine disturbs them less.
"""

import math
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy
from scipy.stats import norm

MEAN, MU, SIGMA, LEVEL = 8.0, -1.0, 1.0, 5.0
# ref_ladder_open.csv, M01-stop-5.
REFERENCE = 1.0034710882397540


def milliseconds(work, times):
    """The median processor time of some runs, after one that is not counted; and the last result."""
    result, taken = work(), []
    for _ in range(times):
        start = time.process_time()
        result = work()
        taken.append((time.process_time() - start) * 1e3)
    return statistics.median(taken), result


def excess_of(points, probabilities):
    """E[(S - d)+] from what is known below d, so that a cut tail does no harm."""
    mean = MEAN * math.exp(MU + SIGMA**2 / 2)
    return mean - LEVEL + float(numpy.sum(numpy.maximum(LEVEL - points, 0) * probabilities))


def by_fft():
    """The rounded law on 2^16 points, its transform, and back."""
    count, step = 1 << 16, 1 / 1024
    edges = (numpy.arange(count + 1) - 0.5) * step
    below = numpy.zeros(count + 1)
    below[1:] = norm.cdf((numpy.log(edges[1:]) - MU) / SIGMA)
    spectrum = numpy.fft.rfft(numpy.diff(below))
    return numpy.arange(count) * step, numpy.fft.irfft(numpy.exp(MEAN * (spectrum - 1)), count)


def by_simulation():
    """A million years of twelve months; the mean overage of a month."""
    random, total, months = numpy.random.default_rng(1), 0.0, 0
    for _ in range(20):
        counts = random.poisson(MEAN, 12 * 50_000)
        hours = random.lognormal(MU, SIGMA, counts.sum())
        ends = numpy.concatenate([[0.0], numpy.cumsum(hours)])[numpy.cumsum(numpy.concatenate([[0], counts]))]
        total += float(numpy.maximum(numpy.diff(ends) - LEVEL, 0).sum())
        months += len(counts)
    return total / months


def by_aggregate():
    """aggregate's update of an object that is built already, and with the building."""
    from aggregate import build

    text = f"agg Month {MEAN} claims sev {math.exp(MU)} * lognorm {SIGMA} poisson"
    made = build(text, update=False)
    update, _ = milliseconds(lambda: made.update(log2=16, bs=1 / 1024), 9)
    points, probabilities = made.density_df["loss"].to_numpy(), made.density_df["p_total"].to_numpy()
    whole, _ = milliseconds(lambda: build(text, log2=16, bs=1 / 1024), 5)
    return update, whole, excess_of(points, probabilities)


def processor_seconds(name, samples):
    """What the processor did for a bench with so many samples, cargo included."""
    command = ["cargo", "bench", "--quiet", "-p", "quarterhour-risk", "--locked", "--bench", "risk", "--", name]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "--sample-count", str(samples), "--sample-size", "1"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(name, samples):
    """Milliseconds of processor time for one run of a bench: what further samples add."""
    added = sorted(processor_seconds(name, 2 + samples) - processor_seconds(name, 2) for _ in range(3))
    return added[1] * 1e3 / samples


def main():
    """Prints a table: time, error, and how many times ours."""
    aggregate, folder = sys.argv[1], Path(sys.argv[2])
    law, years, table = ours("whole_law", 400), ours("million_years_by_ticket", 4), ours("million_years_by_month", 12)
    rows = [("ours: whole law, 2^13 and 2^14", law, None, law), ("ours: one value", ours("one_value", 5_000), None, law)]
    update, whole, got = by_aggregate()
    rows.append((f"{aggregate}, 2^16: update", update, got, law))
    rows.append((f"{aggregate}, 2^16: with build", whole, got, law))
    if (folder / "actuar.txt").exists():
        taken, got = map(float, (folder / "actuar.txt").read_text().split())
        rows.append(("actuar: Panjer, 10,000 points", taken, got, law))
    taken, (points, probabilities) = milliseconds(by_fft, 9)
    rows.append(("numpy: FFT, 2^16", taken, excess_of(points, probabilities), law))
    rows.append(("ours: 10^6 years, by ticket", years, None, years))
    rows.append(("ours: 10^6 years, by month", table, None, years))
    taken, got = milliseconds(by_simulation, 1)
    rows.append(("numpy: 10^6 years", taken, got, years))
    rows.append(("ours: band of 1,000 draws", ours("band_of_a_thousand_draws", 20), None, None))
    print(f"{'':36} {'ms':>10} {'error':>10} {'times ours':>11}")
    for name, taken, got, beside in rows:
        error = "" if got is None else f"{abs(got - REFERENCE):.1e}"
        ratio = "" if beside is None else f"{taken / beside:.2f}"
        print(f"{name:36} {taken:10.3f} {error:>10} {ratio:>11}")
    print("The error of our whole law is below 1e-8 by its tests; our years are priced under six programs, numpy's under none.")


main()
