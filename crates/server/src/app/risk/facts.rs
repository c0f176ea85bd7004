//! What the books say beside the figures: for the questions that a client should ask.

use quarterhour_billing::{Billing, Client};
use quarterhour_risk::history::{History, Incident, PieceOn};
use quarterhour_risk::number::{float, sum};
use quarterhour_risk::portfolio::is_severe;
use serde::Serialize;

use crate::app::risk::asked::Asked;

/// What the books say of documentation, of promptness and of what is billed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Facts {
    /// Devices in service on the first simulated day.
    pub devices: usize,
    /// Of them with a serial number.
    pub with_serial: usize,
    /// Of them with a site.
    pub with_site: usize,
    /// The share of past tickets that were worked on within one day only.
    pub same_day: Option<f64>,
    /// The share of past billable hours on devices that are not on the list.
    pub unlisted: Option<f64>,
    /// Actual minutes of a ticket that count, on average.
    pub actual_minutes: f64,
    /// Billable minutes of a ticket after rounding as the six programs do, on average.
    pub billable_minutes: f64,
    /// Past incidents that are counted as severe.
    pub severe: usize,
    /// The share of past actual hours that were given as courtesy.
    pub courtesy: Option<f64>,
}

impl Facts {
    pub(super) fn read(client: &Client, history: Option<&History>, asked: &Asked<'_>) -> Self {
        let day = asked.first_day();
        let devices: Vec<_> = client.devices.iter().filter(|device| device.counts_on(day)).collect();
        let incidents: Vec<&Incident> = history.iter().flat_map(|history| &history.incidents).map(|(_, incident)| incident).collect();
        let within_a_day = |incident: &&&Incident| {
            let days = || incident.pieces.iter().map(|piece| piece.after.div_euclid(quarterhour_billing::DAY_SECONDS));
            days().min() == days().max()
        };
        let hours = sum(incidents.iter().map(|incident| incident.hours()));
        let pieces = || incidents.iter().flat_map(|incident| &incident.pieces).filter(|piece| piece.billing == Billing::Billable);
        let unlisted = sum(pieces().filter(|piece| piece.on == PieceOn::Unlisted).map(|piece| f64::from(piece.minutes))) / 60.0;
        let courtesy = history.map_or(0.0, |history| history.courtesy_hours);
        let of = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        Self {
            devices: devices.len(),
            with_serial: devices.iter().filter(|device| !device.serial.trim().is_empty()).count(),
            with_site: devices.iter().filter(|device| !device.site.trim().is_empty()).count(),
            same_day: of(float(incidents.iter().filter(within_a_day).count()), float(incidents.len())),
            unlisted: of(unlisted, hours),
            actual_minutes: asked.demand.urn.mean() * 60.0,
            severe: incidents.iter().filter(|incident| is_severe(incident)).count(),
            billable_minutes: asked.basis().billable_hours() * 60.0,
            courtesy: of(courtesy, courtesy + history.map_or(0.0, History::hours)),
        }
    }
}
