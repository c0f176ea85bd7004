//! Erlang's formulas for tickets that arrive at one rate, are handled by equal servers and do not give up:
//! B (blocked tickets are lost) and C (they wait). Not for days with a rhythm; that is [`super::day`].
//!
//! Sources: Erlang (1917); the recursion of B and C as a function of B as in Cooper, *Introduction to Queueing
//! Theory* (1981). The recursion adds positive terms only, so it neither overflows nor cancels.

use crate::number::{float, index};

use super::error::{StaffingError, above_nought, not_negative, reachable_share};

/// The most servers that the formulas reckon with.
pub const SERVERS_MAX: usize = 100_000;

/// How much work arrives: a rate of tickets and the mean time that one takes. Both in the same unit of time, which is
/// then the unit of all waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    pub(super) arrival_rate: f64,
    pub(super) mean_handle: f64,
}

impl Workload {
    /// Tickets a unit of time, and the mean units of time that a ticket takes.
    ///
    /// # Errors
    ///
    /// Fails when the rate is negative, the handle time is not above nought, or one is not a number.
    pub fn new(arrival_rate: f64, mean_handle: f64) -> Result<Self, StaffingError> {
        not_negative("the arrival rate", arrival_rate)?;
        above_nought("the mean handle time", mean_handle)?;
        not_negative("the load", arrival_rate * mean_handle)?;
        Ok(Self { arrival_rate, mean_handle })
    }

    /// The servers that the work keeps busy all the time, in erlangs.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.arrival_rate * self.mean_handle
    }
}

/// Erlang B: the share of tickets that find all servers busy and are lost, for a load in erlangs.
///
/// # Errors
///
/// Fails when the load is negative or not a number, with no servers, or with more than [`SERVERS_MAX`].
pub fn blocking(load: f64, servers: usize) -> Result<f64, StaffingError> {
    not_negative("the load", load)?;
    checked_servers(servers)?;
    Ok((1..=servers).fold(1.0, |blocked, server| with_one_more(blocked, load, server)))
}

/// Erlang B of `server` servers from that of one less.
fn with_one_more(blocked: f64, load: f64, server: usize) -> f64 {
    load * blocked / (float(server) + load * blocked)
}

/// Refuses none and too many.
pub(super) fn checked_servers(servers: usize) -> Result<usize, StaffingError> {
    match servers {
        0 => Err(StaffingError::Missing { what: "server" }),
        1..=SERVERS_MAX => Ok(servers),
        _ => Err(StaffingError::TooMany { what: "servers", count: float(servers), most: float(SERVERS_MAX) }),
    }
}

/// Erlang C: the steady queue of tickets that wait until they are served, first come, first served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangC {
    workload: Workload,
    servers: usize,
    delayed: f64,
}

impl ErlangC {
    /// The queue of a workload and its servers.
    ///
    /// # Errors
    ///
    /// Fails with [`StaffingError::Overloaded`] when the load is not below the servers, and for no or too many servers.
    pub fn new(workload: Workload, servers: usize) -> Result<Self, StaffingError> {
        let blocked = blocking(workload.load(), servers)?;
        if workload.load() >= float(servers) {
            return Err(StaffingError::Overloaded { load: workload.load(), servers });
        }
        Ok(Self::from_blocking(workload, servers, blocked))
    }

    fn from_blocking(workload: Workload, servers: usize, blocked: f64) -> Self {
        let (load, all) = (workload.load(), float(servers));
        Self { workload, servers, delayed: (all * blocked / (all - load + load * blocked)).min(1.0) }
    }

    /// P(wait > 0): the share of tickets that find all servers busy.
    #[must_use]
    pub fn delayed(&self) -> f64 {
        self.delayed
    }

    /// The mean wait of all tickets, those that do not wait included.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        self.delayed * self.workload.mean_handle / (float(self.servers) - self.workload.load())
    }

    /// P(wait <= `limit`).
    ///
    /// # Errors
    ///
    /// Fails when the limit is negative or not a number.
    pub fn within(&self, limit: f64) -> Result<f64, StaffingError> {
        not_negative("the limit of the wait", limit)?;
        Ok(self.within_checked(limit))
    }

    fn within_checked(&self, limit: f64) -> f64 {
        let leaving = (float(self.servers) - self.workload.load()) / self.workload.mean_handle;
        1.0 - self.delayed * (-leaving * limit).exp()
    }

    /// The share of time in which a server is busy.
    #[must_use]
    pub fn occupancy(&self) -> f64 {
        self.workload.load() / float(self.servers)
    }

    /// The mean number of tickets that wait.
    #[must_use]
    pub fn mean_queue(&self) -> f64 {
        self.workload.arrival_rate * self.mean_wait()
    }
}

/// The least number of servers with P(wait <= `limit`) >= `target_share`, by Erlang C; at least one.
///
/// # Errors
///
/// Fails when the limit is negative, the share is not from 0 to below 1, or more than [`SERVERS_MAX`] are needed.
pub fn least_servers(workload: Workload, limit: f64, target_share: f64) -> Result<usize, StaffingError> {
    not_negative("the limit of the wait", limit)?;
    reachable_share("the target share", target_share)?;
    let load = workload.load();
    let too_many = StaffingError::TooMany { what: "servers", count: load.max(float(SERVERS_MAX) + 1.0), most: float(SERVERS_MAX) };
    if load >= float(SERVERS_MAX) {
        return Err(too_many);
    }
    let least_stable = index(load) + 1;
    let mut blocked = (1..least_stable).fold(1.0, |blocked, server| with_one_more(blocked, load, server));
    for servers in least_stable..=SERVERS_MAX {
        blocked = with_one_more(blocked, load, servers);
        if ErlangC::from_blocking(workload, servers, blocked).within_checked(limit) >= target_share {
            return Ok(servers);
        }
    }
    Err(too_many)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= 1e-13 * (1.0 + wanted.abs()), "{got} is not {wanted}");
    }

    #[test]
    fn a_load_of_all_servers_is_refused() -> Result<(), StaffingError> {
        for rate in [4.0, 4.5, 400.0] {
            let refused = ErlangC::new(Workload::new(rate, 0.5)?, 2);
            assert_eq!(refused, Err(StaffingError::Overloaded { load: rate / 2.0, servers: 2 }));
        }
        Ok(())
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() -> Result<(), StaffingError> {
        for (rate, handle) in [(-1.0, 1.0), (f64::NAN, 1.0), (1.0, 0.0), (1.0, f64::NAN), (f64::INFINITY, 1.0), (1e200, 1e200)] {
            assert!(matches!(Workload::new(rate, handle), Err(StaffingError::BadNumber { .. })), "{rate} {handle}");
        }
        let workload = Workload::new(1.0, 0.5)?;
        assert_eq!(ErlangC::new(workload, 0), Err(StaffingError::Missing { what: "server" }));
        assert!(matches!(blocking(1.0, SERVERS_MAX + 1), Err(StaffingError::TooMany { .. })));
        assert!(blocking(-1.0, 1).is_err() && ErlangC::new(workload, 1)?.within(-0.1).is_err());
        assert!(least_servers(workload, 1.0, 1.0).is_err() && least_servers(workload, f64::NAN, 0.5).is_err());
        assert!(matches!(least_servers(Workload::new(1e9, 1.0)?, 1.0, 0.5), Err(StaffingError::TooMany { .. })));
        Ok(())
    }

    #[test]
    fn nobody_waits_where_nothing_arrives() -> Result<(), StaffingError> {
        let queue = ErlangC::new(Workload::new(0.0, 0.5)?, 1)?;
        assert_eq!(
            (queue.delayed(), queue.mean_wait(), queue.within(0.0)?, queue.occupancy(), queue.mean_queue()),
            (0.0, 0.0, 1.0, 0.0, 0.0)
        );
        assert_eq!(blocking(0.0, 3)?, 0.0);
        assert_eq!(least_servers(Workload::new(0.0, 0.5)?, 0.0, 0.999)?, 1);
        Ok(())
    }

    #[test]
    fn one_server_is_the_plain_queue() -> Result<(), StaffingError> {
        let queue = ErlangC::new(Workload::new(1.0, 0.8)?, 1)?;
        near(queue.delayed(), 0.8);
        near(queue.mean_wait(), 3.2);
        near(queue.within(0.0)?, 0.2);
        near(queue.within(4.0)?, 1.0 - 0.8 * (-1.0_f64).exp());
        near(blocking(0.8, 1)?, 0.8 / 1.8);
        Ok(())
    }

    #[test]
    fn thousands_of_servers_do_not_overflow() -> Result<(), StaffingError> {
        // By Halfin and Whitt the delayed share of n servers at a load of n - sqrt(n) nears 0.2232 as n grows.
        let queue = ErlangC::new(Workload::new(9_900.0, 1.0)?, 10_000)?;
        assert!((queue.delayed() - 0.2232).abs() < 2e-3, "{}", queue.delayed());
        assert_eq!(ErlangC::new(Workload::new(1.0, 1.0)?, 5_000)?.delayed(), 0.0);
        Ok(())
    }

    #[test]
    fn the_least_servers_reach_the_target_and_one_less_does_not() -> Result<(), StaffingError> {
        for (rate, limit, target) in
            [(6.0, 1.0, 0.95), (6.0, 0.0, 0.9), (0.1, 0.0, 0.999_999), (300.0, 0.25, 0.0), (1_000.0, 0.1, 0.8)]
        {
            let workload = Workload::new(rate, 0.5)?;
            let servers = least_servers(workload, limit, target)?;
            assert!(ErlangC::new(workload, servers)?.within(limit)? >= target);
            let fewer = ErlangC::new(workload, (servers - 1).max(1)).and_then(|queue| queue.within(limit));
            assert!(servers == 1 || fewer.is_err() || fewer? < target);
        }
        Ok(())
    }
}
