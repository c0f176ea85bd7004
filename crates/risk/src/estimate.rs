//! Numbers from simulated years, with their standard errors, and an exact law beside them to lean on (control variate).

use serde::Serialize;

use crate::number::{float, mean, quantile_of_sorted, sorted, sum};

/// A number with its standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

impl Estimate {
    /// Of a number that is known.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        Self { value, error: 0.0 }
    }

    /// Of a number that cannot be below nought.
    #[must_use]
    pub fn above_nought(self) -> Self {
        Self { value: self.value.max(0.0), ..self }
    }
}

/// A variable that is known exactly and was drawn along, such as the hours of each simulated course. The default one knows nothing.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// What was drawn.
    pub drawn: Vec<f64>,
    /// Its exact mean.
    pub mean: f64,
    /// How far off that may be by the way it was computed.
    pub error: f64,
    /// Its quantiles by share, as far as they are known: exactly, or from many more courses.
    pub quantiles: Vec<(f64, Estimate)>,
    /// Its mean beyond one of them: the share, and the mean.
    pub tail_mean: Option<(f64, Estimate)>,
    /// The exact chance that it is above nought, where it may be nought.
    pub above: Option<f64>,
}

impl Control {
    /// The quantile of a share, if it is known.
    fn quantile(&self, share: f64) -> Option<Estimate> {
        self.quantiles.iter().find(|(own, _)| (own - share).abs() < 1e-9).map(|(_, value)| *value)
    }
}

/// The mean of values, corrected by how far the control's mean is from the exact one, where that makes it surer. A course whose control
/// lies far off draws the correction to itself: what it misses counts as if it had been left out (HC3 of MacKinnon and White 1985).
#[must_use]
pub fn mean_with(values: &[f64], control: &Control) -> Estimate {
    let (count, middle) = (float(values.len()), mean(values));
    let plain = Estimate { value: middle, error: deviation(values) / count.sqrt() };
    let drawn = mean(&control.drawn);
    let swing = deviation(&control.drawn).powi(2) * (count - 1.0);
    if control.drawn.len() != values.len() || swing <= 0.0 {
        return plain;
    }
    let slope = slope(values, &control.drawn);
    let missed = values.iter().zip(&control.drawn).map(|(value, own)| {
        let apart = own - drawn;
        let alone = (1.0 - 1.0 / count - apart * apart / swing).max(1e-9);
        let missed = value - middle - slope * apart;
        ((1.0 / count + apart * (control.mean - drawn) / swing) * missed / alone).powi(2)
    });
    let error = sum(missed).sqrt().hypot(slope * control.error);
    let corrected = Estimate { value: middle + slope * (control.mean - drawn), error };
    // Half of what lies between them may be what the plain one misses.
    let doubted = Estimate { error: plain.error.hypot((corrected.value - plain.value) / 2.0), ..plain };
    if corrected.error < doubted.error { corrected } else { doubted }
}

/// A quantile of values. Where they follow the control closely it is what they are where the control is at its own exact quantile.
/// Else the share of courses below it is corrected by how many of the controls are below that (Hesterberg and Nelson 1998).
#[must_use]
pub fn quantile_with(values: &[f64], share: f64, control: &Control) -> Estimate {
    let sorted = sorted(values.to_vec());
    let exact = control.quantile(share);
    if let Some(estimate) = exact.and_then(|exact| followed(values, exact, control)).filter(|it| is_dense((values, &sorted), it.value))
    {
        return estimate;
    }
    let Some(plain) = quantile_of_sorted(&sorted, share) else { return Estimate { value: f64::NAN, error: f64::NAN } };
    let count = float(values.len());
    let (mut spread, mut value, mut unknown) = ((share * (1.0 - share)).sqrt(), plain, 0.0);
    if let Some(exact) = exact.filter(|exact| !has_atom(&control.drawn, exact.value)) {
        let known: Vec<f64> = control.drawn.iter().map(|drawn| f64::from(u8::from(*drawn <= exact.value))).collect();
        let doubt = density_at(&control.drawn, exact.value) * exact.error;
        // A share that is too high among the controls is too high among the values, too: seen first at the plain quantile, then
        // at what it was corrected to.
        for _ in 0..3 {
            let below: Vec<f64> = values.iter().map(|own| f64::from(u8::from(*own <= value))).collect();
            let slope = slope(&below, &known);
            let at = (share + slope * (mean(&known) - share)).clamp(0.5 / count, 1.0 - 0.5 / count);
            let rest: Vec<f64> = below.iter().zip(&known).map(|(below, known)| below - slope * known).collect();
            // That control and value never differed in a sample does not mean that they never do.
            spread = deviation(&rest).max((1.0 / (count + 2.0)).sqrt().min(spread));
            value = quantile_of_sorted(&sorted, at).unwrap_or(plain);
            unknown = slope * doubt;
        }
    }
    let error = (spread / count.sqrt()).hypot(unknown);
    // An error of the share becomes one of the value by the density there, or by the values that stand so far apart: where a law has
    // gaps the latter is larger.
    let density = density_at(values, value);
    let here = float(sorted.partition_point(|own| *own < value)) / count;
    let apart = |share: f64| quantile_of_sorted(&sorted, share.clamp(0.0, 1.0)).unwrap_or(value);
    let gap = (apart(here + error) - apart(here - error)) / 2.0;
    Estimate { value, error: if density > 0.0 { gap.max(error / density) } else { 0.0 } }
}

/// Values follow a control that goes with them as closely as this.
pub(crate) const FOLLOWS: f64 = 0.99;
/// With fewer courses no line is put through those around a quantile.
const COURSES_MIN: usize = 64;

/// The quantile of values that follow a control but for a little noise: a line through the courses around the control's exact
/// quantile, read there, and what the noise adds (Gouriéroux, Laurent and Scaillet 2000; the slope of the density is that of a
/// normal law). Nothing if they do not follow.
fn followed(values: &[f64], known: Estimate, control: &Control) -> Option<Estimate> {
    let (exact, count) = (known.value, values.len());
    if count < COURSES_MIN || correlation(values, &control.drawn) < FOLLOWS {
        return None;
    }
    // The courses in which the control is nearest to its quantile: those far off in the tail may follow another line.
    let near = (count / 4).max(COURSES_MIN / 2);
    let (wide, close) = (nearest_line(values, &control.drawn, exact, near)?, nearest_line(values, &control.drawn, exact, near / 2)?);
    let adds = wide.noise * (exact - control.mean) / (2.0 * wide.slope * deviation(&control.drawn).powi(2));
    // What a bend of the line, or unlike noise along it, would add shows in how much the nearer half differs.
    let error = wide.value.error.hypot(adds).hypot(wide.value.value - close.value.value).hypot(wide.slope * known.error);
    (wide.slope > 0.0).then_some(Estimate { value: wide.value.value + adds, error })
}

/// Is a value that of many of a sample, so that the share below it is not the share that its quantile stands for?
fn has_atom(drawn: &[f64], value: f64) -> bool {
    let near = deviation(drawn) * 0.003;
    float(drawn.iter().filter(|own| (**own - value).abs() <= near).count()) > 2.0 + 0.03 * float(drawn.len())
}

/// Has the law of a sample no gap around a value?
fn is_dense((values, sorted): (&[f64], &[f64]), value: f64) -> bool {
    let (low, high) = (sorted.partition_point(|own| *own < value), sorted.partition_point(|own| *own <= value));
    let neighbours = low.checked_sub(1).and_then(|low| sorted.get(low)).zip(sorted.get(high));
    neighbours.is_none_or(|(low, high)| (high - low) * density_at(values, value) * float(values.len()) < GAP)
}

/// The line through so many courses in which a control is nearest to a place.
fn nearest_line(values: &[f64], drawn: &[f64], at: f64, near: usize) -> Option<Line> {
    let mut pairs: Vec<(f64, f64)> = drawn.iter().copied().zip(values.iter().copied()).collect();
    pairs.sort_by(|one, other| (one.0 - at).abs().total_cmp(&(other.0 - at).abs()));
    line(pairs.get(..near)?, at)
}

/// A line by least squares, read at one place.
struct Line {
    value: Estimate,
    slope: f64,
    /// The variance around it.
    noise: f64,
}

/// Puts a line through pairs; nothing where they stand at one place.
fn line(pairs: &[(f64, f64)], at: f64) -> Option<Line> {
    let (places, values): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (place, middle, count) = (mean(&places), mean(&values), float(pairs.len()));
    let swing = deviation(&places).powi(2) * (count - 1.0);
    if swing <= 0.0 {
        return None;
    }
    let slope = slope(&values, &places);
    let noise = sum(pairs.iter().map(|(x, y)| (y - middle - slope * (x - place)).powi(2))) / (count - 2.0);
    let error = (noise * (1.0 / count + (at - place).powi(2) / swing)).sqrt();
    Some(Line { value: Estimate { value: middle + slope * (at - place), error }, slope, noise })
}

/// Neighbours of a sample this many times as far apart as usual have a gap between them.
const GAP: f64 = 12.0;

/// The density of a sample at a value, by a normal kernel of Silverman's width; nought for a sample that does not spread.
fn density_at(values: &[f64], at: f64) -> f64 {
    let width = 1.06 * deviation(values) * float(values.len()).powf(-0.2);
    if width <= 0.0 {
        return 0.0;
    }
    sum(values.iter().map(|value| crate::special::normal_pdf((at - value) / width))) / (width * float(values.len()))
}

/// The mean of the worst cases beyond a quantile, corrected by how far that of the control is from the exact one.
#[must_use]
pub fn tail_mean_with(values: &[f64], share: f64, control: &Control) -> Estimate {
    // In a gap of the law any quantile gives the same mean: best is the one that belongs to the control's.
    let followed = control.quantile(share).and_then(|known| followed(values, known, control));
    let quantile = followed.unwrap_or_else(|| quantile_with(values, share, control)).value;
    let beyond = |values: &[f64], quantile: f64| -> Vec<f64> {
        values.iter().map(|value| quantile + (value - quantile).max(0.0) / (1.0 - share)).collect()
    };
    let known = control.tail_mean.filter(|(own, _)| (own - share).abs() < 1e-9).zip(control.quantile(share));
    let (known_mean, drawn) = (known.map(|((_, mean), _)| mean), &control.drawn);
    let control = known.map(|((_, mean), own)| Control {
        drawn: beyond(&control.drawn, own.value),
        mean: mean.value,
        error: mean.error,
        ..Control::default()
    });
    let found = mean_with(&beyond(values, quantile), &control.unwrap_or_default());
    let few = values.iter().filter(|value| **value > quantile).count();
    let tail = match (known_mean, followed) {
        // With next to no course beyond, what is known of the control's tail says more: the line through the nearest reads it.
        (Some(mean), Some(_)) if few < TAIL_MIN => nearest_line(values, drawn, mean.value, values.len() / 4).map_or(found, |line| {
            let error = line.value.error.hypot(line.slope * mean.error);
            Estimate { value: line.value.value.max(quantile), error }
        }),
        _ => found,
    };
    // Courses of the tail that agree with each other do not say that others would.
    let floor = (tail.value - quantile).max(deviation(values) * 0.1) * TAIL_DOUBT / (float(values.len()) * (1.0 - share)).sqrt();
    Estimate { error: tail.error.max(floor), ..tail }
}

/// With fewer courses beyond a quantile their mean is not asked.
const TAIL_MIN: usize = 4;
/// The least doubt about a tail's mean, as a share of what a law without a control would have.
const TAIL_DOUBT: f64 = 0.05;

/// A share of courses, with its standard error; never without doubt, even if none or all have it (one case is added each way).
#[must_use]
pub fn share(values: impl Iterator<Item = bool>) -> Estimate {
    let (mut hits, mut count) = (0.0, 0.0);
    for value in values {
        hits += f64::from(u8::from(value));
        count += 1.0;
    }
    let value = if count > 0.0 { hits / count } else { f64::NAN };
    let guarded = (hits + 1.0) / (count + 2.0);
    Estimate { value, error: (guarded * (1.0 - guarded) / (count + 2.0)).sqrt() }
}

/// A share of courses, corrected by how far that of a control above nought is from the exact one: of the control that says most.
#[must_use]
pub fn share_with<'a>(values: impl Iterator<Item = bool>, controls: impl Iterator<Item = &'a Control>) -> Estimate {
    let number = |is: bool| f64::from(u8::from(is));
    let values: Vec<f64> = values.map(number).collect();
    let plain = share(values.iter().map(|value| *value > 0.0));
    // That value and control never differed in a sample does not mean that they never do.
    let floor = 1.0 / (float(values.len()) + 2.0);
    let known = controls.filter_map(|control| {
        let drawn: Vec<f64> = control.drawn.iter().map(|drawn| number(*drawn > 0.0)).collect();
        let control = Control { mean: control.above?, drawn, ..Control::default() };
        let known = (deviation(&control.drawn) > 0.0).then(|| mean_with(&values, &control))?;
        Some(Estimate { value: known.value.clamp(0.0, 1.0), error: known.error.max(floor) })
    });
    known.chain([plain]).min_by(|one, other| one.error.total_cmp(&other.error)).unwrap_or(plain)
}

/// The standard deviation of a sample; nought for fewer than two.
#[must_use]
pub fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let middle = mean(values);
    (sum(values.iter().map(|value| (value - middle).powi(2))) / (float(values.len()) - 1.0)).sqrt()
}

/// The covariance of two samples.
#[must_use]
pub fn covariance(one: &[f64], other: &[f64]) -> f64 {
    if one.len() < 2 {
        return 0.0;
    }
    let (first, second) = (mean(one), mean(other));
    sum(one.iter().zip(other).map(|(a, b)| (a - first) * (b - second))) / (float(one.len()) - 1.0)
}

/// How closely two samples go together, from -1 to 1; nought where one of them does not spread.
#[must_use]
pub fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let (first, second) = (mean(one), mean(other));
    let (mut both, mut squares) = (0.0, (0.0, 0.0));
    for (a, b) in one.iter().zip(other).map(|(a, b)| (a - first, b - second)) {
        both += a * b;
        squares = (squares.0 + a * a, squares.1 + b * b);
    }
    let spread = (squares.0 * squares.1).sqrt();
    if spread > 0.0 { both / spread } else { 0.0 }
}

/// The control that goes most closely with values.
#[must_use]
pub fn closest<'a>(values: &[f64], controls: impl Iterator<Item = &'a Control>) -> Option<&'a Control> {
    let like = |control: &'a Control| (correlation(values, &control.drawn).abs(), control);
    controls.map(like).max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, control)| control)
}

fn slope(values: &[f64], control: &[f64]) -> f64 {
    let variance = deviation(control).powi(2);
    if variance > 0.0 { covariance(values, control) / variance } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a hundred courses 30 have it, as 29 of the controls do that should be 20.
    #[test]
    fn a_share_leans_on_the_control_that_goes_with_it() {
        let control = |above: u32, exact: f64| Control {
            drawn: (0..100).map(|number| f64::from(u8::from(number < above))).collect(),
            above: Some(exact),
            ..Control::default()
        };
        let controls = [control(29, 0.2), control(70, 0.7), Control::default()];
        let got = share_with((0..100).map(|number| number < 30), controls.iter());
        assert!((got.value - 0.21).abs() < 0.01 && got.error < 0.015, "{got:?}");
        let none = share_with((0..100).map(|_| false), controls.iter());
        assert_eq!(none, share((0..100).map(|_| false)));
    }

    #[test]
    fn a_control_that_says_it_all_leaves_no_error() {
        let drawn: Vec<f64> = (0..200).map(|number| f64::from(number) + 0.25).collect();
        let values: Vec<f64> = drawn.iter().map(|drawn| 3.0 * drawn + 1.0).collect();
        let control = Control { drawn, mean: 100.0, ..Control::default() };
        let got = mean_with(&values, &control);
        assert!((got.value - 301.0).abs() < 1e-9 && got.error < 1e-9, "{got:?}");
    }

    #[test]
    fn a_control_that_knows_nothing_leaves_the_plain_mean() {
        let got = mean_with(&[1.0, 2.0, 6.0], &Control::default());
        assert_eq!(got.value, 3.0);
        assert!((got.error - 7.0_f64.sqrt() / 3.0_f64.sqrt()).abs() < 1e-12, "{got:?}");
    }

    #[test]
    fn a_share_of_none_is_not_without_doubt() {
        let none = share([false; 100].into_iter());
        assert_eq!(none.value, 0.0);
        assert!(none.error > 0.005);
    }

    /// A control that is the value itself, and a law with a gap where the quantile lies: the error is not nought, and as wide as the gap.
    #[test]
    fn a_gap_in_a_law_is_seen_in_the_error() {
        let drawn: Vec<f64> = (0..128).map(|number| if number < 121 { f64::from(number % 10) } else { 1_000.0 }).collect();
        let control =
            Control { drawn: drawn.clone(), mean: 59.0, quantiles: vec![(0.95, Estimate::exact(9.0))], ..Control::default() };
        let got = quantile_with(&drawn, 0.95, &control);
        assert!(got.error > 1.0, "{got:?}");
        let same = quantile_with(&[5.0; 128], 0.95, &control);
        assert_eq!((same.value, same.error), (5.0, 0.0));
    }

    /// Events that all take as long: a third of the courses have none, and two in five one. What share lies below the exact median is
    /// not one half, and the values go with the control loosely.
    #[test]
    fn a_control_of_few_values_does_not_move_a_quantile() {
        let drawn: Vec<f64> = (0..300).map(|number| f64::from([0, 0, 0, 1, 1, 1, 1, 2, 2, 3][number % 10]) * 1_000.0).collect();
        let values: Vec<f64> = (0..300_u32).zip(&drawn).map(|(number, drawn)| drawn + f64::from(number * 37 % 100) * 12.0).collect();
        for exact in [999.999, 1_000.0, 1_000.001] {
            let control =
                Control { drawn: drawn.clone(), mean: 1_100.0, quantiles: vec![(0.5, Estimate::exact(exact))], ..Control::default() };
            assert_eq!(quantile_with(&values, 0.5, &control), quantile_with(&values, 0.5, &Control::default()));
        }
    }

    /// No course came so far as the tail begins: its mean is read off the control's all the same, and not without doubt.
    #[test]
    fn a_tail_that_no_course_reached_has_a_mean() {
        let drawn: Vec<f64> = (0..64).map(|number| f64::from(number * 37 % 64)).collect();
        let values: Vec<f64> = drawn.iter().map(|drawn| 3.0 * drawn + 7.0).collect();
        let (quantiles, tail_mean) = (vec![(0.95, Estimate::exact(70.0))], Some((0.95, Estimate::exact(80.0))));
        let got = tail_mean_with(&values, 0.95, &Control { drawn, mean: 32.0, quantiles, tail_mean, ..Control::default() });
        assert!((got.value - 247.0).abs() < 1e-6 && got.error > 0.1, "{got:?}");
    }

    /// The one course whose control lies far off would draw the line through itself.
    #[test]
    fn a_lone_course_does_not_make_the_mean() {
        let mut drawn: Vec<f64> = (0..100).map(|number| f64::from(number % 7)).collect();
        let mut values: Vec<f64> = (0..100).map(|number| f64::from(number % 11)).collect();
        (drawn[50], values[50]) = (1_000.0, 30.0);
        let got = mean_with(&values, &Control { drawn, mean: 300.0, ..Control::default() });
        assert!(got.error > 3.0, "{got:?}");
    }

    /// Values that are a line of normal noise on a normal control: their own law is known.
    #[test]
    fn what_follows_a_control_has_its_quantile_and_its_tail() {
        // A normal sample without chance: equal shares, the control's mixed by a step that has no common factor with their number.
        let normal = |number: u32| crate::special::normal_quantile((f64::from(number) + 0.5) / 509.0);
        let drawn: Vec<f64> = (0..509).map(|number| 100.0 + 10.0 * normal(number * 37 % 509)).collect();
        let noise: Vec<f64> = (0..509).map(|number| normal(number * 211 % 509)).collect();
        let values: Vec<f64> = drawn.iter().zip(&noise).map(|(drawn, noise)| 3.0 * drawn + 3.0 * noise).collect();
        let (exact, tail_mean) = (100.0 + 10.0 * 1.644_853_627, Some((0.95, Estimate::exact(100.0 + 10.0 * 2.062_712_808))));
        let quantiles = vec![(0.95, Estimate::exact(exact))];
        let control = Control { drawn, mean: 100.0, error: 0.0, quantiles, tail_mean, above: None };
        let spread = (900.0_f64 + 9.0).sqrt();
        let got = quantile_with(&values, 0.95, &control);
        assert!((got.value - (300.0 + 1.644_853_627 * spread)).abs() < 3.0 * got.error && got.error < 0.6, "{got:?}");
        let (got, plain) = (tail_mean_with(&values, 0.95, &control), tail_mean_with(&values, 0.95, &Control::default()));
        assert!((got.value - (300.0 + 2.062_712_808 * spread)).abs() < 3.0 * got.error && got.error < plain.error / 3.0, "{got:?}");
    }

    #[test]
    fn the_control_moves_a_quantile_to_where_it_belongs() {
        // The sample lacks its upper tenth, and the control shows it.
        let drawn: Vec<f64> = (0..900).map(|number| f64::from(number) / 1_000.0).collect();
        let control = Control { drawn: drawn.clone(), mean: 0.5, quantiles: vec![(0.5, Estimate::exact(0.5))], ..Control::default() };
        let got = quantile_with(&drawn, 0.5, &control);
        assert!((got.value - 0.5).abs() < 2e-3, "{got:?}");
    }
}
