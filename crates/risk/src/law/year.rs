//! A year of months: the law of the year's overage, and which of two programs is cheaper on the same hours.

use num_complex::Complex64;

use crate::law::{Compound, Grid, Grids};
use crate::number::{float, index, sum};

/// The overage of some months together: the sum of (S - allowance)+ over months that are alike and apart.
#[derive(Clone, Debug)]
pub struct Overages {
    /// The law of one month's hours, with a point at the allowance.
    pub month: Grid,
    /// The law of the sum.
    pub total: Grid,
    /// Hours lost in all months together, on average.
    pub forfeited: f64,
}

impl Overages {
    /// From the law of a month, its allowance in hours and the number of months; known up to about `hours` of overage.
    #[must_use]
    pub fn new(compound: &Compound, (allowance, months): (f64, u32), hours: f64, points: usize, grids: &mut Grids) -> Self {
        let points = Points::new(compound, allowance, hours, points);
        let month = Grid::new(compound, points.step * float(points.nodes), points.all, grids);
        let (step, excess) = (points.step, points.excess(&month, allowance));
        let power = i32::try_from(months).unwrap_or(i32::MAX);
        let alike = if compound.parts.len() == 1 { past_tie(compound, allowance) } else { allowance };
        let (mean, none) = (month.excess(allowance) * f64::from(months), month.cdf(alike).powi(power));
        let law = |at: &[Complex64]| at.first().copied().unwrap_or_default().powi(power);
        let total = Grid::of_excess(&[excess], step, (mean, none), law, grids);
        let forfeited = month.shortfall(allowance) * f64::from(months);
        Self { month, total, forfeited }
    }
}

/// The law of a year's overage in doubt about the client: the months of a year are alike and apart in one of several moods, given with
/// their shares. Moods differ in how often things happen, not in what happens.
#[must_use]
pub fn overage_in_moods(
    moods: &[(f64, Compound)],
    (allowance, months): (f64, u32),
    hours: f64,
    points: usize,
    grids: &mut Grids,
) -> Grid {
    let Some((_, first)) = moods.first() else { return Grid::new(&Compound::default(), hours, points, grids) };
    let points = Points::new(first, allowance, hours, points);
    let power = i32::try_from(months).unwrap_or(i32::MAX);
    let (mut mean, mut none, mut error, mut excess) = (0.0, 0.0, 0.0, Vec::with_capacity(moods.len()));
    let (shares, compounds): (Vec<f64>, Vec<&Compound>) = moods.iter().map(|(share, compound)| (*share, compound)).unzip();
    for (month, share) in Grid::of_each(&compounds, (points.all, points.step / 2.0), grids).iter().zip(&shares) {
        mean += share * month.excess(allowance) * f64::from(months);
        none += share * month.cdf(past_tie(first, allowance)).powi(power);
        error += share * month.error_near(allowance) * f64::from(months);
        excess.push(points.excess(month, allowance));
    }
    let law = |at: &[Complex64]| at.iter().zip(&shares).map(|(z, share)| z.powi(power) * share).sum::<Complex64>();
    Grid::of_excess(&excess, points.step, (mean, none), law, grids).less_sure(error)
}

/// Where the chance to stay within an allowance is read: a month of exactly its hours is none of overage, and where hours come in
/// steps the law is smooth between them only.
fn past_tie(compound: &Compound, allowance: f64) -> f64 {
    let step = compound.parts.first().and_then(|part| part.severity.step());
    step.map_or(allowance, |step| ((allowance / step + 1e-9).floor() + 0.5) * step)
}

/// The points of a month's grid that reaches past an allowance, with a point there.
struct Points {
    all: usize,
    /// As many as are read.
    nodes: usize,
    /// Hours between those.
    step: f64,
}

impl Points {
    fn new(compound: &Compound, allowance: f64, hours: f64, all: usize) -> Self {
        let nodes = all / 4;
        let reach = allowance + 2.0 * hours;
        let least = reach / float(nodes);
        // Hours that come in steps, as those of rounded work do, are best met on their own steps.
        let own = compound.parts.first().and_then(|part| part.severity.step()).filter(|own| {
            let steps = allowance / own;
            *own >= least && (steps - steps.round()).abs() < 1e-9
        });
        let step = match own {
            Some(own) => own / (own / least).floor(),
            None if allowance > least => allowance / (allowance / least).floor(),
            // A small allowance needs no point of its own.
            None => least,
        };
        Self { all, nodes, step }
    }

    /// E[(S - x)+] from the allowance on, at nearly all points that are known, and one more: at a number of them that is transformed
    /// quickly.
    fn excess(&self, month: &Grid, allowance: f64) -> Vec<f64> {
        let known = self.nodes.saturating_sub(index(allowance / self.step + 0.5)).max(16);
        let eighth = 1_usize << (usize::BITS - 1 - known.leading_zeros()) >> 3;
        let last = [15, 12, 10, 9, 8].map(|eighths| eighths * eighth).into_iter().find(|last| *last <= known).unwrap_or(16);
        (0..=last).map(|number| month.excess(allowance + float(number) * self.step)).collect()
    }
}

/// The chance that a difference of costs, summed over some months, is below nought; a tie counts half.
///
/// `difference` is one month's, in money, for so many hours in it.
#[must_use]
pub fn chance_of_less(month: &Grid, months: u32, difference: impl Fn(f64) -> f64, grids: &mut Grids) -> f64 {
    const POINTS: usize = 1 << 16;
    let nodes = month.shortfalls().len().saturating_sub(1);
    let cells: Vec<(f64, f64)> = std::iter::once((0.0, month.none()))
        .chain((0..nodes).map(|number| {
            let (from, to) = (float(number) * month.step(), float(number + 1) * month.step());
            (f64::midpoint(from, to), (month.cdf(to) - month.cdf(from)).max(0.0))
        }))
        // What lies past the grid's end counts there.
        .chain(std::iter::once((month.hours(), (1.0 - month.cdf(month.hours())).max(0.0))))
        .filter(|(_, share)| *share > 1e-15)
        .collect();
    let largest = cells.iter().map(|(hours, share)| difference(*hours).abs() * share.sqrt().min(1.0)).fold(0.0, f64::max);
    let spread: f64 = sum(cells.iter().map(|(hours, share)| share * difference(*hours).powi(2)));
    let reach = f64::from(months) * spread.sqrt() * 4.0 + largest * 4.0;
    let step = reach * 2.0 / float(POINTS);
    if step <= 0.0 || !step.is_finite() {
        return 0.5;
    }
    let mut law = vec![0.0; POINTS];
    let mut add = |at: i64, share: f64| {
        let around = i64::try_from(POINTS).unwrap_or(i64::MAX);
        if let Some(slot) = usize::try_from(at.rem_euclid(around)).ok().and_then(|at| law.get_mut(at)) {
            *slot += share;
        }
    };
    for (hours, share) in cells {
        let at = (difference(hours) / step).clamp(-float(POINTS) / 2.0, float(POINTS) / 2.0);
        let below = at.floor();
        let part = at - below;
        add(crate::number::round_i64(below), share * (1.0 - part));
        add(crate::number::round_i64(below) + 1, share * part);
    }
    let power = i32::try_from(months).unwrap_or(i32::MAX);
    let total = grids.transform(&[law], (POINTS, 0.0), |at| at.first().copied().unwrap_or_default().powi(power));
    let tie = total.first().copied().unwrap_or(0.0);
    (sum(total.iter().skip(POINTS / 2).copied()) + tie / 2.0).clamp(0.0, 1.0)
}
