//! Erlang A: tickets wait, but give up when their patience, which is exponential, runs out. It has a steady state for
//! every load. Not for tickets that stay however long it takes; that is [`super::erlang`].
//!
//! Sources: Mandelbaum and Zeltyn, "Service engineering in action: the Palm/Erlang-A queue" (2007), for the integrals;
//! Palm's relation to the incomplete gamma function. With x = servers * patience / handle time and
//! y = rate * patience, all of them are the series A(x, y) = sum of y^j / ((x+1)...(x+j)), whose terms are positive.
//! Where tickets pile up (y well above x) the series is huge, and the regularised gamma function takes its place.

use std::f64::consts::PI;

use crate::number::float;
use crate::special::ln_gamma;

use super::erlang::{Workload, blocking};
use super::error::{StaffingError, above_nought, not_negative};

/// The longest patience, in mean handle times; the shortest is its inverse.
const PATIENCE_MAX: f64 = 1e9;
/// A term that no longer changes a sum.
const NEGLIGIBLE: f64 = 1e-18;

/// The steady queue of tickets that give up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangA {
    workload: Workload,
    patience: f64,
    servers: usize,
    /// Servers * patience / handle time.
    x: f64,
    /// Arrival rate * patience.
    y: f64,
    /// P(offered wait > 0).
    delayed: f64,
    /// The mean number of tickets that wait.
    queue: f64,
}

impl ErlangA {
    /// The queue of a workload, its servers and the mean patience, in the workload's unit of time.
    ///
    /// # Errors
    ///
    /// Fails for no or too many servers, and for a patience that is not a number above nought, or not from a
    /// thousand-millionth to a thousand million handle times.
    pub fn new(workload: Workload, patience: f64, servers: usize) -> Result<Self, StaffingError> {
        above_nought("the mean patience", patience)?;
        let ratio = patience / workload.mean_handle;
        if !(1.0 / PATIENCE_MAX..=PATIENCE_MAX).contains(&ratio) {
            return Err(StaffingError::BadNumber {
                what: "the mean patience",
                rule: "from 1e-9 to 1e9 mean handle times",
                value: patience,
            });
        }
        let blocked = blocking(workload.load(), servers)?;
        let (x, y) = (float(servers) * ratio, workload.arrival_rate * patience);
        not_negative("the arrivals within the mean patience", y)?;
        let busy = AllBusy::new(x, y);
        let delayed = 1.0 / (1.0 + (1.0 / blocked - 1.0) * busy.inverse);
        Ok(Self { workload, patience, servers, x, y, delayed, queue: delayed * busy.queue })
    }

    /// P(offered wait > 0): the share of tickets that find all servers busy.
    #[must_use]
    pub fn delayed(&self) -> f64 {
        self.delayed
    }

    /// The share of tickets that give up.
    #[must_use]
    pub fn abandoned(&self) -> f64 {
        if self.y > 0.0 { (self.queue / self.y).min(1.0) } else { 0.0 }
    }

    /// The mean wait of all tickets: until they are served, or give up.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        self.abandoned() * self.patience
    }

    /// The mean number of tickets that wait.
    #[must_use]
    pub fn mean_queue(&self) -> f64 {
        self.queue
    }

    /// The share of time in which a server is busy.
    #[must_use]
    pub fn occupancy(&self) -> f64 {
        (self.workload.load() * (1.0 - self.abandoned()) / float(self.servers)).min(1.0)
    }

    /// P(offered wait > `limit`): the share of tickets that a server would not reach in time, if they stayed.
    ///
    /// # Errors
    ///
    /// Fails when the limit is negative or not a number.
    pub fn offered_beyond(&self, limit: f64) -> Result<f64, StaffingError> {
        not_negative("the limit of the wait", limit)?;
        Ok(self.delayed * self.still_waiting(limit / self.patience))
    }

    /// P(served and wait <= `limit`).
    ///
    /// # Errors
    ///
    /// Fails when the limit is negative or not a number.
    pub fn served_within(&self, limit: f64) -> Result<f64, StaffingError> {
        let beyond = self.offered_beyond(limit)?;
        if self.y == 0.0 {
            return Ok(1.0);
        }
        let left = AllBusy::new(self.x, self.y * (-limit / self.patience).exp());
        let served_later = beyond * self.x / self.y * (1.0 - left.inverse);
        Ok((1.0 - self.abandoned() - served_later).clamp(0.0, 1.0))
    }

    /// P(offered wait > time | offered wait > 0), the time in mean patiences.
    fn still_waiting(&self, time: f64) -> f64 {
        let (x, y) = (self.x, self.y);
        let later = y * (-time).exp();
        if piles_up(x, y) {
            return (lower_gamma(x, later) / lower_gamma(x, y)).min(1.0);
        }
        let exponent = (y - x) * time - y * beyond_linear(time);
        (exponent.exp() * series(x, later) / series(x, y)).min(1.0)
    }
}

/// What holds while all servers are busy.
struct AllBusy {
    /// 1 / A(x, y): the chance that nobody waits.
    inverse: f64,
    /// The mean number that wait.
    queue: f64,
}

impl AllBusy {
    fn new(x: f64, y: f64) -> Self {
        if piles_up(x, y) {
            let inverse = poisson_density(x, y) / lower_gamma(x, y);
            return Self { inverse, queue: (y - x) + x * inverse };
        }
        let (mut term, mut sum, mut weighted, mut count) = (1.0, 1.0, 0.0, 0.0);
        while term > NEGLIGIBLE * sum {
            count += 1.0;
            term *= y / (x + count);
            sum += term;
            weighted += count * term;
        }
        Self { inverse: 1.0 / sum, queue: weighted / sum }
    }
}

/// Whether so much more arrives than is served that the series would be huge.
fn piles_up(x: f64, y: f64) -> bool {
    y > x + 3.0 * x.sqrt() + 1.0
}

/// A(x, y), for y not far above x.
fn series(x: f64, y: f64) -> f64 {
    let (mut term, mut sum, mut count) = (1.0, 1.0, 0.0);
    while term > NEGLIGIBLE * sum {
        count += 1.0;
        term *= y / (x + count);
        sum += term;
    }
    sum
}

/// The regularised lower incomplete gamma function P(x, y): by the series, or by the continued fraction of its
/// complement. Shapes as large as 10^13 occur here, where `statrs` loses its digits.
fn lower_gamma(x: f64, y: f64) -> f64 {
    if piles_up(x, y) { 1.0 - poisson_density(x, y) * x * upper_fraction(x, y) } else { poisson_density(x, y) * series(x, y) }
}

/// The continued fraction of Legendre for Gamma(x, y) e^y / y^x, by the method of Lentz.
fn upper_fraction(x: f64, y: f64) -> f64 {
    let mut base = y + 1.0 - x;
    let (mut c, mut d) = (f64::MAX, 1.0 / base);
    let mut fraction = d;
    for step in 1..u32::MAX {
        let numerator = f64::from(step) * (x - f64::from(step));
        base += 2.0;
        d = 1.0 / (base + numerator * d);
        c = base + numerator / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 2.0 * f64::EPSILON {
            break;
        }
    }
    fraction
}

/// y^x e^-y / Gamma(x + 1), in the form of Loader (2000) that keeps its digits for large x.
fn poisson_density(x: f64, y: f64) -> f64 {
    if y == 0.0 {
        return 0.0;
    }
    if x < 15.0 {
        return (x * y.ln() - y - ln_gamma(x + 1.0)).exp();
    }
    let square = 1.0 / (x * x);
    let stirling = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1_260.0 - square * (1.0 / 1_680.0 - square / 1_188.0)))) / x;
    (-stirling - deviance(x, y)).exp() / (2.0 * PI * x).sqrt()
}

/// x ln(x / y) + y - x, without cancellation where y is near x.
fn deviance(x: f64, y: f64) -> f64 {
    let apart = (x - y) / (x + y);
    if apart.abs() > 0.1 {
        return x * (x / y).ln() + y - x;
    }
    let square = apart * apart;
    let (mut sum, mut power, mut odd) = ((x - y) * apart, 2.0 * x * apart, 1.0);
    loop {
        power *= square;
        odd += 2.0;
        let next = sum + power / odd;
        if next == sum {
            return sum;
        }
        sum = next;
    }
}

/// t - (1 - e^-t), without cancellation for small t.
fn beyond_linear(time: f64) -> f64 {
    if time > 0.5 {
        return time + (-time).exp_m1();
    }
    let (mut term, mut sum, mut count) = (time, 0.0, 1.0);
    while f64::abs(term) > NEGLIGIBLE * f64::abs(sum) {
        count += 1.0;
        term *= -time / count;
        sum -= term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::erlang::ErlangC;
    use super::*;
    use crate::number::index;

    fn near(got: f64, wanted: f64, tolerance: f64) {
        assert!((got - wanted).abs() <= tolerance * (1.0 + wanted.abs()), "{got} is not {wanted}");
    }

    /// The birth-death chain of the queue, state by state: P(all busy), mean queue and P(offered wait > limit).
    fn by_states(workload: Workload, patience: f64, servers: usize, limit: f64) -> (f64, f64, f64) {
        let (rate, service, leaving) = (workload.arrival_rate, 1.0 / workload.mean_handle, 1.0 / patience);
        let steps = 400_000;
        let width = (40.0 * patience + 40.0 * workload.mean_handle) / f64::from(steps);
        // Offered wait: the density is proportional to exp(rate H(t) - servers * service * t) above nought (Simpson).
        let density = |t: f64| (-(rate / leaving) * (-leaving * t).exp_m1() - float(servers) * service * t).exp();
        let part = |from: f64| -> f64 {
            let weight = |step: i32| if step == 0 || step == steps { 1.0 } else { f64::from(2 + 2 * (step % 2)) };
            (0..=steps).map(|step| weight(step) * density(from + f64::from(step) * width)).sum::<f64>() * width / 3.0
        };
        let (mut term, mut all, mut busy, mut queue) = (1.0, 0.0, 0.0, 0.0);
        for state in 0..200_000_usize {
            all += term;
            if state >= servers {
                busy += term;
                queue += float(state - servers) * term;
            }
            let waiting = float((state + 1).saturating_sub(servers));
            term *= rate / (float((state + 1).min(servers)) * service + waiting * leaving);
        }
        (busy / all, queue / all, busy / all * part(limit) / part(0.0))
    }

    #[test]
    fn the_chain_agrees_at_every_load_and_patience() -> Result<(), StaffingError> {
        for (rate, patience, servers, limit) in
            [(6.0, 4.0, 3, 1.0), (10.0, 3.0, 5, 1.0), (30.0, 0.2, 5, 0.1), (9.9, 20.0, 5, 2.0), (12.0, 0.01, 4, 0.02)]
        {
            let workload = Workload::new(rate, 0.5)?;
            let (delayed, queue, beyond) = by_states(workload, patience, servers, limit);
            let model = ErlangA::new(workload, patience, servers)?;
            near(model.delayed(), delayed, 1e-12);
            near(model.mean_queue(), queue, 1e-12);
            near(model.offered_beyond(limit)?, beyond, 1e-8);
            near(model.abandoned(), queue / patience / rate, 1e-12);
            near(model.served_within(0.0)?, 1.0 - delayed, 1e-12);
            near(model.served_within(1e6)?, 1.0 - model.abandoned(), 1e-12);
        }
        Ok(())
    }

    #[test]
    fn far_ends_meet_sixty_digits() -> Result<(), StaffingError> {
        // Rate, handle time, patience, servers and limit; then the quantities in the order of `got`. From the series and
        // the balance of the chain, in mpmath with 60 digits.
        let rows = [
            "10 0.5 1e+06 5 3 0.9993670469680934 0.000252132342219003 252.132342219003 2521.3234221900298 0.9918031901594605 0.008196798494850681 0.999747867657781",
            "9.9 0.5 100000 5 100 0.9747902897210853 9.562903335073593e-5 9.562903335073592 94.67274301722857 2.4592091191800328e-5 0.9998798056554086 0.9899053272569828",
            "10.1 0.5 100000 5 1000 1.0 0.009900990099009866 990.0990099009866 9999.999999999964 0.48032600399124553 0.5149232143241094 1.0",
            "3000 1 50 2990 0.1 0.9714095732853709 0.0037189357434159126 0.18594678717079563 557.8403615123868 0.7517812784275226 0.24797433842530442 0.9996131079497499",
            "2900 1 1000 3000 0.01 0.039449487317660466 3.9426246142597416e-7 0.0003942624614259742 1.143361138135325 0.01450634683194938 0.9854935489029075 0.9666662855462873",
            "100 1 1e-06 3 1e-06 0.9703057905353875 0.9703028797722886 9.703028797722884e-7 9.703028797722885e-5 0.97030287980638 0.029696049387177525 0.9899040075903823",
            "10.05 0.5 20000 5 90 0.9998141339391433 0.005048604258384092 100.97208516768184 1014.7694559352026 0.5940744473788248 0.40471036288192147 0.999926152720324",
        ];
        for row in rows {
            let mut numbers = row.split(' ').map(|number| number.parse().unwrap_or(f64::NAN));
            let mut next = || numbers.next().unwrap_or(f64::NAN);
            let (workload, patience, servers, limit) = (Workload::new(next(), next())?, next(), index(next()), next());
            let model = ErlangA::new(workload, patience, servers)?;
            let (beyond, served) = (model.offered_beyond(limit)?, model.served_within(limit)?);
            let got = [model.delayed(), model.abandoned(), model.mean_wait(), model.mean_queue(), beyond, served, model.occupancy()];
            got.iter().for_each(|got| near(*got, next(), 2e-12));
        }
        Ok(())
    }

    #[test]
    fn endless_patience_is_erlang_c() -> Result<(), StaffingError> {
        let workload = Workload::new(5.9, 0.5)?;
        let (patient, steady) = (ErlangA::new(workload, 4e8, 3)?, ErlangC::new(workload, 3)?);
        near(patient.delayed(), steady.delayed(), 2e-6);
        near(patient.mean_wait(), steady.mean_wait(), 2e-5);
        near(patient.served_within(1.5)?, steady.within(1.5)?, 2e-6);
        Ok(())
    }

    #[test]
    fn no_patience_is_erlang_b() -> Result<(), StaffingError> {
        let model = ErlangA::new(Workload::new(10.0, 0.5)?, 1e-9, 4)?;
        near(model.abandoned(), blocking(5.0, 4)?, 1e-7);
        near(model.mean_wait(), 0.0, 1e-8);
        Ok(())
    }

    #[test]
    fn an_overloaded_desk_with_long_patience_keeps_its_digits() -> Result<(), StaffingError> {
        // Twice the work that can be done: half gives up, and the wait nears patience * ln 2 with a spread that
        // shrinks as the patience grows.
        for (patience, servers) in [(1e3, 5), (1e6, 3_000), (1e8, 3_000)] {
            let workload = Workload::new(2.0 * float(servers), 1.0)?;
            let model = ErlangA::new(workload, patience, servers)?;
            near(model.abandoned(), 0.5, 1e-12);
            near(model.delayed(), 1.0, 1e-12);
            near(model.occupancy(), 1.0, 1e-12);
            near(model.offered_beyond(0.5 * patience)?, 1.0, 1e-9);
            near(model.offered_beyond(0.9 * patience)?, 0.0, 1e-9);
            let middle = model.offered_beyond(patience * std::f64::consts::LN_2)?;
            near(middle, 0.5, 1.0 / (float(servers) * patience).sqrt());
        }
        Ok(())
    }

    #[test]
    fn the_two_ways_agree_where_they_meet() {
        for x in [0.5_f64, 14.0, 16.0, 300.0, 1e6] {
            let y = x + 3.0 * x.sqrt() + 1.0;
            near(poisson_density(x, y) * series(x, y), 1.0 - poisson_density(x, y) * x * upper_fraction(x, y), 1e-12);
        }
    }

    #[test]
    fn edges_are_answered_or_refused() -> Result<(), StaffingError> {
        let idle = ErlangA::new(Workload::new(0.0, 0.5)?, 1.0, 1)?;
        assert_eq!(
            (idle.delayed(), idle.abandoned(), idle.mean_wait(), idle.mean_queue(), idle.occupancy()),
            (0.0, 0.0, 0.0, 0.0, 0.0)
        );
        assert_eq!((idle.offered_beyond(0.0)?, idle.served_within(0.0)?), (0.0, 1.0));
        let workload = Workload::new(3.0, 0.5)?;
        for patience in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e12, 1e-12] {
            assert!(matches!(ErlangA::new(workload, patience, 2), Err(StaffingError::BadNumber { .. })), "{patience}");
        }
        assert_eq!(ErlangA::new(workload, 1.0, 0), Err(StaffingError::Missing { what: "server" }));
        let model = ErlangA::new(workload, 1.0, 2)?;
        assert!(model.offered_beyond(-1.0).is_err() && model.served_within(f64::NAN).is_err());
        near(model.offered_beyond(0.0)?, model.delayed(), 1e-15);
        near(ErlangA::new(Workload::new(1e12, 1.0)?, 1e3, 5_000)?.abandoned(), 1.0, 1e-8);
        Ok(())
    }
}
