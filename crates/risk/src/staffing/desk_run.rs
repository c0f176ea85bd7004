//! The events of a simulated desk in business time, in which nights and weekends do not exist: tickets join, are taken
//! up, and are ended or escalated. It knows neither names nor calendars and computes no statistics.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use super::desk_tickets::Tickets;

/// Technicians who can do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Team {
    /// The place of their own tier.
    pub(super) tier: usize,
    pub(super) technicians: usize,
    /// The places of the tiers that they serve, in the order in which they look for work.
    pub(super) serves: Vec<usize>,
}

/// What is measured: what joins from one business time to another, and how many queues there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) tiers: usize,
    pub(super) priorities: usize,
}

/// A ticket that was taken up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) tier: usize,
    pub(super) priority: usize,
    pub(super) joined_at: f64,
    pub(super) wait: f64,
    /// Whether it was new, not escalated.
    pub(super) new: bool,
}

/// What happened to the tickets that joined in the measured time.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) answers: Vec<Answer>,
    /// Hours of work in the measured time, by team.
    pub(super) busy_hours: Vec<f64>,
    /// Tickets that waited when the measured time ended, by tier.
    pub(super) waiting_at_end: Vec<usize>,
}

/// Runs the desk until every ticket has been ended.
pub(super) fn run(tickets: &Tickets, teams: &[Team], measured: &Measured) -> Record {
    let mut run = Run {
        tickets,
        teams,
        measured,
        idle: teams.iter().map(|team| team.technicians).collect(),
        queues: (0..measured.tiers).map(|_| vec![VecDeque::new(); measured.priorities]).collect(),
        endings: BinaryHeap::new(),
        started: 0,
        record: Record { busy_hours: vec![0.0; teams.len()], ..Record::default() },
    };
    let (mut joining, mut closed) = (tickets.all.iter().enumerate().peekable(), false);
    loop {
        let next_joins = joining.peek().map_or(f64::INFINITY, |(_, ticket)| ticket.joined_at);
        let next_ends = run.endings.peek().map_or(f64::INFINITY, |Reverse(ending)| ending.at);
        let now = next_joins.min(next_ends);
        if !closed && now >= measured.to {
            closed = true;
            run.record.waiting_at_end = run.queues.iter().map(|queues| queues.iter().map(VecDeque::len).sum()).collect();
        }
        if now == f64::INFINITY {
            return run.record;
        }
        // All that happens at one moment happens before anybody takes up work: at opening the tickets of the night
        // are taken by their priority, not by the order in which they came.
        while let Some(ending) = run.ended_by(now) {
            run.end(ending);
        }
        while let Some((place, ticket)) = joining.next_if(|(_, ticket)| ticket.joined_at <= now) {
            run.join(ticket.tier, ticket.priority, Waiting { ticket: place, stage: 0, joined_at: now });
        }
        run.take_up(now);
    }
}

/// A ticket in a queue.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    ticket: usize,
    stage: usize,
    joined_at: f64,
}

/// The end of a technician's work on a ticket; at one moment the work that started first.
#[derive(Clone, Copy, Debug)]
struct Ending {
    at: f64,
    order: usize,
    team: usize,
    ticket: usize,
    stage: usize,
}

impl Ord for Ending {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.total_cmp(&other.at).then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for Ending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ending {}

/// A desk at work.
struct Run<'a> {
    tickets: &'a Tickets,
    teams: &'a [Team],
    measured: &'a Measured,
    /// Technicians without work, by team.
    idle: Vec<usize>,
    /// By tier, and in it by priority.
    queues: Vec<Vec<VecDeque<Waiting>>>,
    endings: BinaryHeap<Reverse<Ending>>,
    /// Pieces of work that were started.
    started: usize,
    record: Record,
}

impl Run<'_> {
    fn ended_by(&mut self, now: f64) -> Option<Ending> {
        let due = self.endings.peek().is_some_and(|Reverse(ending)| ending.at <= now);
        if due { self.endings.pop().map(|Reverse(ending)| ending) } else { None }
    }

    /// A technician is free again, and the ticket may go on to the next tier.
    fn end(&mut self, ending: Ending) {
        if let Some(idle) = self.idle.get_mut(ending.team) {
            *idle += 1;
        }
        let Some(ticket) = self.tickets.all.get(ending.ticket) else { return };
        let stage = ending.stage + 1;
        if stage < ticket.stages {
            self.join(ticket.tier + stage, ticket.priority, Waiting { ticket: ending.ticket, stage, joined_at: ending.at });
        }
    }

    fn join(&mut self, tier: usize, priority: usize, waiting: Waiting) {
        if let Some(queue) = self.queues.get_mut(tier).and_then(|queues| queues.get_mut(priority)) {
            queue.push_back(waiting);
        }
    }

    /// Gives work to everybody who is idle: first everybody the tier that they look for first, then the second, and
    /// so on.
    fn take_up(&mut self, now: f64) {
        let teams = self.teams;
        let longest = teams.iter().map(|team| team.serves.len()).max().unwrap_or(0);
        for choice in 0..longest {
            for (place, team) in teams.iter().enumerate() {
                let Some(tier) = team.serves.get(choice) else { continue };
                while self.idle.get(place).is_some_and(|idle| *idle > 0) {
                    let Some(waiting) = self.most_urgent(*tier) else { break };
                    self.start(place, *tier, waiting, now);
                }
            }
        }
    }

    fn most_urgent(&mut self, tier: usize) -> Option<Waiting> {
        self.queues.get_mut(tier)?.iter_mut().find_map(VecDeque::pop_front)
    }

    fn start(&mut self, team: usize, tier: usize, waiting: Waiting, now: f64) {
        let Waiting { ticket, stage, joined_at } = waiting;
        let Some(drawn) = self.tickets.all.get(ticket) else { return };
        let hours = self.tickets.hours(drawn, stage);
        if let Some(idle) = self.idle.get_mut(team) {
            *idle -= 1;
        }
        if let Some(busy) = self.record.busy_hours.get_mut(team) {
            *busy += ((now + hours).min(self.measured.to) - now.max(self.measured.from)).max(0.0);
        }
        if (self.measured.from..self.measured.to).contains(&joined_at) {
            let (priority, wait) = (drawn.priority, now - joined_at);
            self.record.answers.push(Answer { tier, priority, joined_at, wait, new: stage == 0 });
        }
        self.started += 1;
        self.endings.push(Reverse(Ending { at: now + hours, order: self.started, team, ticket, stage }));
    }
}
