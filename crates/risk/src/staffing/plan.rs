//! How many technicians of each tier answer within the target, and what one more or one less changes. It does not say
//! when each of them works: all are there in all business hours.
//!
//! A guess for each tier alone comes from the steady day; the simulated desk, with escalation and skills, decides.

use serde::{Deserialize, Serialize};

use super::desk::{Desk, DrawnDesk, Span};
use super::error::{StaffingError, above_nought, share};
use super::outcome::{DeskOutcome, Estimate};
use super::plan_guess::guess;
use super::plan_search::Search;

/// A desk whose staffing is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StaffingQuestion {
    /// What arrives and when it works; each tier says within how many business hours its tickets should be taken up.
    pub desk: Desk,
    /// One for each tier.
    pub posts: Vec<Post>,
    /// The hours that a technician is paid for in a month.
    pub paid_hours_a_month: f64,
    /// The share of tickets to be taken up within the target hours, in each tier.
    pub target_share: f64,
    /// How long to simulate each staffing, and with which draws.
    pub span: Span,
}

/// What a technician of a tier costs and can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// The tier.
    pub tier: String,
    /// The cost of a paid hour, in units of the currency.
    pub hourly_cost: f64,
    /// Other tiers whose tickets they take when their own has none, in this order.
    pub also_serves: Vec<String>,
}

/// The technicians of a tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TierStaffing {
    /// The tier.
    pub tier: String,
    /// How many.
    pub technicians: usize,
}

/// A staffing and what comes of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StaffingOption {
    /// All technicians.
    pub technicians: usize,
    /// The technicians of each tier, from the first tier on.
    pub staffing: Vec<TierStaffing>,
    /// What they cost a month, in units of the currency.
    pub cost_a_month: f64,
    /// The share within its target of the tier that does worst; nothing without tickets.
    pub lowest_within_target: Option<Estimate>,
    /// Whether that share reaches the target.
    pub meets_target: bool,
    /// Whether this is the staffing to choose: the target is met, and no technician can be left out or replaced by a
    /// cheaper one.
    pub recommended: bool,
    /// First responses, utilisation, and each tier.
    pub outcome: DeskOutcome,
}

/// The staffings around the recommended one, each with one technician more than that before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StaffingPlan {
    /// What each tier alone would need by the steady day: where the search began.
    pub guess: Vec<TierStaffing>,
    /// From the fewest technicians that can do the work to four more, and to the recommended ones if those are more.
    pub options: Vec<StaffingOption>,
}

impl StaffingPlan {
    /// The staffing to choose.
    #[must_use]
    pub fn recommended(&self) -> Option<&StaffingOption> {
        self.options.iter().find(|option| option.recommended)
    }
}

/// Finds the staffing that reaches the target in every tier, and the cost curve around it.
///
/// The search adds technicians to the guess where they help most until the simulated desk reaches the target, then
/// leaves out or replaces by cheaper ones as long as it still does. All staffings meet the same simulated tickets.
/// Without tickets one technician of the first tier is enough.
///
/// # Errors
///
/// Fails for a desk that [`super::desk::simulate`] refuses, a tier without a post, costs or hours that make no sense,
/// and [`StaffingError::TargetOutOfReach`] when many technicians more than guessed do not reach the target.
pub fn plan_staffing(question: &StaffingQuestion) -> Result<StaffingPlan, StaffingError> {
    above_nought("the paid hours a month", question.paid_hours_a_month)?;
    share("the target share", question.target_share)?;
    let drawn = DrawnDesk::new(&question.desk, question.span)?;
    let guessed = guess(&question.desk, &drawn.week, question.target_share)?;
    let mut search = Search::new(question, drawn)?;
    let recommended = search.recommend(&guessed)?;
    let (mut path, first) = search.with_fewer(&recommended)?;
    search.add_more(&mut path, first + 4)?;
    let options = path.iter().map(|staffing| option(question, &search, staffing, &recommended)).collect::<Option<_>>();
    let options = options.ok_or(StaffingError::Missing { what: "staffing" })?;
    Ok(StaffingPlan { guess: named(question, &guessed), options })
}

fn named(question: &StaffingQuestion, staffing: &[usize]) -> Vec<TierStaffing> {
    let tiers = question.desk.tiers.iter().zip(staffing);
    tiers.map(|(tier, technicians)| TierStaffing { tier: tier.name.clone(), technicians: *technicians }).collect()
}

/// A staffing that was tried; nothing for one that was not.
fn option(question: &StaffingQuestion, search: &Search<'_>, staffing: &[usize], recommended: &[usize]) -> Option<StaffingOption> {
    let tried = search.tried(staffing)?;
    let shares = tried.outcome.tiers.iter().filter_map(|tier| tier.answers).map(|answers| answers.within_target);
    Some(StaffingOption {
        technicians: staffing.iter().sum(),
        staffing: named(question, staffing),
        cost_a_month: tried.score.cost_a_month,
        lowest_within_target: shares.min_by(|one, other| one.value.total_cmp(&other.value)),
        meets_target: tried.score.meets_target(),
        recommended: staffing == recommended,
        outcome: tried.outcome.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::desk::{ArrivalPattern, HandleTime, OpeningHours, Tier};
    use super::super::erlang::{Workload, least_servers};
    use super::*;

    fn tier(name: &str, new_share: f64, escalated_share: f64, mean_hours: f64) -> Tier {
        let handle = HandleTime::Exponential { mean_hours };
        Tier { name: name.to_owned(), new_share, escalated_share, handle, target_hours: 0.5 }
    }

    fn post(tier: &str, hourly_cost: f64, also_serves: &[&str]) -> Post {
        Post { tier: tier.to_owned(), hourly_cost, also_serves: also_serves.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn one_tier(per_hour: f64) -> StaffingQuestion {
        StaffingQuestion {
            desk: Desk {
                tiers: vec![tier("helpdesk", 1.0, 0.0, 0.5)],
                priorities: Vec::new(),
                opening: OpeningHours::every_day(0.0, 24.0),
                arrivals: ArrivalPattern::constant(per_hour),
            },
            posts: vec![post("helpdesk", 40.0, &[])],
            paid_hours_a_month: 160.0,
            target_share: 0.9,
            span: Span { weeks: 40, warm_up_weeks: 2, seed: 1 },
        }
    }

    /// Weekdays from eight to five, some tickets by night, a quarter escalated.
    fn two_tiers(also_serves: &[&str]) -> StaffingQuestion {
        let mut question = one_tier(0.0);
        let mut day = [0.2; 24];
        day.iter_mut().skip(8).take(9).for_each(|rate| *rate = 5.0);
        question.desk.arrivals = ArrivalPattern { per_hour: [day, day, day, day, day, [0.2; 24], [0.2; 24]] };
        question.desk.opening = OpeningHours::weekdays(8.0, 17.0);
        question.desk.tiers = vec![tier("helpdesk", 1.0, 0.25, 0.5), tier("senior", 0.0, 0.0, 1.0)];
        question.posts = vec![post("helpdesk", 40.0, &[]), post("senior", 70.0, also_serves)];
        question
    }

    fn technicians(plan: &StaffingPlan) -> Option<usize> {
        plan.recommended().map(|option| option.technicians)
    }

    #[test]
    fn a_desk_that_never_closes_needs_what_erlang_c_says() -> Result<(), StaffingError> {
        let plan = plan_staffing(&one_tier(6.0))?;
        let least = least_servers(Workload::new(6.0, 0.5)?, 0.5, 0.9)?;
        assert_eq!(technicians(&plan), Some(least));
        assert_eq!(plan.options.iter().map(|option| option.technicians).collect::<Vec<_>>(), [4, 5, 6, 7, 8]);
        assert!(plan.options.iter().all(|option| option.meets_target == (option.technicians >= least)));
        assert!(plan.options.iter().all(|option| (option.cost_a_month / (6_400.0 * f64_of(option.technicians)) - 1.0).abs() < 1e-12));
        Ok(())
    }

    fn f64_of(technicians: usize) -> f64 {
        crate::number::float(technicians)
    }

    #[test]
    fn every_option_has_one_technician_more_than_that_before_it() -> Result<(), StaffingError> {
        let plan = plan_staffing(&two_tiers(&["helpdesk"]))?;
        let counts = |option: &StaffingOption| option.staffing.iter().map(|tier| tier.technicians).collect::<Vec<_>>();
        assert!(plan.options.len() >= 5);
        for (fewer, more) in plan.options.iter().zip(plan.options.iter().skip(1)) {
            assert_eq!(fewer.technicians + 1, more.technicians);
            assert!(counts(fewer).iter().zip(counts(more)).all(|(fewer, more)| *fewer <= more));
            assert!(fewer.cost_a_month < more.cost_a_month);
        }
        assert_eq!(plan.options.iter().filter(|option| option.recommended).count(), 1);
        assert!(plan.recommended().is_some_and(|option| option.meets_target));
        let shares: Vec<f64> = plan.options.iter().filter_map(|option| option.lowest_within_target).map(|share| share.value).collect();
        assert!(shares.first() < shares.last(), "{shares:?}");
        Ok(())
    }

    #[test]
    fn seniors_who_help_save_technicians() -> Result<(), StaffingError> {
        let (helping, apart) = (plan_staffing(&two_tiers(&["helpdesk"]))?, plan_staffing(&two_tiers(&[]))?);
        let cost = |plan: &StaffingPlan| plan.recommended().map_or(f64::NAN, |option| option.cost_a_month);
        assert!(cost(&helping) <= cost(&apart), "{} {}", cost(&helping), cost(&apart));
        assert_eq!(helping.guess, apart.guess);
        Ok(())
    }

    #[test]
    fn the_recommended_staffing_cannot_spare_anybody() -> Result<(), StaffingError> {
        let plan = plan_staffing(&two_tiers(&[]))?;
        let place = plan.options.iter().position(|option| option.recommended).unwrap_or(0);
        assert!(plan.options.iter().take(place).all(|option| !option.meets_target));
        assert!(plan.options.iter().skip(place).all(|option| option.meets_target));
        Ok(())
    }

    #[test]
    fn a_desk_without_tickets_keeps_one_technician() -> Result<(), StaffingError> {
        let plan = plan_staffing(&one_tier(0.0))?;
        assert_eq!((technicians(&plan), plan.options.len()), (Some(1), 5));
        assert!(plan.options.iter().all(|option| option.lowest_within_target.is_none() && option.meets_target));
        Ok(())
    }

    #[test]
    fn targets_at_the_edges_are_answered() -> Result<(), StaffingError> {
        let mut question = one_tier(6.0);
        question.target_share = 0.0;
        assert_eq!(technicians(&plan_staffing(&question)?), Some(4));
        question.target_share = 0.9;
        question.desk.tiers.iter_mut().for_each(|tier| tier.target_hours = 0.0);
        assert_eq!(technicians(&plan_staffing(&question)?), Some(least_servers(Workload::new(6.0, 0.5)?, 0.0, 0.9)?));
        question.target_share = 1.0;
        let everybody = plan_staffing(&question)?;
        assert!(everybody.recommended().is_some_and(|option| option.lowest_within_target.is_some_and(|share| share.value == 1.0)));
        Ok(())
    }

    #[test]
    fn a_target_that_needs_too_many_is_refused() {
        // All tickets of a week wait for an opening of one hour, and none may wait then.
        let mut question = one_tier(2.0);
        question.span.weeks = 2;
        question.desk.opening.days = [None; 7];
        if let Some(monday) = question.desk.opening.days.first_mut() {
            *monday = Some(super::super::desk::OpenHours { from_hour: 9.0, to_hour: 10.0 });
        }
        question
            .desk
            .tiers
            .iter_mut()
            .for_each(|tier| (tier.target_hours, tier.handle) = (0.0, HandleTime::Exponential { mean_hours: 0.1 }));
        assert!(matches!(plan_staffing(&question), Err(StaffingError::TargetOutOfReach { .. })));
    }

    #[test]
    fn questions_that_make_no_sense_are_refused() {
        let refused = |change: &dyn Fn(&mut StaffingQuestion)| {
            let mut question = one_tier(6.0);
            change(&mut question);
            plan_staffing(&question).err()
        };
        let tier = || "helpdesk".to_owned();
        assert_eq!(refused(&|question| question.posts.clear()), Some(StaffingError::NoPost { tier: tier() }));
        let twice = refused(&|question| question.posts.push(post("helpdesk", 1.0, &[])));
        assert_eq!(twice, Some(StaffingError::TwoPosts { tier: tier() }));
        let unknown = Some(StaffingError::UnknownTier { name: "wizard".to_owned() });
        assert_eq!(refused(&|question| question.posts.push(post("wizard", 1.0, &[]))), unknown);
        assert_eq!(refused(&|question| question.posts = vec![post("helpdesk", 1.0, &["wizard"])]), unknown);
        assert!(refused(&|question| question.posts = vec![post("helpdesk", -1.0, &[])]).is_some());
        assert!(refused(&|question| question.paid_hours_a_month = 0.0).is_some());
        assert!(refused(&|question| question.target_share = 1.1).is_some());
        assert!(refused(&|question| question.target_share = f64::NAN).is_some());
        assert!(refused(&|question| question.span.weeks = 0).is_some());
    }

    #[test]
    fn questions_and_plans_are_json() -> Result<(), serde_json::Error> {
        let question = two_tiers(&["helpdesk"]);
        let text = serde_json::to_string(&question)?;
        assert_eq!(serde_json::from_str::<StaffingQuestion>(&text)?, question);
        let plan = serde_json::to_value(plan_staffing(&one_tier(6.0)).ok())?;
        let option = plan.pointer("/options/0/outcome/first_response/within_target/value");
        assert!(option.is_some_and(serde_json::Value::is_f64), "{plan}");
        Ok(())
    }
}
