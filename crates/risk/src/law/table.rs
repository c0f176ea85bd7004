//! A law made ready to be drawn from: 64 random bits become a value in a few nanoseconds. It has no random source of its own.
//!
//! Values in steps are drawn by aliases (Walker 1977, Vose 1991), which are exact. Smooth ones are read from their quantile
//! function: 1,024 cells of the same probability, the first and the last cut into 256 again, and its last again. Within a cell a
//! parabola meets both ends and the mean of the cell, so that the mean of the whole is exact and a value is off by a term in
//! the third power of the cell's width. A point at nought is kept apart and keeps its exact probability.

use crate::frequency::Frequency;
use crate::law::{Compound, Grid, Grids, Lattice};
use crate::number::{float, index, root, sum};
use crate::severity::{LATTICE_MAX, Severity};

/// The bits of 1.0.
const ONE: u64 = 0x3ff0_0000_0000_0000;
/// The largest float below 1.0 that has its last bit at 2^-52.
const BELOW_ONE: f64 = 1.0 - f64::EPSILON;
/// Cells of the whole: 2^10.
const CELLS: usize = 1 << CELL_BITS;
const CELL_BITS: u32 = 10;
/// Cells of a last cell: 2^8.
const TAIL_CELLS: usize = 1 << TAIL_BITS;
const TAIL_BITS: u32 = 8;
/// How often the last cell is cut where the tail is known to the last digits, and where it is known to 1e-9.
const TAILS_EXACT: i32 = 3;
const TAILS_GRID: i32 = 1;
/// Probabilities below this are no part of a table of counts.
const NOTHING: f64 = 1e-18;

/// A law, ready to be drawn from.
#[derive(Clone, Debug)]
pub struct Table(Way);

#[derive(Clone, Debug)]
enum Way {
    /// Single values.
    Steps(Aliases),
    /// A density, perhaps with a point at nought.
    Smooth(Cells),
    Capped {
        cap: f64,
        of: Box<Table>,
    },
    Mixture(Vec<(f64, Table)>),
}

impl Table {
    /// The hours of one ticket. Nothing where their mean is not a finite number.
    #[must_use]
    pub fn of_severity(severity: &Severity) -> Option<Self> {
        let mean = severity.mean();
        if !mean.is_finite() {
            return None;
        }
        if let Severity::Points(points) = severity {
            return Some(Self(Way::Steps(Aliases::new(points)?)));
        }
        if let Some(step) = severity.step() {
            let lattice = severity.lattice(step, LATTICE_MAX);
            let points: Vec<(f64, f64)> = lattice.iter().enumerate().map(|(at, share)| (float(at) * step, *share)).collect();
            return Some(Self(Way::Steps(Aliases::new(&points)?)));
        }
        match severity {
            Severity::Capped { cap, of } => Some(Self(Way::Capped { cap: *cap, of: Box::new(Self::of_severity(of)?) })),
            Severity::Mixture(parts) if !severity.has_density() => {
                let parts: Option<Vec<(f64, Self)>> =
                    parts.iter().map(|(share, part)| Some((*share, Self::of_severity(part)?))).collect();
                Some(Self(Way::Mixture(parts?)))
            }
            _ => Some(Self(Way::Smooth(Cells::new(|x| severity.survival(x), |x| severity.excess(x), (mean, 0.0), TAILS_EXACT)?))),
        }
    }

    /// How many tickets come. Nothing where the number is not finite or larger than about a million.
    #[must_use]
    pub fn of_frequency(frequency: Frequency) -> Option<Self> {
        let [mean, variance, _] = frequency.cumulants();
        if !mean.is_finite() || !variance.is_finite() || mean < 0.0 {
            return None;
        }
        let mut points = Vec::new();
        for count in 0..=u32::try_from(LATTICE_MAX).ok()? {
            let share = frequency.probability(count);
            points.push((f64::from(count), share));
            if share < NOTHING && f64::from(count) > mean {
                return Some(Self(Way::Steps(Aliases::new(&points)?)));
            }
        }
        None
    }

    /// The hours of a month whose law is known on a grid. Nothing where more than 2^-18 of the law lies past the grid's end.
    #[must_use]
    pub fn of_grid(grid: &Grid) -> Option<Self> {
        let (none, mean) = (grid.none(), grid.mean());
        let nought = || Some(Self(Way::Steps(Aliases::new(&[(0.0, 1.0)])?)));
        if mean == 0.0 {
            return nought();
        }
        let finest = (-f64::from(CELL_BITS) - f64::from(TAIL_BITS) * f64::from(TAILS_GRID)).exp2();
        let some = 1.0 - none;
        if (1.0 - grid.cdf(grid.hours())) / some > finest / 2.0 {
            return None;
        }
        // Where nearly all months have no hours, the others get a table of their own.
        if some * float(CELLS) < 2.0 {
            let above = Cells::new(|x| (1.0 - grid.cdf(x)) / some, |x| grid.excess(x) / some, (mean / some, 0.0), TAILS_GRID)?;
            return Some(Self(Way::Mixture(vec![(none, nought()?), (some, Self(Way::Smooth(above)))])));
        }
        Some(Self(Way::Smooth(Cells::new(|x| 1.0 - grid.cdf(x), |x| grid.excess(x), (mean, none), TAILS_GRID)?)))
    }

    /// The hours of a month on a lattice. Nothing where more than a thousand millionth of the law lies past the lattice's end.
    #[must_use]
    pub fn of_lattice(lattice: &Lattice) -> Option<Self> {
        let known = lattice.probabilities();
        if sum(known.iter().copied()) < 1.0 - 1e-9 {
            return None;
        }
        let points: Vec<(f64, f64)> = known.iter().enumerate().map(|(at, share)| (float(at) * lattice.step(), *share)).collect();
        Some(Self(Way::Steps(Aliases::new(&points)?)))
    }

    /// The hours of a month with tickets of several kinds: on a lattice where all hours come in steps, else on a grid of 2^14
    /// points that reaches as far as needed. Nothing where the variance is not finite or the tail does not end.
    #[must_use]
    pub fn of_month(compound: &Compound, grids: &mut Grids) -> Option<Self> {
        let (mean, deviation) = (compound.mean(), compound.deviation());
        if mean == 0.0 {
            return Some(Self(Way::Steps(Aliases::new(&[(0.0, 1.0)])?)));
        }
        if !mean.is_finite() || !deviation.is_finite() {
            return None;
        }
        let mut reach = mean + 12.0 * deviation;
        for _ in 0..10 {
            let found = match Lattice::new(compound, reach) {
                Some(lattice) => Self::of_lattice(&lattice),
                None => Self::of_grid(&Grid::new(compound, reach, 1 << 14, grids)),
            };
            if found.is_some() {
                return found;
            }
            reach *= 2.0;
        }
        None
    }

    /// The value that belongs to 64 random bits.
    #[must_use]
    pub fn draw(&self, bits: u64) -> f64 {
        match &self.0 {
            Way::Steps(aliases) => aliases.draw(bits),
            Way::Smooth(cells) => cells.draw(bits),
            Way::Capped { cap, of } => of.draw(bits).min(*cap),
            Way::Mixture(parts) => mixture(parts, bits),
        }
    }

    /// The values that belong to some random bits, one to one; the shorter slice ends it.
    pub fn fill(&self, bits: &[u64], values: &mut [f64]) {
        let pairs = values.iter_mut().zip(bits);
        match &self.0 {
            Way::Steps(aliases) => pairs.for_each(|(value, bits)| *value = aliases.draw(*bits)),
            Way::Smooth(cells) => pairs.for_each(|(value, bits)| *value = cells.draw(*bits)),
            Way::Capped { .. } | Way::Mixture(_) => pairs.for_each(|(value, bits)| *value = self.draw(*bits)),
        }
    }
}

/// The part is found by the first share, and what is left of it draws from the part.
fn mixture(parts: &[(f64, Table)], bits: u64) -> f64 {
    let mut left = fraction(bits);
    for (share, part) in parts {
        if left < *share {
            return part.draw(bits_of(left / share));
        }
        left -= share;
    }
    parts.last().map_or(0.0, |(_, part)| part.draw(bits << 32))
}

/// A fraction from nought to below one, from the first 52 bits.
fn fraction(bits: u64) -> f64 {
    f64::from_bits((bits >> 12) | ONE) - 1.0
}

/// The first 52 bits of a fraction; below nought it is nought.
fn bits_of(fraction: f64) -> u64 {
    let inside = if fraction > 0.0 { fraction } else { 0.0 };
    let inside = if inside < BELOW_ONE { inside } else { BELOW_ONE };
    (inside + 1.0).to_bits() << 12
}

/// Single values with their probabilities: a column each, which holds its own value up to a threshold and another's above.
#[derive(Clone, Debug)]
struct Aliases {
    columns: Vec<Column>,
    /// There are 2^bits columns.
    bits: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Column {
    threshold: f64,
    own: f64,
    other: f64,
}

impl Aliases {
    /// From values and probabilities. Nothing where the probabilities do not add up to a number above nought.
    fn new(points: &[(f64, f64)]) -> Option<Self> {
        let total = sum(points.iter().map(|(_, share)| share.max(0.0)));
        if total.is_nan() || total <= 0.0 {
            return None;
        }
        let used: Vec<(f64, f64)> = points.iter().copied().filter(|(_, share)| *share > total * NOTHING).collect();
        let size = used.len().next_power_of_two();
        let mut columns = vec![Column::default(); size];
        let (mut small, mut large) = (Vec::new(), Vec::new());
        for (at, column) in columns.iter_mut().enumerate() {
            let (value, share) = used.get(at).copied().unwrap_or((0.0, 0.0));
            let height = share / total * float(size);
            *column = Column { threshold: 1.0, own: value, other: value };
            if height < 1.0 { small.push((at, height)) } else { large.push((at, height)) }
        }
        while let Some((at, height)) = small.pop() {
            // Without a large one left, what is missing is rounding, or an empty column that takes the first value.
            let Some((from, above)) = large.pop() else { break };
            let giver = columns.get(from).map_or(0.0, |column| column.own);
            if let Some(column) = columns.get_mut(at) {
                (column.threshold, column.other) = (height, giver);
            }
            let rest = above + height - 1.0;
            if rest < 1.0 { small.push((from, rest)) } else { large.push((from, rest)) }
        }
        Some(Self { columns, bits: size.trailing_zeros() })
    }

    fn draw(&self, bits: u64) -> f64 {
        let at = usize::try_from((bits >> 1) >> (63 - self.bits)).unwrap_or(0);
        let column = self.columns.get(at).copied().unwrap_or_default();
        if fraction(bits << self.bits) < column.threshold { column.own } else { column.other }
    }
}

/// A density by its quantile function.
#[derive(Clone, Debug)]
struct Cells {
    /// Cells before the first one are nought.
    body: Box<[Cell; CELLS]>,
    /// The first cell that is not nought alone, and the share of it that is.
    first: usize,
    none: f64,
    /// The rest of the first cell, in [`TAIL_CELLS`].
    head: Vec<Cell>,
    /// The last cell of what is before, in one cell less than [`TAIL_CELLS`]; the last is in the next.
    tails: Vec<Vec<Cell>>,
    /// What is left at the end.
    last: Cell,
}

/// The values of a cell: low + f (slope + f bend) at a fraction f of it.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    low: f64,
    slope: f64,
    bend: f64,
}

impl Cells {
    /// From P(X > x), E[(X - x)+], the mean and P(X = 0), of which the last leaves more than one cell. Nothing where a quantile
    /// cannot be found.
    fn new(survival: impl Fn(f64) -> f64, excess: impl Fn(f64) -> f64, (mean, none): (f64, f64), tails: i32) -> Option<Self> {
        let some = 1.0 - none;
        let lowest = quantile(&survival, some * (1.0 - 1e-9), (0.0, mean / 1_024.0))?;
        let (mut edge, mut width) = ((lowest, some, excess(lowest)), mean / 1_024.0);
        let mut next = |above: f64| -> Option<Cell> {
            let (low, share, over) = edge;
            let high = quantile(&survival, above, (low, width))?;
            let beyond = excess(high);
            let middle = (low * share + over - high * above - beyond) / (share - above);
            (edge, width) = ((high, above, beyond), (high - low).max(mean * 1e-9));
            Some(Cell::new(low, high, middle))
        };
        let first = index(none * float(CELLS));
        let until = 1.0 - float(first + 1) / float(CELLS);
        let part = (some - until) / float(TAIL_CELLS);
        let head: Option<Vec<Cell>> = (1..=TAIL_CELLS).map(|number| next(until + part * float(TAIL_CELLS - number))).collect();
        // The first and the last cell are never read: their bits lead to the head and the tails.
        let mut body = vec![Cell::default(); first + 1];
        for number in first + 2..CELLS {
            body.push(next(1.0 - float(number) / float(CELLS))?);
        }
        body.push(Cell::default());
        let (mut cut, mut scale) = (Vec::new(), 1.0 / float(CELLS));
        for _ in 0..tails {
            let level: Option<Vec<Cell>> =
                (1..TAIL_CELLS).map(|number| next(scale * (1.0 - float(number) / float(TAIL_CELLS)))).collect();
            cut.push(level?);
            scale /= float(TAIL_CELLS);
        }
        let (low, share, over) = edge;
        let reach = (over / share).max(0.0) * 2.0;
        let last = Cell { low, slope: reach, bend: 0.0 };
        (reach.is_finite() && low.is_finite()).then_some(())?;
        let none = none * float(CELLS) - float(first);
        Some(Self { body: body.try_into().ok()?, first, none, head: head?, tails: cut, last })
    }

    fn draw(&self, bits: u64) -> f64 {
        let at = usize::try_from(bits >> (u64::BITS - CELL_BITS)).unwrap_or(0);
        let rest = bits << CELL_BITS;
        if at == self.first || at == CELLS - 1 {
            return if at == self.first { self.head(rest) } else { self.tail(rest) };
        }
        self.body.get(at).map_or(0.0, |cell| cell.at(fraction(rest)))
    }

    #[cold]
    fn head(&self, bits: u64) -> f64 {
        let above = (fraction(bits) - self.none) / (1.0 - self.none);
        if above < 0.0 { 0.0 } else { cell_of(&self.head, bits_of(above)).unwrap_or(0.0) }
    }

    #[cold]
    fn tail(&self, mut bits: u64) -> f64 {
        for level in &self.tails {
            if let Some(value) = cell_of(level, bits) {
                return value;
            }
            bits <<= TAIL_BITS;
        }
        self.last.at(fraction(bits))
    }
}

impl Cell {
    /// Through both ends with the given mean, if that can be done without turning back; else evenly about the mean.
    fn new(low: f64, high: f64, mean: f64) -> Self {
        let (width, middle) = (high - low, mean.clamp(low, high));
        let bend = 3.0 * width - 6.0 * (middle - low);
        if bend.abs() <= width {
            return Self { low, slope: width - bend, bend };
        }
        let half = (middle - low).min(high - middle);
        Self { low: middle - half, slope: 2.0 * half, bend: 0.0 }
    }

    fn at(&self, fraction: f64) -> f64 {
        self.low + fraction * (self.slope + fraction * self.bend)
    }
}

/// The value that belongs to some bits, of which the first choose a cell; nothing where there is no such cell.
fn cell_of(cells: &[Cell], bits: u64) -> Option<f64> {
    let at = usize::try_from(bits >> (u64::BITS - TAIL_BITS)).ok()?;
    cells.get(at).map(|cell| cell.at(fraction(bits << TAIL_BITS)))
}

/// The x, from a point upwards, with P(X > x) of a share; `width` is a guess of how far it is.
fn quantile(survival: &impl Fn(f64) -> f64, above: f64, (from, width): (f64, f64)) -> Option<f64> {
    if survival(from) <= above {
        return Some(from);
    }
    let (mut low, mut step) = (from, width);
    for _ in 0..200 {
        if survival(low + step) <= above {
            return Some(root(|x| survival(x) - above, low, low + step)).filter(|found| found.is_finite());
        }
        low += step;
        step *= 2.0;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many evenly spread draws stand for all.
    const SPREAD: u64 = 1 << 18;

    fn spread(table: &Table) -> Vec<f64> {
        let bits: Vec<u64> = (0..SPREAD).map(|number| (number << 46) | (1 << 45)).collect();
        let mut values = vec![0.0; bits.len()];
        table.fill(&bits, &mut values);
        assert!(values.iter().zip(&bits).all(|(value, bits)| *value == table.draw(*bits)));
        values
    }

    /// The mean of a function of what is drawn: exact for single values, else from evenly spread draws.
    fn mean_of(table: &Table, function: impl Fn(f64) -> f64) -> f64 {
        if let Way::Steps(aliases) = &table.0 {
            let column = |column: &Column| column.threshold * function(column.own) + (1.0 - column.threshold) * function(column.other);
            return sum(aliases.columns.iter().map(column)) / float(aliases.columns.len());
        }
        sum(spread(table).into_iter().map(function)) / float(1 << 18)
    }

    fn is(holds: bool) -> f64 {
        f64::from(u8::from(holds))
    }

    fn near(name: &str, got: f64, wanted: f64, tolerance: f64) {
        assert!((got - wanted).abs() < tolerance, "{name}: {got} is not {wanted}");
    }

    fn severities() -> Vec<Severity> {
        let lognormal = Severity::Lognormal { mu: -1.0, sigma: 1.0 };
        vec![
            Severity::Exponential { mean: 0.75 },
            Severity::Gamma { shape: 0.6, scale: 0.9 },
            Severity::Burr { power: 1.8, tail: 3.0, scale: 0.6 },
            Severity::Uniform { from: 0.25, to: 1.5 },
            Severity::empirical(&[0.25, 0.5, 0.25, 4.0]),
            Severity::RoundedUp { step: 0.25, of: Box::new(lognormal.clone()) },
            Severity::Capped { cap: 2.0, of: Box::new(lognormal.clone()) },
            Severity::Mixture(vec![(0.8, lognormal.clone()), (0.2, Severity::Gamma { shape: 2.0, scale: 1.0 })]),
            Severity::Mixture(vec![(0.7, lognormal.clone()), (0.3, Severity::Points(vec![(1.0, 1.0)]))]),
            lognormal,
        ]
    }

    #[test]
    fn the_hours_of_a_ticket_keep_their_mean_excess_and_chances() {
        for severity in severities() {
            let (table, name) = (Table::of_severity(&severity).expect("a table"), format!("{severity:?}"));
            near(&name, mean_of(&table, |value| value), severity.mean(), 5e-5 * severity.mean());
            for x in [0.3, 0.9, 1.6, 2.9] {
                near(&name, mean_of(&table, |value| is(value > x)), severity.survival(x), 1e-5);
                near(&name, mean_of(&table, |value| (value - x).max(0.0)), severity.excess(x), 5e-5 * severity.mean());
            }
        }
    }

    #[test]
    fn the_tail_is_cut_again_and_again() {
        let severity = Severity::Exponential { mean: 1.0 };
        let table = Table::of_severity(&severity).expect("a table");
        for (above, tolerance) in [(1e-4_f64, 1e-5), (1e-6, 1e-3), (1e-8, 1e-3), (1e-10, 1e-2)] {
            near("an exponential", table.draw(bits_of(1.0 - above)), -above.ln(), tolerance);
        }
        assert!(table.draw(u64::MAX) > 23.0 && table.draw(u64::MAX).is_finite());
    }

    #[test]
    fn counts_keep_their_probabilities() {
        for frequency in [
            Frequency::Poisson { mean: 8.0 },
            Frequency::NegativeBinomial { mean: 6.0, size: 0.5 },
            Frequency::Binomial { trials: 9, share: 0.3 },
            Frequency::Poisson { mean: 900.0 },
        ] {
            let table = Table::of_frequency(frequency).expect("a table");
            for count in [0_u32, 1, 5, 9, 30, 880, 910] {
                let got = mean_of(&table, |value| is(value == f64::from(count)));
                near(&format!("{frequency:?} at {count}"), got, frequency.probability(count), 1e-14);
            }
            near("the mean", mean_of(&table, |value| value), frequency.mean(), 1e-9);
            assert!(spread(&table).iter().all(|value| value.fract() == 0.0));
        }
    }

    #[test]
    fn a_month_keeps_its_point_at_nought_and_its_law() {
        let models = [
            Compound::of(Frequency::Poisson { mean: 0.7 }, Severity::Lognormal { mu: -1.0, sigma: 1.0 }),
            Compound::of(Frequency::NegativeBinomial { mean: 20.0, size: 6.0 }, Severity::Gamma { shape: 1.5, scale: 0.5 }),
            // Nearly all months have no hours: in the last but one cell, and in the last.
            Compound::of(Frequency::Poisson { mean: 0.002_5 }, Severity::Gamma { shape: 1.5, scale: 0.5 }),
            Compound::of(Frequency::Poisson { mean: 0.000_9 }, Severity::Gamma { shape: 1.5, scale: 0.5 }),
        ];
        let mut grids = Grids::new();
        for model in models {
            let (table, name) = (Table::of_month(&model, &mut grids).expect("a table"), format!("{model:?}"));
            let grid = Grid::new(&model, model.mean() + 40.0_f64.max(40.0 * model.deviation()), 1 << 16, &mut grids);
            near(&name, mean_of(&table, |value| is(value == 0.0)), model.none(), 4e-6);
            near(&name, mean_of(&table, |value| value), model.mean(), (3e-5 * model.mean()).max(1e-6));
            for x in [0.2, 1.0, 5.0, 12.0, 20.0] {
                near(&name, mean_of(&table, |value| is(value > x)), 1.0 - grid.cdf(x), 1e-5);
                near(&name, mean_of(&table, |value| (value - x).max(0.0)), grid.excess(x), (5e-5 * model.mean()).max(1e-6));
            }
        }
    }

    #[test]
    fn a_month_in_steps_is_drawn_in_steps() {
        let model = Compound::of(
            Frequency::Poisson { mean: 4.0 },
            Severity::RoundedUp { step: 0.25, of: Box::new(Severity::Exponential { mean: 0.5 }) },
        );
        let table = Table::of_month(&model, &mut Grids::new()).expect("a table");
        let lattice = Lattice::new(&model, 30.0).expect("a lattice");
        for x in [0.0, 1.0, 2.0, 5.0] {
            near("steps", mean_of(&table, |value| is(value <= x)), lattice.cdf(x), 1e-9);
        }
        assert!(spread(&table).iter().all(|value| (value * 4.0).fract() == 0.0));
    }

    #[test]
    fn what_cannot_be_drawn_is_nothing() {
        assert!(Table::of_severity(&Severity::Burr { power: 1.0, tail: 0.5, scale: 1.0 }).is_none());
        assert!(Table::of_frequency(Frequency::Poisson { mean: f64::INFINITY }).is_none());
        assert!(Table::of_severity(&Severity::Points(Vec::new())).is_none());
        let none = Compound::of(Frequency::Poisson { mean: 0.0 }, Severity::Exponential { mean: 1.0 });
        assert_eq!(Table::of_month(&none, &mut Grids::new()).expect("a table").draw(u64::MAX), 0.0);
        // A grid that ends too early.
        let model = Compound::of(Frequency::Poisson { mean: 8.0 }, Severity::Exponential { mean: 1.0 });
        assert!(Table::of_grid(&Grid::new(&model, 12.0, 1 << 12, &mut Grids::new())).is_none());
    }
}
