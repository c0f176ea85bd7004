//! Devices and the count of them. A count is a fact of the dated list, never a number typed in.

use serde::{Deserialize, Serialize};

use crate::time::Day;

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceClass {
    /// A person's computer: what earns a client its hours.
    Workstation,
    /// A server.
    Server,
    /// A firewall.
    Firewall,
    /// A switch.
    Switch,
    /// A printer.
    Printer,
    /// Anything else.
    Other,
}

impl DeviceClass {
    /// All classes, in the order in which they are printed.
    pub const ALL: [Self; 6] = [Self::Workstation, Self::Server, Self::Firewall, Self::Switch, Self::Printer, Self::Other];

    /// Its name in books and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Workstation => "workstation",
            Self::Server => "server",
            Self::Firewall => "firewall",
            Self::Switch => "switch",
            Self::Printer => "printer",
            Self::Other => "other",
        }
    }

    /// The class of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// A dated thing on a client's network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What the client calls it.
    pub name: String,
    /// What it is.
    pub class: DeviceClass,
    /// The first day it counts.
    pub in_service: Day,
    /// The first day it no longer counts.
    pub retired: Option<Day>,
    /// Its serial number, free text.
    pub serial: String,
    /// Where it stands, free text.
    pub site: String,
}

impl Device {
    /// Does it count on a day?
    #[must_use]
    pub fn counts_on(&self, day: Day) -> bool {
        self.in_service <= day && self.retired.is_none_or(|retired| day < retired)
    }
}

/// When devices are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CountMethod {
    /// On the period's first day, or the agreement's if later.
    #[default]
    FirstDay,
    /// On the period's last day, or the agreement's last.
    LastDay,
    /// The most on any day in force.
    Peak,
    /// The sum over the days in force by their number, half up to a whole device.
    Average,
}

impl CountMethod {
    /// All methods with their names in books.
    pub const ALL: [(&'static str, Self); 4] =
        [("first-day", Self::FirstDay), ("last-day", Self::LastDay), ("peak", Self::Peak), ("average", Self::Average)];
}

/// Devices by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DeviceCount([i64; 6]);

impl DeviceCount {
    /// The devices of a class.
    #[must_use]
    pub fn of(&self, class: DeviceClass) -> i64 {
        let position = DeviceClass::ALL.iter().position(|other| *other == class);
        position.and_then(|index| self.0.get(index)).copied().unwrap_or(0)
    }

    /// A count with a number for each class.
    #[must_use]
    pub fn from_classes(number: impl FnMut(DeviceClass) -> i64) -> Self {
        Self(DeviceClass::ALL.map(number))
    }

    /// Classes that have any, in the printed order.
    pub fn listed(&self) -> impl Iterator<Item = (DeviceClass, i64)> + '_ {
        DeviceClass::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// Counts the devices over the days `[from, to)` in force, which are at least one.
    #[must_use]
    pub fn take(devices: &[Device], method: CountMethod, from: Day, to: Day) -> Self {
        match method {
            CountMethod::FirstDay => return Self::on(devices, from),
            CountMethod::LastDay => return Self::on(devices, last_day(from, to)),
            CountMethod::Peak | CountMethod::Average => {}
        }
        Self(DeviceClass::ALL.map(|class| {
            let members = devices.iter().filter(move |device| device.class == class);
            count_class(members, method, from, to)
        }))
    }

    /// The devices on a day.
    fn on(devices: &[Device], day: Day) -> Self {
        let mut count = Self::default();
        for device in devices.iter().filter(|device| device.counts_on(day)) {
            let position = DeviceClass::ALL.iter().position(|class| *class == device.class);
            if let Some(number) = position.and_then(|position| count.0.get_mut(position)) {
                *number += 1;
            }
        }
        count
    }
}

/// Counts a class over days by the most, or by the average.
fn count_class<'a>(devices: impl Iterator<Item = &'a Device> + Clone, method: CountMethod, from: Day, to: Day) -> i64 {
    let on = |day: Day| tally(devices.clone().filter(|device| device.counts_on(day)));
    if method == CountMethod::Peak {
        let arrivals = devices.clone().map(|device| device.in_service).filter(|day| from < *day && *day < to);
        return arrivals.map(on).max().unwrap_or(0).max(on(from));
    }
    let span = |device: &Device| device.retired.unwrap_or(to).min(to).since(device.in_service.max(from)).max(0);
    let days = to.since(from);
    (devices.map(span).sum::<i64>() * 2 + days).div_euclid(days * 2)
}

fn tally(items: impl Iterator) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}

/// The last of the days `[from, to)`.
fn last_day(from: Day, to: Day) -> Day {
    to.previous().max(from)
}
