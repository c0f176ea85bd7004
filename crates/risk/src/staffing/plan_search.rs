//! The search for a staffing: moves of one technician, each judged by the simulated desk on the same tickets. It
//! computes no waits of its own.

use std::collections::BTreeMap;

use crate::number::{float, sum};

use super::desk::{DrawnDesk, TechnicianGroup, teams};
use super::desk_run::Team;
use super::error::{StaffingError, not_negative};
use super::outcome::DeskOutcome;
use super::plan::{Post, StaffingQuestion};

/// The most technicians that are added to the guess.
const ADDED_MAX: usize = 40;

/// Technicians by tier, from the first tier on.
pub(super) type Staffing = Vec<usize>;

/// A search, with the staffings that it tried.
pub(super) struct Search<'a> {
    question: &'a StaffingQuestion,
    drawn: DrawnDesk<'a>,
    /// Technicians that each tier keeps busy.
    loads: Vec<f64>,
    /// What a technician of each tier costs a month.
    costs: Vec<f64>,
    /// A team of one for each tier.
    posts: Vec<Team>,
    tried: BTreeMap<Staffing, Tried>,
}

/// A staffing that was simulated.
pub(super) struct Tried {
    pub(super) outcome: DeskOutcome,
    pub(super) score: Score,
}

/// How good a staffing is; nought is best in all parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Score {
    /// What is missing to the target, summed over the tiers.
    shortfall: f64,
    /// The shares beyond their targets, summed over the tiers.
    missed: f64,
    pub(super) cost_a_month: f64,
}

impl Score {
    pub(super) fn meets_target(&self) -> bool {
        self.shortfall <= 0.0
    }

    /// What comes first when one staffing is to be taken: less missing to the target, then less beyond it, then less
    /// cost.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by = |part: fn(&Self) -> f64| part(self).total_cmp(&part(other));
        by(|score| score.shortfall).then(by(|score| score.missed)).then(by(|score| score.cost_a_month))
    }
}

impl<'a> Search<'a> {
    pub(super) fn new(question: &'a StaffingQuestion, drawn: DrawnDesk<'a>) -> Result<Self, StaffingError> {
        let desk = &question.desk;
        for post in &question.posts {
            desk.tier(&post.tier)?;
        }
        let mut groups = Vec::new();
        let mut costs = Vec::new();
        for tier in &desk.tiers {
            let mut posts = question.posts.iter().filter(|post| post.tier == tier.name);
            let post = posts.next().ok_or_else(|| StaffingError::NoPost { tier: tier.name.clone() })?;
            if posts.next().is_some() {
                return Err(StaffingError::TwoPosts { tier: tier.name.clone() });
            }
            costs.push(not_negative("the hourly cost of a post", post.hourly_cost)? * question.paid_hours_a_month);
            groups.push(group_of_one(post));
        }
        Ok(Self { question, drawn, loads: desk.loads()?, costs, posts: teams(desk, &groups)?, tried: BTreeMap::new() })
    }

    /// A staffing that was simulated in this search.
    pub(super) fn tried(&self, staffing: &[usize]) -> Option<&Tried> {
        self.tried.get(staffing)
    }

    /// From a guess: more until the target is met, then what is cheaper and still meets it.
    pub(super) fn recommend(&mut self, guess: &[usize]) -> Result<Staffing, StaffingError> {
        let mut staffing = guess.to_vec();
        if let (0, Some(first)) = (total(&staffing), staffing.first_mut()) {
            *first = 1;
        }
        let most = total(&staffing) + ADDED_MAX;
        while !self.score(&staffing)?.meets_target() {
            let more = self.best(self.one_more(&staffing))?.filter(|more| total(more) <= most);
            staffing = more.ok_or(StaffingError::TargetOutOfReach { technicians: most })?;
        }
        while let Some(cheaper) = self.cheaper(&staffing)? {
            staffing = cheaper;
        }
        Ok(staffing)
    }

    /// The staffings with fewer technicians down to the fewest that can do the work, then the given one; and how many
    /// the fewest are.
    pub(super) fn with_fewer(&mut self, staffing: &[usize]) -> Result<(Vec<Staffing>, usize), StaffingError> {
        let mut path = vec![staffing.to_vec()];
        let mut current = staffing.to_vec();
        while let Some(fewer) = self.best(self.one_less(&current))? {
            path.push(fewer.clone());
            current = fewer;
        }
        path.reverse();
        Ok((path, total(&current)))
    }

    /// Adds technicians to the end of a path up to a total.
    pub(super) fn add_more(&mut self, path: &mut Vec<Staffing>, most: usize) -> Result<(), StaffingError> {
        while let Some(last) = path.last().filter(|last| total(last) < most) {
            let Some(more) = self.best(self.one_more(last))? else { break };
            path.push(more);
        }
        Ok(())
    }

    /// The cheapest staffing that meets the target with one technician less, or with one of a cheaper tier instead.
    fn cheaper(&mut self, staffing: &[usize]) -> Result<Option<Staffing>, StaffingError> {
        let cost = self.cost(staffing);
        let mut moves = self.one_less(staffing);
        moves.extend(removed(staffing).iter().flat_map(|fewer| self.one_more(fewer)).filter(|swapped| self.cost(swapped) < cost));
        moves.retain(|staffing| self.can_do_the_work(staffing));
        let mut meeting = Vec::new();
        for staffing in moves {
            let score = self.score(&staffing)?;
            if score.meets_target() {
                meeting.push((score, staffing));
            }
        }
        let cheapest = meeting.into_iter().min_by(|one, other| one.0.cost_a_month.total_cmp(&other.0.cost_a_month));
        Ok(cheapest.map(|(_, staffing)| staffing))
    }

    fn best(&mut self, staffings: Vec<Staffing>) -> Result<Option<Staffing>, StaffingError> {
        let mut best: Option<(Score, Staffing)> = None;
        for staffing in staffings {
            let score = self.score(&staffing)?;
            if best.as_ref().is_none_or(|(least, _)| score.order(least).is_lt()) {
                best = Some((score, staffing));
            }
        }
        Ok(best.map(|(_, staffing)| staffing))
    }

    fn score(&mut self, staffing: &[usize]) -> Result<Score, StaffingError> {
        if let Some(tried) = self.tried.get(staffing) {
            return Ok(tried.score);
        }
        let manned = self.posts.iter().zip(staffing);
        let teams: Vec<Team> = manned.map(|(post, technicians)| Team { technicians: *technicians, ..post.clone() }).collect();
        let outcome = self.drawn.outcome(&teams)?;
        let shares = || outcome.tiers.iter().filter_map(|tier| tier.answers).map(|answers| answers.within_target.value);
        let score = Score {
            shortfall: sum(shares().map(|share| (self.question.target_share - share).max(0.0))),
            missed: sum(shares().map(|share| 1.0 - share)),
            cost_a_month: self.cost(staffing),
        };
        self.tried.insert(staffing.to_vec(), Tried { outcome, score });
        Ok(score)
    }

    fn cost(&self, staffing: &[usize]) -> f64 {
        sum(staffing.iter().zip(&self.costs).map(|(technicians, cost)| float(*technicians) * cost))
    }

    /// The staffings with one technician more who has something to do; at a desk without tickets one of the first tier.
    fn one_more(&self, staffing: &[usize]) -> Vec<Staffing> {
        let has_work = |tier: &usize| self.loads.get(*tier).is_some_and(|load| *load > 0.0);
        let idle_desk = !self.loads.iter().any(|load| *load > 0.0);
        let useful =
            self.posts.iter().enumerate().filter(|(place, post)| post.serves.iter().any(has_work) || idle_desk && *place == 0);
        let more = |place: usize| staffing.iter().enumerate().map(|(at, count)| count + usize::from(at == place)).collect();
        useful.map(|(place, _)| more(place)).collect()
    }

    /// The staffings with one technician less that can do the work.
    fn one_less(&self, staffing: &[usize]) -> Vec<Staffing> {
        let mut fewer = removed(staffing);
        fewer.retain(|staffing| total(staffing) > 0 && self.can_do_the_work(staffing));
        fewer
    }

    /// Whether the technicians who serve any of some tiers are more than these tiers keep busy, for all sets of tiers.
    fn can_do_the_work(&self, staffing: &[usize]) -> bool {
        let sets = 1_usize << self.loads.len();
        (1..sets).all(|set| {
            let within = |tier: usize| set >> tier & 1 == 1;
            let load = sum(self.loads.iter().enumerate().filter(|(tier, _)| within(*tier)).map(|(_, load)| *load));
            let serving = self.posts.iter().zip(staffing).filter(|(post, _)| post.serves.iter().any(|tier| within(*tier)));
            load == 0.0 || float(serving.map(|(_, technicians)| technicians).sum()) > load
        })
    }
}

fn group_of_one(post: &Post) -> TechnicianGroup {
    let others = post.also_serves.iter().filter(|tier| **tier != post.tier);
    TechnicianGroup { tier: post.tier.clone(), technicians: 1, serves: std::iter::once(&post.tier).chain(others).cloned().collect() }
}

fn total(staffing: &[usize]) -> usize {
    staffing.iter().sum()
}

/// The staffings with one technician less.
fn removed(staffing: &[usize]) -> Vec<Staffing> {
    let less = |place: usize| staffing.iter().enumerate().map(|(at, count)| count - usize::from(at == place)).collect();
    (0..staffing.len()).filter(|place| staffing.get(*place).is_some_and(|count| *count > 0)).map(less).collect()
}
