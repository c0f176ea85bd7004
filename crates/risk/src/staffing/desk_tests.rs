//! The simulated desk against formulas that hold exactly, within four standard errors, and its edges.

use super::StaffingError;
use super::day::{BusinessDay, SteadyDay};
use super::desk::*;
use super::erlang::{ErlangC, Workload};
use super::outcome::{Answers, DeskOutcome, Estimate, TierOutcome};

fn tier(name: &str, new_share: f64, escalated_share: f64, handle: HandleTime) -> Tier {
    Tier { name: name.to_owned(), new_share, escalated_share, handle, target_hours: 1.0 }
}

fn exponential(mean_hours: f64) -> HandleTime {
    HandleTime::Exponential { mean_hours }
}

fn group(tier: &str, technicians: usize, serves: &[&str]) -> TechnicianGroup {
    TechnicianGroup { tier: tier.to_owned(), technicians, serves: serves.iter().map(|name| (*name).to_owned()).collect() }
}

/// A desk of one tier that never closes.
fn always_open(per_hour: f64, handle: HandleTime) -> Desk {
    Desk {
        tiers: vec![tier("helpdesk", 1.0, 0.0, handle)],
        priorities: Vec::new(),
        opening: OpeningHours::every_day(0.0, 24.0),
        arrivals: ArrivalPattern::constant(per_hour),
    }
}

fn span(weeks: usize, seed: u64) -> Span {
    Span { weeks, warm_up_weeks: 4, seed }
}

fn of_tier<'a>(outcome: &'a DeskOutcome, name: &str) -> Option<&'a TierOutcome> {
    outcome.tiers.iter().find(|tier| tier.tier == name)
}

#[track_caller]
fn near(got: Option<Estimate>, wanted: f64) {
    assert!(got.is_some_and(|got| (got.value - wanted).abs() <= 4.0 * got.standard_error), "{got:?} is not {wanted}");
}

#[track_caller]
fn is_queue(answers: Option<Answers>, queue: &ErlangC, target: f64) -> Result<(), StaffingError> {
    near(answers.map(|answers| answers.delayed), queue.delayed());
    near(answers.map(|answers| answers.mean_wait_hours), queue.mean_wait());
    near(answers.map(|answers| answers.within_target), queue.within(target)?);
    Ok(())
}

#[test]
fn a_constant_rate_is_erlang_c() -> Result<(), StaffingError> {
    for (rate, servers, seed) in [(6.0, 4, 1), (1.7, 1, 2), (9.0, 6, 3)] {
        let outcome = simulate(&always_open(rate, exponential(0.5)), &[group("helpdesk", servers, &[])], span(120, seed))?;
        let queue = ErlangC::new(Workload::new(rate, 0.5)?, servers)?;
        is_queue(outcome.first_response, &queue, 1.0)?;
        assert!((outcome.utilisation.unwrap_or(f64::NAN) - queue.occupancy()).abs() < 0.01);
        let p95 = outcome.first_response.map_or(f64::NAN, |answers| answers.p95_wait_hours);
        assert!((queue.within(p95)? - 0.95).abs() < 0.02, "{p95}");
    }
    Ok(())
}

#[test]
fn business_hours_with_frozen_nights_are_the_chain() -> Result<(), StaffingError> {
    let rates = [8.0, 14.0, 16.0, 13.0, 9.0, 11.0, 13.0, 11.0, 7.0];
    let mut per_hour = [0.8; 24];
    per_hour.iter_mut().skip(8).zip(rates).for_each(|(hour, rate)| *hour = rate);
    let mut desk = always_open(0.0, exponential(0.55));
    desk.opening = OpeningHours::every_day(8.0, 17.0);
    desk.arrivals = ArrivalPattern::every_day(per_hour);
    let outcome = simulate(&desk, &[group("helpdesk", 9, &[])], span(400, 4))?;
    let chain = SteadyDay::new(&BusinessDay::hourly(&rates, 0.8, 15.0), 9, 0.55)?;
    let answers = outcome.first_response;
    near(answers.map(|answers| answers.delayed), chain.delayed().unwrap_or(f64::NAN));
    near(answers.map(|answers| answers.mean_wait_hours), chain.mean_wait().unwrap_or(f64::NAN));
    near(answers.map(|answers| answers.within_target), chain.within(1.0)?.all.unwrap_or(f64::NAN));
    assert!((outcome.utilisation.unwrap_or(f64::NAN) - chain.utilisation()).abs() < 0.01);
    let quantile = chain.wait_quantile(0.95)?.unwrap_or(f64::NAN);
    assert!((answers.map_or(f64::NAN, |answers| answers.p95_wait_hours) / quantile - 1.0).abs() < 0.05, "{quantile}");
    Ok(())
}

#[test]
fn the_second_tier_is_a_steady_queue_of_what_the_first_escalates() -> Result<(), StaffingError> {
    // By Burke's theorem what leaves the first tier is Poisson, and so is a share of it.
    let mut desk = always_open(6.0, exponential(0.5));
    desk.tiers = vec![tier("helpdesk", 0.9, 0.25, exponential(0.5)), tier("senior", 0.1, 0.0, exponential(1.2))];
    let groups = [group("senior", 4, &[]), group("helpdesk", 4, &["helpdesk"])];
    let outcome = simulate(&desk, &groups, span(400, 5))?;
    let answers = |name: &str| of_tier(&outcome, name).and_then(|tier| tier.answers);
    is_queue(answers("helpdesk"), &ErlangC::new(Workload::new(5.4, 0.5)?, 4)?, 1.0)?;
    is_queue(answers("senior"), &ErlangC::new(Workload::new(1.95, 1.2)?, 4)?, 1.0)?;
    assert_eq!(desk.loads()?.iter().map(|load| (load * 1e9).round()).collect::<Vec<_>>(), [2.7e9, 2.34e9]);
    Ok(())
}

#[test]
fn observed_handle_times_follow_pollaczek_and_khinchine() -> Result<(), StaffingError> {
    let hours = vec![0.1, 0.2, 0.2, 0.5, 1.0, 2.0];
    let (first, second) = (4.0 / 6.0, (0.01 + 0.04 + 0.04 + 0.25 + 1.0 + 4.0) / 6.0);
    let outcome = simulate(&always_open(1.0, HandleTime::Observed { hours }), &[group("helpdesk", 1, &[])], span(800, 6))?;
    near(outcome.first_response.map(|answers| answers.mean_wait_hours), second / (2.0 * (1.0 - first)));
    near(outcome.first_response.map(|answers| answers.delayed), first);
    Ok(())
}

#[test]
fn urgent_tickets_wait_as_cobham_says() -> Result<(), StaffingError> {
    let mut desk = always_open(1.6, exponential(0.5));
    let priority = |name: &str, share| Priority { name: name.to_owned(), share };
    desk.priorities = vec![priority("urgent", 0.25), priority("normal", 0.75)];
    let outcome = simulate(&desk, &[group("helpdesk", 1, &[])], span(800, 7))?;
    let priorities = of_tier(&outcome, "helpdesk").map(|tier| tier.priorities.clone()).unwrap_or_default();
    let waits: Vec<_> = priorities.iter().filter_map(|priority| priority.answers).map(|answers| answers.mean_wait_hours).collect();
    near(waits.first().copied(), 0.4 / 0.8);
    near(waits.last().copied(), 0.4 / (0.8 * 0.2));
    Ok(())
}

#[test]
fn a_senior_takes_lower_work_when_there_is_none_of_the_own() -> Result<(), StaffingError> {
    let mut desk = always_open(3.0, exponential(0.5));
    desk.tiers.push(tier("senior", 0.0, 0.0, exponential(1.0)));
    let helpdesk = group("helpdesk", 1, &[]);
    let pooled = simulate(&desk, &[group("senior", 1, &["senior", "helpdesk"]), helpdesk.clone()], span(400, 8))?;
    is_queue(pooled.first_response, &ErlangC::new(Workload::new(3.0, 0.5)?, 2)?, 1.0)?;
    let worked = |outcome: &DeskOutcome, name: &str| of_tier(outcome, name).and_then(|tier| tier.utilisation).unwrap_or(f64::NAN);
    // A ticket that finds both free goes to the helpdesk.
    assert!(worked(&pooled, "helpdesk") > worked(&pooled, "senior") + 0.05);
    let apart = simulate(&desk, &[group("senior", 1, &[]), group("helpdesk", 2, &[])], span(20, 8))?;
    assert_eq!(worked(&apart, "senior"), 0.0);
    assert_eq!(of_tier(&apart, "senior").and_then(|tier| tier.answers), None);
    Ok(())
}

#[test]
fn tickets_of_the_night_are_taken_by_priority_at_opening() -> Result<(), StaffingError> {
    // All arrive while closed; with so short work only the order at opening decides who waits.
    let mut desk = always_open(0.0, HandleTime::Observed { hours: vec![0.01] });
    desk.opening = OpeningHours::every_day(8.0, 16.0);
    let mut nightly = [0.0; 24];
    nightly.iter_mut().take(8).for_each(|hour| *hour = 1.0);
    desk.arrivals = ArrivalPattern::every_day(nightly);
    let priority = |name: &str, share| Priority { name: name.to_owned(), share };
    desk.priorities = vec![priority("urgent", 0.05), priority("normal", 0.95)];
    let outcome = simulate(&desk, &[group("helpdesk", 1, &[])], span(100, 9))?;
    let priorities = of_tier(&outcome, "helpdesk").map(|tier| tier.priorities.clone()).unwrap_or_default();
    let delayed = |name: &str| {
        let found = priorities.iter().find(|priority| priority.priority == name).and_then(|priority| priority.answers);
        found.map_or(f64::NAN, |answers| answers.delayed.value)
    };
    assert!(delayed("urgent") < 0.35 && delayed("normal") > 0.85, "{} {}", delayed("urgent"), delayed("normal"));
    Ok(())
}

#[test]
fn a_target_of_nought_counts_those_who_do_not_wait() -> Result<(), StaffingError> {
    let mut desk = always_open(3.0, exponential(0.5));
    desk.tiers.iter_mut().for_each(|tier| tier.target_hours = 0.0);
    let outcome = simulate(&desk, &[group("helpdesk", 2, &[])], span(20, 10))?;
    let sums = outcome.first_response.map(|answers| answers.delayed.value + answers.within_target.value);
    assert!(sums.is_some_and(|sum| (sum - 1.0).abs() < 1e-12));
    Ok(())
}

#[test]
fn an_overloaded_desk_shows_what_it_leaves() -> Result<(), StaffingError> {
    let outcome = simulate(&always_open(4.0, exponential(0.5)), &[group("helpdesk", 1, &[])], span(20, 11))?;
    let helpdesk = of_tier(&outcome, "helpdesk");
    // Half of 672 tickets a week stay, for 24 weeks.
    assert!(helpdesk.is_some_and(|tier| (7_000..9_000).contains(&tier.waiting_at_end)), "{helpdesk:?}");
    assert!(outcome.utilisation.is_some_and(|share| (share - 1.0).abs() < 1e-9));
    assert!(outcome.first_response.is_some_and(|answers| answers.within_target.value < 0.05));
    Ok(())
}

#[test]
fn a_desk_without_tickets_has_nothing_to_answer() -> Result<(), StaffingError> {
    let outcome = simulate(&always_open(0.0, exponential(0.5)), &[group("helpdesk", 1, &[])], span(4, 12))?;
    assert_eq!((outcome.first_response, outcome.utilisation), (None, Some(0.0)));
    let nobody = simulate(&always_open(0.0, exponential(0.5)), &[], span(4, 12))?;
    assert_eq!(nobody.utilisation, None);
    Ok(())
}

#[test]
fn the_same_seed_gives_the_same_outcome() -> Result<(), StaffingError> {
    let (desk, groups) = (always_open(3.0, exponential(0.5)), [group("helpdesk", 2, &[])]);
    assert_eq!(simulate(&desk, &groups, span(10, 13))?, simulate(&desk, &groups, span(10, 13))?);
    assert_ne!(simulate(&desk, &groups, span(10, 13))?, simulate(&desk, &groups, span(10, 14))?);
    Ok(())
}

#[test]
fn groups_that_do_not_fit_are_refused() {
    let desk = always_open(3.0, exponential(0.5));
    let refused = |groups: &[TechnicianGroup], span: Span| simulate(&desk, groups, span).err();
    let nobody = Some(StaffingError::NobodyServes { tier: "helpdesk".to_owned() });
    assert_eq!(refused(&[], span(4, 1)), nobody);
    assert_eq!(refused(&[group("helpdesk", 0, &[])], span(4, 1)), nobody);
    let unknown = Some(StaffingError::UnknownTier { name: "wizard".to_owned() });
    assert_eq!(refused(&[group("wizard", 1, &[])], span(4, 1)), unknown);
    assert_eq!(refused(&[group("helpdesk", 1, &["wizard"])], span(4, 1)), unknown);
    assert!(matches!(refused(&[group("helpdesk", 2, &[])], span(1, 1)), Some(StaffingError::BadNumber { .. })));
    assert!(matches!(refused(&[group("helpdesk", 2, &[])], span(usize::MAX, 1)), Some(StaffingError::TooMany { .. })));
}

#[test]
fn desks_that_make_no_sense_are_refused() {
    let refused = |change: &dyn Fn(&mut Desk)| {
        let mut desk = always_open(3.0, exponential(0.5));
        change(&mut desk);
        desk.loads().is_err() && simulate(&desk, &[group("helpdesk", 2, &[])], span(4, 1)).is_err()
    };
    assert!(refused(&|desk| desk.tiers.clear()));
    assert!(refused(&|desk| desk.tiers = vec![tier("helpdesk", 1.0, 0.1, exponential(0.5))]));
    assert!(refused(&|desk| desk.tiers = vec![tier("helpdesk", 0.9, 0.0, exponential(0.5))]));
    assert!(refused(&|desk| desk.tiers = vec![tier("helpdesk", 1.0, 0.0, exponential(0.0))]));
    assert!(refused(&|desk| desk.tiers = vec![tier("helpdesk", 1.0, 0.0, HandleTime::Observed { hours: Vec::new() })]));
    assert!(refused(&|desk| desk.tiers = vec![tier("helpdesk", 1.0, 0.0, HandleTime::Observed { hours: vec![1.0, -0.5] })]));
    assert!(refused(&|desk| desk.tiers.push(tier("helpdesk", 0.0, 0.0, exponential(0.5)))));
    assert!(refused(&|desk| desk.tiers.iter_mut().for_each(|tier| tier.target_hours = f64::NAN)));
    assert!(refused(&|desk| desk.priorities = vec![Priority { name: "urgent".to_owned(), share: 0.5 }]));
    assert!(refused(&|desk| desk.opening.days = [None; 7]));
    assert!(refused(&|desk| desk.arrivals = ArrivalPattern::constant(-1.0)));
    assert!(refused(&|desk| desk.arrivals = ArrivalPattern::constant(f64::NAN)));
    assert!(!refused(&|_| ()));
}

#[test]
fn counts_become_rates() -> Result<(), StaffingError> {
    let pattern = ArrivalPattern::from_counts(&[[26.0; 24]; 7], 13.0)?;
    assert_eq!((pattern, pattern.tickets_a_week()), (ArrivalPattern::constant(2.0), 336.0));
    assert!(ArrivalPattern::from_counts(&[[1.0; 24]; 7], 0.0).is_err());
    assert!(ArrivalPattern::from_counts(&[[-1.0; 24]; 7], 1.0).is_err());
    Ok(())
}
