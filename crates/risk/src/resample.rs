//! A client's own past drawn anew: whole months, in blocks that follow each other, each with its own incidents (block bootstrap). Nothing
//! is assumed about laws; what never happened does not happen here either.
//! Source: Künsch, The jackknife and the bootstrap for general stationary observations, 1989.

use quarterhour_billing::BillingError;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::comparison::{Plan, Run};
use crate::demand::{Demand, SevereWork, Urn, Usual};
use crate::estimate::Control;
use crate::field::Field;
use crate::history::History;
use crate::number::{float, index, sum};
use crate::path::{DrawnMonth, Path};

/// Months that are drawn together: what swings slowly stays together.
const BLOCK: usize = 3;
/// With fewer months nothing is drawn: they would only repeat themselves.
pub const MONTHS_MIN: usize = 6;

/// A client's months, ready to be drawn.
#[derive(Clone, Debug)]
pub struct PastMonths {
    /// The client's own incidents, all alike in weight.
    demand: Demand,
    /// By month: positions in the urn, and how often each incident is drawn for one that was.
    months: Vec<(Vec<u32>, f64)>,
}

impl PastMonths {
    /// From a history, for a client that has so many workstations now and whose tickets change by a factor beside; none with fewer than
    /// [`MONTHS_MIN`] months, or without incidents.
    #[must_use]
    pub fn new(history: &History, (workstations, factor): (f64, f64), severe_work: SevereWork) -> Option<Self> {
        if history.months.len() < MONTHS_MIN || history.incidents.is_empty() {
            return None;
        }
        let mut months: Vec<(Vec<u32>, f64)> = Vec::new();
        for month in &history.months {
            let own = (0..).zip(&history.incidents).filter(|(_, (period, _))| *period == month.period);
            let then = month.workstations();
            let grown = if then > 0.0 && workstations > 0.0 { workstations / then } else { 1.0 };
            months.push((own.map(|(position, _)| position).collect(), grown * factor));
        }
        let urn = Urn::new(history.incidents.iter().map(|(_, incident)| (1.0, incident.clone())));
        Some(Self {
            demand: Demand { usual: Usual { tickets: Vec::new(), doubt: None }, urn, severe: Vec::new(), severe_work },
            months,
        })
    }

    /// The same with all hours multiplied.
    #[must_use]
    pub fn longer(self, factor: f64) -> Self {
        if (factor - 1.0).abs() < 1e-12 {
            return self;
        }
        Self { demand: Demand { urn: self.demand.urn.scaled(factor), ..self.demand }, ..self }
    }

    /// What the incidents are drawn from: a field for [`Self::run`] is made of it.
    #[must_use]
    pub fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Bills so many courses as the plan has at least, for every contestant of a field.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up, which is a fault of the engine.
    pub fn run(&self, field: &Field<'_>, plan: Plan) -> Result<Run, BillingError> {
        let months = usize::try_from(plan.months).unwrap_or(0);
        let one = |number: usize| {
            let path = self.path(field, (plan.seed, u64::try_from(number).unwrap_or(0)), months);
            let courses = field.bill(&path)?;
            Ok((path, courses))
        };
        let drawn: Result<Vec<_>, BillingError> = (0..plan.courses_min).into_par_iter().map(one).collect();
        let names: Vec<String> = field.names().map(str::to_owned).collect();
        let hours = Control { drawn: Vec::new(), mean: self.mean() * float(months), ..Control::default() };
        let mut run = Run { plan, courses: vec![Vec::new(); names.len()], hours, sums: Vec::new(), tickets: Vec::new(), names };
        for (path, courses) in drawn? {
            run.hours.drawn.push(path.hours);
            run.tickets.push(f64::from(path.tickets));
            run.courses.iter_mut().zip(courses).for_each(|(all, course)| all.push(course));
        }
        Ok(run)
    }

    /// Hours of a month, on average.
    fn mean(&self) -> f64 {
        let hours = |(own, factor): &(Vec<u32>, f64)| {
            factor * sum(own.iter().filter_map(|position| Some(self.demand.urn.hours(usize::try_from(*position).ok()?))))
        };
        sum(self.months.iter().map(hours)) / float(self.months.len())
    }

    /// Blocks that begin anywhere; the past is a ring, so that its ends are drawn as often as its middle.
    fn path(&self, field: &Field<'_>, (seed, number): (u64, u64), months: usize) -> Path {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x424c_4f43_4b53);
        random.set_stream(number);
        let (mut path, mut begins) = (Path::default(), 0);
        for month in 0..months {
            if month % BLOCK == 0 {
                begins = random.random_range(0..self.months.len());
            }
            let mut drawn = DrawnMonth::default();
            if let Some((own, factor)) = self.months.get((begins + month % BLOCK) % self.months.len()) {
                for position in own {
                    let Ok(at) = usize::try_from(*position) else { continue };
                    for _ in 0..index(factor + random.random::<f64>()) {
                        let day = field.horizon().day(month, self.demand.urn.weekday(at), random.random());
                        drawn.usual.push((*position, day));
                        path.hours += self.demand.urn.hours(at);
                        path.tickets += 1;
                    }
                }
            }
            path.months.push(drawn);
        }
        path
    }
}
