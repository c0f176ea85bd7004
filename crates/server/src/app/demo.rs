//! Made-up books: a provider with 24 clients on all six programs, 14 months of work, the same for the same seed.

use std::fmt::Write as _;
use std::path::Path;

use fastrand::Rng;
use jiff::civil::Date;
use quarterhour_billing::Period;

use crate::app::folder::write_file;
use crate::error::AppError;

/// The months that the demo bills; the one after them runs.
pub const MONTHS: i16 = 14;
const TECHNICIANS: [&str; 7] = ["Ana", "Ben", "Chloe", "Dev", "Emil", "Farah", "Gus"];
const NOTES: [&str; 14] = [
    "Password reset",
    "Printer offline after update",
    "New laptop set up and handed over",
    "E-mail bounced, fixed DNS record",
    "VPN client reinstalled",
    "Slow PC, disk replaced",
    "Monthly patches and restart",
    "Backup restored and tested",
    "Wi-Fi dead spot, access point moved",
    "Phishing mail reported, account checked",
    "Scanner to folder repaired",
    "User left, account closed",
    "Conference room screen does not connect",
    "Accounting software update",
];

/// How a client behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Temper {
    Steady,
    Growing,
    Quiet,
    Crash,
}

/// A client of the demo: code, name, program, workstations, servers, hours a month, temper.
struct Character {
    code: &'static str,
    name: &'static str,
    program: &'static str,
    workstations: u32,
    servers: u32,
    minutes_a_month: u32,
    temper: Temper,
}

const fn client(
    code: &'static str,
    name: &'static str,
    program: &'static str,
    size: (u32, u32),
    minutes_a_month: u32,
    temper: Temper,
) -> Character {
    Character { code, name, program, workstations: size.0, servers: size.1, minutes_a_month, temper }
}

const UIOLI: &str = "use-it-or-lose-it";

const CLIENTS: [Character; 24] = [
    client("alder", "Alder Dental Group", UIOLI, (42, 2), 400, Temper::Steady),
    client("birch", "Birch & Sons Builders", UIOLI, (60, 3), 1000, Temper::Steady),
    client("cedar", "Cedar Creek Clinic", UIOLI, (64, 4), 520, Temper::Crash),
    client("dogwood", "Dogwood Design", UIOLI, (24, 1), 210, Temper::Growing),
    client("elm", "Elm Street Bakery", UIOLI, (14, 1), 60, Temper::Quiet),
    client("fir", "Fir Logistics", UIOLI, (120, 6), 2300, Temper::Steady),
    client("gingko", "Gingko Traduções", UIOLI, (18, 1), 160, Temper::Steady),
    client("hazel", "Hazel Law Partners", UIOLI, (55, 2), 900, Temper::Steady),
    client("ironwood", "Ironwood Metal Works", "block-of-time", (30, 2), 420, Temper::Steady),
    client("juniper", "Juniper Café ☕", "block-of-time", (8, 0), 150, Temper::Steady),
    client("koa", "Koa Surf Supply", "block-of-time", (16, 1), 260, Temper::Growing),
    client("larch", "Larch Architects", "block-of-time", (22, 1), 300, Temper::Steady),
    client("maple", "Maple County Schools", "budget", (140, 8), 3400, Temper::Steady),
    client("nutmeg", "Nutmeg Insurance", "budget", (64, 3), 1300, Temper::Steady),
    client("oak", "Oak Hill Church", "budget", (20, 1), 420, Temper::Quiet),
    client("pine", "Pine Ridge Hotel", "budget", (38, 2), 900, Temper::Crash),
    client("quince", "Quince Accounting", "fixed-rate", (28, 2), 800, Temper::Steady),
    client("rowan", "Rowan Veterinary", "fixed-rate", (19, 1), 500, Temper::Steady),
    client("spruce", "Spruce Home Care", "fixed-rate", (47, 2), 1200, Temper::Growing),
    client("teak", "Teak Furniture", "ad-hoc", (12, 1), 240, Temper::Steady),
    client("upas", "Upas Film Studio", "ad-hoc", (26, 2), 420, Temper::Steady),
    client("viburnum", "Viburnum Florists", "ad-hoc", (6, 0), 60, Temper::Quiet),
    client("willow", "Willow Bank", "customized", (95, 10), 3000, Temper::Steady),
    client("yew", "Yew Tree Publishing", "customized", (33, 2), 700, Temper::Steady),
];

/// When the demo plays, and how large it is.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    today: Date,
    first: Date,
    times: u32,
}

impl Stage {
    /// A demo that plays on a day, with so many times the clients.
    #[must_use]
    pub fn new(today: Date, times: u32) -> Self {
        let first = today.first_of_month();
        let span = jiff::Span::new().try_months(MONTHS);
        let first = span.and_then(|span| first.checked_sub(span)).unwrap_or(first);
        Self { today, first, times }
    }

    /// The day on which it plays.
    #[must_use]
    pub fn today(&self) -> Date {
        self.today
    }

    /// The first period.
    #[must_use]
    pub fn first_period(&self) -> Period {
        quarterhour_billing::Day::from_date(self.first).period()
    }

    /// The last period that is over.
    #[must_use]
    pub fn last_period(&self) -> Period {
        quarterhour_billing::Day::from_date(self.today).period().previous()
    }

    /// A day of the month so many months after the first.
    fn day(&self, month: i16, day: i8) -> Date {
        let span = jiff::Span::new().try_months(month);
        let first = span.and_then(|span| self.first.checked_add(span)).unwrap_or(self.first);
        Date::new(first.year(), first.month(), day).unwrap_or(first)
    }

    /// A day long before the first.
    fn long_ago(&self) -> Date {
        self.first.checked_sub(jiff::Span::new().months(6)).unwrap_or(self.first)
    }

    /// The clients: those of the list, and for a larger demo the same again under other codes.
    fn clients(&self) -> impl Iterator<Item = (String, String, &'static Character)> {
        (0..self.times).flat_map(|round| {
            CLIENTS.iter().map(move |client| match round {
                0 => (client.code.to_owned(), client.name.to_owned(), client),
                _ => (format!("{}-{}", client.code, round + 1), format!("{} {}", client.name, round + 1), client),
            })
        })
    }
}

/// Writes the folder of books.
///
/// # Errors
///
/// Fails when the folder cannot be written.
pub fn write(folder: &Path, stage: Stage, seed: u64) -> Result<(), AppError> {
    let agreements = folder.join("agreements");
    std::fs::create_dir_all(&agreements).map_err(|error| AppError::file("make", &agreements, error))?;
    let mut rng = Rng::with_seed(seed);
    let mut text = Texts::new(stage);
    for (code, name, client) in stage.clients() {
        text.client(&code, &name);
        text.devices(&code, client, &mut rng);
        text.work(&code, client, &mut rng);
        write_file(&agreements.join(format!("{code}.toml")), agreement(stage, &code, client).as_bytes())?;
    }
    text.entries.sort_unstable();
    let mut entries = "id,client,ticket,technician,started_at,minutes,tier,work_type,device,billable,cause,note\n".to_owned();
    for (number, (started_at, rest)) in text.entries.iter().enumerate() {
        let (client, rest) = rest.split_once(',').unwrap_or((rest, ""));
        let _ = writeln!(entries, "e{number:06},{client},{}", rest.replacen("{start}", started_at, 1));
    }
    write_file(&folder.join("provider.toml"), provider(stage).as_bytes())?;
    write_file(&folder.join("clients.csv"), text.clients.as_bytes())?;
    write_file(&folder.join("devices.csv"), text.devices.as_bytes())?;
    write_file(&folder.join("time_entries.csv"), entries.as_bytes())
}

const PROVIDER: &str = r#"name = "Northgate IT"
country = "US"
currency = "USD"
time_zone = "America/New_York"
street = "12 Harbor Street"
city = "Portland"
region = "ME"
postcode = "04101"
email = "billing@northgate.example"
tax_id = "01-2345678"
bank = "First Bank, account 123 456 789"
payment_days = 14
terms = "Questions about a minute? Every one is listed in the annex; ask us about any of them."
holidays = [{holidays}]

[hours]
mon = "08:00-18:00"
tue = "08:00-18:00"
wed = "08:00-18:00"
thu = "08:00-18:00"
fri = "08:00-17:00"

[[rate]]
hourly = "125.00"

[[rate]]
tier = "helpdesk"
hourly = "75.00"

[[rate]]
tier = "senior"
hourly = "185.00"

[[rate]]
work_type = "project"
hourly = "160.00"
"#;

/// The provider's file, with the holidays of the years in which the demo plays.
fn provider(stage: Stage) -> String {
    let years = stage.first.year()..=stage.today.year();
    let holidays: Vec<String> = years.flat_map(holidays).map(|day| day.to_string()).collect();
    PROVIDER.replace("{holidays}", &holidays.join(", "))
}

/// New Year, Memorial Day, Independence Day, Labor Day, Thanksgiving, Christmas.
fn holidays(year: i16) -> Vec<Date> {
    use jiff::civil::Weekday::{Monday, Thursday};
    let day = |month: i8, day: i8| Date::new(year, month, day);
    let days = [
        day(1, 1),
        day(5, 1).and_then(|first| first.nth_weekday_of_month(-1, Monday)),
        day(7, 4),
        day(9, 1).and_then(|first| first.nth_weekday_of_month(1, Monday)),
        day(11, 1).and_then(|first| first.nth_weekday_of_month(4, Thursday)),
        day(12, 25),
    ];
    days.into_iter().flatten().collect()
}

struct Texts {
    stage: Stage,
    clients: String,
    devices: String,
    /// Start, and the row with the client first.
    entries: Vec<(String, String)>,
}

impl Texts {
    fn new(stage: Stage) -> Self {
        Self {
            stage,
            clients: "code,name,email,currency,time_zone,tax_percent,street,city,postcode,region,country,tax_id\n".to_owned(),
            devices: "client,name,class,in_service,retired,serial,site\n".to_owned(),
            entries: Vec::new(),
        }
    }

    fn client(&mut self, code: &str, name: &str) {
        let number = code.len() * 7;
        let _ = writeln!(self.clients, "{code},{name},office@{code}.example,USD,,5.5,{number} Main Street,Portland,04101,ME,US,");
    }

    /// Workstations that come, go and are replaced; a growing client doubles.
    fn devices(&mut self, code: &str, client: &Character, rng: &mut Rng) {
        let (stage, long_ago) = (self.stage, self.stage.long_ago());
        let total = if client.temper == Temper::Growing { client.workstations * 2 } else { client.workstations };
        for number in 1..=total {
            let late = client.temper == Temper::Growing && number > client.workstations;
            let arrives = if late { stage.day(rng.i16(1..MONTHS - 1), rng.i8(1..=28)) } else { long_ago };
            let leaves = (rng.u32(0..12) == 0).then(|| stage.day(rng.i16(2..MONTHS), rng.i8(1..=28))).filter(|day| *day > arrives);
            self.device(code, &format!("{code}-ws{number:03}"), "workstation", arrives, leaves);
            if let Some(day) = leaves.filter(|_| rng.bool()) {
                self.device(code, &format!("{code}-ws{:03}", number + 500), "workstation", day, None);
            }
        }
        for number in 1..=client.servers {
            self.device(code, &format!("{code}-srv{number}"), "server", long_ago, None);
        }
        self.device(code, &format!("{code}-fw"), "firewall", long_ago, None);
    }

    fn device(&mut self, code: &str, name: &str, class: &str, arrives: Date, leaves: Option<Date>) {
        let leaves = leaves.map(|day| day.to_string()).unwrap_or_default();
        let site = if class == "workstation" { "Office" } else { "Server room" };
        let _ = writeln!(self.devices, "{code},{name},{class},{arrives},{leaves},,{site}");
    }

    /// The months that are over, and the running one up to yesterday.
    fn work(&mut self, code: &str, client: &Character, rng: &mut Rng) {
        let mut ticket = 0;
        for month in 0..=MONTHS {
            let days = if month == MONTHS { (self.stage.today.day() - 1).min(28) } else { 28 };
            if days == 0 {
                break;
            }
            let grown = if client.temper == Temper::Growing { 100 + u32::from(month.unsigned_abs()) * 8 } else { 100 };
            let mood = rng.u32(70..=130);
            let mut minutes = client.minutes_a_month * grown / 100 * mood / 100 * u32::from(days.unsigned_abs()) / 28;
            while minutes > 0 {
                ticket += 1;
                let worked = [3, 4, 5, 6, 8, 9, 10, 10, 12, 15, 25][rng.usize(0..11)].min(minutes);
                minutes -= worked;
                let day = self.stage.day(month, rng.i8(1..=days));
                self.entry(code, client, (day, ticket, worked), rng);
            }
            if client.temper == Temper::Crash && month == 6 {
                self.crash(code, ticket, rng);
            }
        }
    }

    fn entry(&mut self, code: &str, client: &Character, (day, ticket, minutes): (Date, u32, u32), rng: &mut Rng) {
        let month = day.month();
        let evening = rng.u32(0..14) == 0;
        let weekend = matches!(day.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        let moved = if weekend && rng.u32(0..8) > 0 { day.tomorrow().and_then(Date::tomorrow).unwrap_or(day) } else { day };
        let day = if moved.month() == month && moved < self.stage.today { moved } else { day };
        let hour = if evening { rng.i8(18..22) } else { rng.i8(8..17) };
        let tier = ["helpdesk", "helpdesk", "helpdesk", "technician", "", "senior"][rng.usize(0..6)];
        let work_type = ["remote", "remote", "", "onsite", "remote", "remote", "remote", "project"][rng.usize(0..8)];
        let device = format!("{code}-ws{:03}", rng.u32(1..=client.workstations));
        let device = if rng.u32(0..3) == 0 { String::new() } else { device };
        let billable = if rng.u32(0..40) == 0 { "false" } else { "" };
        let cause = if rng.u32(0..60) == 0 { "provider" } else { "" };
        let note = rng.choice(NOTES).unwrap_or("");
        let note = if note.contains(',') { format!("\"{note}\"") } else { note.to_owned() };
        let technician = rng.choice(TECHNICIANS).unwrap_or("Ana");
        let named = if rng.u32(0..90) == 0 { String::new() } else { format!("{code}-{ticket:05}") };
        let row = format!("{code},{named},{technician},{{start}},{minutes},{tier},{work_type},{device},{billable},{cause},{note}");
        self.entries.push((instant(day, hour, rng.i8(0..60)), row));
    }

    /// A server dies on a weekday afternoon, and everybody works into the night.
    fn crash(&mut self, code: &str, ticket: u32, rng: &mut Rng) {
        let day = self.stage.day(6, 12);
        for (hour, minutes, technician) in [(14, 240, "Ana"), (15, 300, "Dev"), (18, 270, "Ben"), (19, 120, "Chloe")] {
            let row = format!(
                "{code},{code}-{:05},{technician},{{start}},{minutes},senior,onsite,{code}-srv1,,,\"Server crash: disks replaced, data restored from backup\"",
                ticket + 1
            );
            self.entries.push((instant(day, hour, rng.i8(0..30)), row));
        }
    }
}

/// An instant in the provider's zone, with its offset.
fn instant(day: Date, hour: i8, minute: i8) -> String {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get("America/New_York").unwrap_or(jiff::tz::TimeZone::UTC);
    let local = day.at(hour, minute, 0, 0);
    local.to_zoned(zone).map(|zoned| zoned.timestamp().to_string()).unwrap_or_default()
}

/// The agreement of a client: its program with typical clauses.
fn agreement(stage: Stage, code: &str, client: &Character) -> String {
    let Character { program, workstations, servers, .. } = client;
    // One that was forgotten: it ended with the last month, and work goes on.
    let ends = if client.code == "yew" { format!("ends    = {}\n", stage.day(MONTHS, 1)) } else { String::new() };
    let head = format!("client  = \"{code}\"\nprogram = \"{program}\"\nstarts  = {}\n{ends}\n", stage.first);
    let blocks = |hours: u32, price: u32, months: &[u32]| {
        let block = |month: &u32| {
            let day = stage.day(i16::try_from(*month).unwrap_or(0), 3);
            format!("[[block]]\nbought = {day}\nhours = {hours}\nprice = \"{price}.00\"\nexpires_months = 12\n\n")
        };
        months.iter().map(block).collect::<String>()
    };
    let body = match (*program, client.code) {
        (UIOLI, _) => {
            let heavy = workstations % 5 == 0;
            let fee = workstations * if heavy { 56 } else { 29 };
            let environment = if heavy { "heavy" } else { "stable" };
            let cap = if client.code == "cedar" { "\ncap = { amount = \"1500.00\", on_cap = \"hold\" }" } else { "" };
            format!(
                "[fee]\nflat = \"{fee}.00\"\n\n[allowance]\nenvironment = \"{environment}\"\nexcludes = [\"project\"]\n\n[overage]\nrate = \"150.00\"\ntiers = {{ senior = \"225.00\" }}\n\n[rounding]\nincrement = 15\nscope = \"ticket-day\"\n\n[weights]\nafter_hours = \"1.5\"\n\n[guard]\nthresholds = [75, 90, 100]{cap}\n"
            )
        }
        ("block-of-time", "koa") => {
            blocks(20, 2100, &[0]) + "[auto_replenish]\nhours = 10\nprice = \"1150.00\"\nmax_per_period = 2\n\n[rounding]\nincrement = 6\n"
        }
        ("block-of-time", _) => blocks(workstations * 2, workstations * 210, &[0, 5, 10]) + "[overage]\nrate = \"140.00\"\n",
        ("budget", _) => format!(
            "[fee]\nflat = \"{}.00\"\n\n[reserve]\nminutes = {{ workstation = 30, server = 60 }}\nrate = \"105.00\"\nrollover = {{ periods = 2 }}\n",
            // What the reserve holds, so that the fee pays for it.
            (workstations * 30 + servers * 60) * 105 / 60
        ),
        ("fixed-rate", _) => "[fee]\nper_device = { workstation = \"62.00\", server = \"190.00\" }\n\n[included]\nclasses = [\"workstation\", \"server\", \"firewall\"]\nexcludes = { work_types = [\"project\"] }\n".to_owned(),
        ("customized", _) => format!(
            "[[service]]\nname = \"Monitoring and documentation\"\nunit = \"workstation\"\nprice = \"11.00\"\n\n[[service]]\nname = \"Server care\"\nunit = \"server\"\nprice = \"95.00\"\n\n[[service]]\nname = \"Security program\"\nunit = \"user\"\nprice = \"7.50\"\ncount = {}\n\n[[prices.rate]]\ntier = \"helpdesk\"\nhourly = \"70.00\"\nper_ticket = \"17.00\"\nincludes_minutes = 15\n",
            workstations + servers
        ),
        _ => "[rounding]\nincrement = 15\n\n[prices]\nafter_hours_price = \"1.5\"\n".to_owned(),
    };
    head + &body
}
