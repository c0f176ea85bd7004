//! The command line: what can be said, with examples. It does nothing.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use quarterhour_billing::Period;
use quarterhour_risk::standard::COST_SHARE;
use quarterhour_server::app::risk::question::HoursLaw;

/// Runs, bills and compares IT support programs.
#[derive(Debug, Parser)]
#[command(name = "quarterhour", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Arguments {
    /// The database: a file, or a postgres:// address.
    #[arg(
        long,
        global = true,
        env = "QUARTERHOUR_DB",
        default_value = DB_DEFAULT,
        value_name = "FILE|URL",
        hide_env_values = true
    )]
    pub db: String,
    /// Say nothing but results and errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Colours: on a terminal only, unless told. NO_COLOR turns them off.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The database, unless another is named.
pub const DB_DEFAULT: &str = "quarterhour.db";

const EXAMPLES: &str = "\
Examples:
  quarterhour demo                          try everything on made-up books
  quarterhour init books                    write an example folder to start from
  quarterhour bill 2026-10 --books books    statements straight from a folder
  quarterhour import books                  bring the folder into the database
  quarterhour bill 2026-10 --issue --out invoices
  quarterhour serve                         all of it in a browser

Exit codes: 0 done, 1 a check found something, 2 wrong input, 3 something outside failed, 4 a fault of the program.";

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make up a provider with 24 clients and 14 months, bill it all, and serve it.
    #[command(
        after_help = "Examples:\n  quarterhour demo\n  quarterhour demo /tmp/demo --seed 7\n  quarterhour demo --no-pdf --listen 127.0.0.1:8081\n  quarterhour demo --no-serve"
    )]
    Demo(DemoArguments),
    /// Serve the web application and the JSON API.
    #[command(
        after_help = "Examples:\n  quarterhour serve\n  quarterhour --db office.db serve --listen 0.0.0.0:8080 --public-url https://support.example.com --trust-proxy\n  quarterhour serve --config /etc/quarterhour.toml\n\nThe file has the same names with underscores: listen = \"127.0.0.1:8080\". Flags win over the environment, the environment over the file."
    )]
    Serve(Box<ServeArguments>),
    /// Write a commented example folder of books.
    #[command(after_help = "Example:\n  quarterhour init books && quarterhour bill 2026-02 --books books")]
    Init {
        /// The folder to make; it must not exist or be empty.
        folder: PathBuf,
    },
    /// Bring a folder of books into the database, all of it or nothing.
    #[command(after_help = "Example:\n  quarterhour --db office.db import books")]
    Import {
        /// The folder.
        folder: PathBuf,
    },
    /// Write the books of the database back into a folder.
    #[command(after_help = "Example:\n  quarterhour --db office.db export books-2026-11")]
    Export {
        /// The folder to make; it must not exist or be empty.
        folder: PathBuf,
    },
    /// Bill a period: a preview that changes nothing, or with --issue for good.
    #[command(
        after_help = "Examples:\n  quarterhour bill 2026-10\n  quarterhour bill 2026-01..2026-12 --json\n  quarterhour bill 2026-10 --client acme --out drafts\n  quarterhour bill 2026-10 --issue --out invoices\n  quarterhour bill 2026-10 --books books"
    )]
    Bill(BillArguments),
    /// Show a client's statement of a period, entry by entry.
    #[command(
        after_help = "Examples:\n  quarterhour statement acme 2026-10\n  quarterhour statement acme 2026-10 --proof acme-2026-10.proof.json"
    )]
    Statement {
        /// The client's code.
        client: String,
        /// The period.
        #[arg(value_parser = period)]
        period: Period,
        /// Write a proof of the issued statement that anyone can check.
        #[arg(long, value_name = "FILE")]
        proof: Option<PathBuf>,
    },
    /// Show overage that is held for a client's approval, release it or write it off.
    #[command(
        after_help = "Examples:\n  quarterhour held\n  quarterhour held release 3 --by \"Ann Lee\" --reason \"server crash\"\n  quarterhour held write-off 4 --by \"Owner\" --reason goodwill"
    )]
    Held {
        /// What to do; without it the list is shown.
        #[command(subcommand)]
        action: Option<HeldAction>,
    },
    /// Show who can sign in, add somebody, or make a link for a new password: for when nobody gets in any more.
    #[command(
        after_help = "Examples:\n  quarterhour users\n  quarterhour users add --name \"Ann Lee\" --email ann@example.com --role owner\n  quarterhour users link ann@example.com --public-url https://support.example.com"
    )]
    Users {
        /// What to do; without it the list is shown.
        #[command(subcommand)]
        action: Option<UsersAction>,
    },
    /// Compare the six programs, today's agreement and drafts for one client: what a year costs, and what it risks.
    #[command(
        after_help = "Examples:\n  quarterhour compare acme\n  quarterhour compare acme --books books --json\n  quarterhour compare acme --workstations 60 --tickets 1.2 --draft offer.toml"
    )]
    Compare(Box<CompareArguments>),
    /// Say where the running month will end: hours, overage, and when the hours are used up.
    #[command(after_help = "Examples:\n  quarterhour forecast\n  quarterhour forecast acme --books books --date 2026-11-12")]
    Forecast {
        /// Only these clients.
        clients: Vec<String>,
        /// Where the books are.
        #[command(flatten)]
        source: BooksSource,
    },
    /// Measure such forecasts on the months that are over: how often their intervals held, and whether they beat simple ones.
    #[command(after_help = "Examples:\n  quarterhour backtest\n  quarterhour backtest --books books --json")]
    Backtest {
        /// Where the books are.
        #[command(flatten)]
        source: BooksSource,
    },
    /// Say what all of today's agreements may earn or lose together, and whether the staff can do what was promised.
    #[command(after_help = "Examples:\n  quarterhour portfolio\n  quarterhour portfolio --staff-hours 480 --books books --json")]
    Portfolio(PortfolioArguments),
    /// Say how many technicians of each tier answer in time, and what they cost.
    #[command(after_help = "Examples:\n  quarterhour staffing\n  quarterhour staffing --within 0.5 --share 0.9 --tickets 1.3")]
    Staffing(StaffingArguments),
    /// Check the hour ledger of the database, or a proof file without one.
    #[command(after_help = "Examples:\n  quarterhour verify\n  quarterhour verify acme-2026-10.proof.json --head 3f9a…")]
    Verify {
        /// A proof file; without it the database is checked.
        proof: Option<PathBuf>,
        /// The head that the provider published for the client: the proof must lead to it.
        #[arg(long, value_name = "HASH", requires = "proof")]
        head: Option<String>,
    },
    /// Check the database, the ledger and the sums of all statements.
    #[command(after_help = "Example:\n  quarterhour --db office.db doctor")]
    Doctor,
    /// Write shell completions to standard output.
    #[command(after_help = "Example:\n  quarterhour completions bash > /etc/bash_completion.d/quarterhour")]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Serve PDFs to another process of this program.
    #[command(name = "render-worker", hide = true)]
    RenderWorker,
}

/// What can be done with held overage.
#[derive(Debug, Subcommand)]
pub enum HeldAction {
    /// Bill it on the next open statement.
    #[command(after_help = "Example:\n  quarterhour held release 3 --by \"Ann Lee\" --reason \"server crash\"")]
    Release(Decision),
    /// Never bill it.
    #[command(after_help = "Example:\n  quarterhour held write-off 4 --by Owner --reason goodwill")]
    WriteOff(Decision),
}

/// What can be done with the people who sign in.
#[derive(Debug, Subcommand)]
pub enum UsersAction {
    /// Add somebody, and print the link by which the person sets a password.
    #[command(after_help = "Example:\n  quarterhour users add --name \"Ann Lee\" --email ann@example.com --role owner")]
    Add {
        /// The name.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The address that the person signs in with.
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// owner, book-keeper, dispatcher, technician, approver or contact.
        #[arg(long, value_name = "ROLE")]
        role: String,
        /// The client's code, for an approver or a contact.
        #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
        client: String,
        /// Where the links lead.
        #[command(flatten)]
        address: PublicAddress,
    },
    /// Print a link by which a person sets a new password. It works once, for seven days.
    #[command(after_help = "Example:\n  quarterhour users link ann@example.com --reset-second-factor")]
    Link {
        /// The address that the person signs in with.
        email: String,
        /// Remove the person's authenticator app, recovery codes and passkeys, too.
        #[arg(long)]
        reset_second_factor: bool,
        /// Where the links lead.
        #[command(flatten)]
        address: PublicAddress,
    },
}

/// Where links lead.
#[derive(Debug, Args)]
pub struct PublicAddress {
    /// The address that people type [default: http://127.0.0.1:8080].
    #[arg(long, env = "QUARTERHOUR_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// A decision about held overage, on record.
#[derive(Debug, Args)]
pub struct Decision {
    /// Its number in the list.
    pub number: i64,
    /// Who decided.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Arguments of `serve`. What is not said comes from the file, or is as usual.
#[derive(Clone, Debug, Default, Args)]
pub struct ServeArguments {
    /// A TOML file with any of these settings.
    #[arg(long, env = "QUARTERHOUR_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080].
    #[arg(long, env = "QUARTERHOUR_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// The address that people type, such as https://support.example.com [default: http:// and the listening address].
    #[arg(long, env = "QUARTERHOUR_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Believe X-Forwarded-For: only behind a proxy of your own that sets it.
    #[arg(long, env = "QUARTERHOUR_TRUST_PROXY")]
    pub trust_proxy: bool,
    /// The file with the key that seals secrets in the database; made if missing [default: the database's path and .key].
    #[arg(long, env = "QUARTERHOUR_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Hours until a session ends [default: 336].
    #[arg(long, env = "QUARTERHOUR_SESSION_HOURS", value_name = "HOURS")]
    pub session_hours: Option<u32>,
    /// Requests a minute that one token or person may send to the API, a stranger a tenth; 0: no limit [default: 60000].
    #[arg(long, env = "QUARTERHOUR_REQUESTS_A_MINUTE", value_name = "NUMBER")]
    pub requests_a_minute: Option<u32>,
    /// Sign in by OpenID Connect at this issuer.
    #[arg(long, env = "QUARTERHOUR_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// Our client id at the issuer.
    #[arg(long, env = "QUARTERHOUR_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// Our client secret at the issuer; better in the environment or the file.
    #[arg(long, env = "QUARTERHOUR_OIDC_CLIENT_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub oidc_client_secret: Option<String>,
    /// What the button for it says [default: Single sign-on].
    #[arg(long, env = "QUARTERHOUR_OIDC_LABEL", value_name = "TEXT")]
    pub oidc_label: Option<String>,
    /// Shown as a bearer token, this opens /metrics from elsewhere than this machine.
    #[arg(long, env = "QUARTERHOUR_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// What the log says: error, warn, info, debug [default: info].
    #[arg(long, env = "QUARTERHOUR_LOG", value_name = "LEVEL")]
    pub log: Option<String>,
    /// The form of the log on standard error: text or json [default: text].
    #[arg(long, env = "QUARTERHOUR_LOG_FORMAT", value_enum, value_name = "FORM")]
    pub log_format: Option<LogFormat>,
    /// Read the files of pages from this folder, while working on them.
    #[arg(long, env = "QUARTERHOUR_ASSETS_DIR", value_name = "DIR")]
    pub assets_dir: Option<PathBuf>,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// An object a line.
    Json,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// The folder to make; an earlier demo there is replaced.
    #[arg(default_value = "demo")]
    pub folder: PathBuf,
    /// Another number makes up another provider.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write no PDFs.
    #[arg(long)]
    pub no_pdf: bool,
    /// Make the books and end, without the web application.
    #[arg(long)]
    pub no_serve: bool,
    /// Where the web application listens.
    #[arg(long, default_value = "127.0.0.1:8080", env = "QUARTERHOUR_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// The day on which the demo plays; today unless given.
    #[arg(long, value_name = "DATE")]
    pub today: Option<jiff::civil::Date>,
    /// So many times the clients, to see it under load.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100), value_name = "NUMBER")]
    pub times: u32,
}

/// Where books are read that nothing is written to.
#[derive(Debug, Args)]
pub struct BooksSource {
    /// Read a folder of books, with no database.
    #[arg(long, value_name = "DIR")]
    pub books: Option<PathBuf>,
    /// The day on which it is asked; today unless given.
    #[arg(long, value_name = "DATE")]
    pub date: Option<jiff::civil::Date>,
    /// The result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `portfolio`.
#[derive(Debug, Args)]
pub struct PortfolioArguments {
    /// Where the books are.
    #[command(flatten)]
    pub source: BooksSource,
    /// What an hour of staff costs, as a share of the price by the rate card of the billable time that it becomes.
    #[arg(long, default_value_t = COST_SHARE, value_name = "SHARE")]
    pub cost_share: f64,
    /// Hours that the staff can work in a month.
    #[arg(long, value_name = "HOURS")]
    pub staff_hours: Option<f64>,
    /// The swing that all clients have in common in a month, a share of one [default: as the past shows it].
    #[arg(long, value_name = "SHARE")]
    pub shock: Option<f64>,
    /// Simulated years.
    #[arg(long, default_value_t = 400, value_name = "NUMBER")]
    pub courses: usize,
    /// Another number draws other years.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
}

/// Arguments of `staffing`.
#[derive(Debug, Args)]
pub struct StaffingArguments {
    /// Where the books are.
    #[command(flatten)]
    pub source: BooksSource,
    /// Business hours within which a ticket should be taken up.
    #[arg(long, default_value_t = 1.0, value_name = "HOURS")]
    pub within: f64,
    /// The share of tickets for which that should hold.
    #[arg(long, default_value_t = 0.9, value_name = "SHARE")]
    pub share: f64,
    /// What a paid hour costs, as a share of the rate card's price.
    #[arg(long, default_value_t = 0.4, value_name = "SHARE")]
    pub cost_share: f64,
    /// Hours that a technician is paid for in a month.
    #[arg(long, default_value_t = 160.0, value_name = "HOURS")]
    pub paid_hours: f64,
    /// Tickets, as a factor of what was seen.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub tickets: f64,
    /// Another number draws other weeks.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The client's code.
    #[arg(required_unless_present = "all")]
    pub client: Option<String>,
    /// All clients, in a line each: who is on a program that does not suit.
    #[arg(long, conflicts_with_all = ["client", "pdf", "drafts", "workstations", "servers"])]
    pub all: bool,
    /// Where the books are.
    #[command(flatten)]
    pub source: BooksSource,
    /// Write the comparison as a PDF of four pages to hand over.
    #[arg(long, value_name = "FILE")]
    pub pdf: Option<PathBuf>,
    /// An agreement file to compare, too; may be given several times.
    #[arg(long = "draft", value_name = "FILE")]
    pub drafts: Vec<PathBuf>,
    /// Another number draws other years.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
    /// Workstations, in place of today's.
    #[arg(long, value_name = "NUMBER")]
    pub workstations: Option<u32>,
    /// Servers, in place of today's.
    #[arg(long, value_name = "NUMBER")]
    pub servers: Option<u32>,
    /// Tickets a workstation, as a factor of what is expected.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub tickets: f64,
    /// Hours a ticket, as a factor of what is expected.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub hours: f64,
    /// Server crashes, as a factor of what is expected.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub crashes: f64,
    /// Viruses a year that reach every workstation.
    #[arg(long, default_value_t = 0.02, value_name = "NUMBER")]
    pub viruses: f64,
    /// Growth of tickets a year, a share of one; below nought for shrinking.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", allow_negative_numbers = true)]
    pub growth: f64,
    /// Minutes a workstation of the use-it-or-lose-it program [default: 15 or 30, by what is expected].
    #[arg(long, value_name = "MINUTES")]
    pub allowance_minutes: Option<u32>,
    /// Months of the year with more or fewer tickets, as in the years before.
    #[arg(long)]
    pub seasons: bool,
    /// No ticket takes longer than so many hours.
    #[arg(long, value_name = "HOURS")]
    pub longest: Option<f64>,
    /// The law of a ticket's hours, fitted to the client's own: exponential, lognormal, gamma, weibull or burr-xii [default: the tickets as they were].
    #[arg(long, value_name = "LAW", value_parser = hours_law)]
    pub law: Option<HoursLaw>,
    /// The least share of the price that the provider wants to keep.
    #[arg(long, value_name = "SHARE")]
    pub margin: Option<f64>,
    /// What an hour of staff costs, as a share of the price by the rate card of the billable time that it becomes.
    #[arg(long, value_name = "SHARE")]
    pub cost_share: Option<f64>,
    /// The standard error of every P95, as a share of it: from 0.0005 to 0.5.
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    pub precision: f64,
}

fn hours_law(text: &str) -> Result<HoursLaw, String> {
    HoursLaw::parse(text).ok_or_else(|| format!("expected one of {}", HoursLaw::ALL.map(|(name, _)| name).join(", ")))
}

/// Arguments of `bill`.
#[derive(Debug, Args)]
pub struct BillArguments {
    /// A period such as 2026-10, or several: 2026-01..2026-12.
    #[arg(value_parser = period_range, value_name = "PERIOD")]
    pub periods: (Period, Period),
    /// Only these clients.
    #[arg(long = "client", value_name = "CODE")]
    pub clients: Vec<String>,
    /// The result as JSON: an object, or a list where several periods are named.
    #[arg(long)]
    pub json: bool,
    /// Write PDFs and CSV files of the invoices into a folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Issue: number the invoices and close the period for good.
    #[arg(long, conflicts_with = "books")]
    pub issue: bool,
    /// Bill straight from a folder of books, with no database.
    #[arg(long, value_name = "DIR")]
    pub books: Option<PathBuf>,
    /// The day of issue; today unless given.
    #[arg(long, value_name = "DATE")]
    pub date: Option<jiff::civil::Date>,
}

fn period(text: &str) -> Result<Period, String> {
    Period::parse(text).ok_or_else(|| "expected a period such as 2026-10".to_owned())
}

fn period_range(text: &str) -> Result<(Period, Period), String> {
    let (from, until) = text.split_once("..").unwrap_or((text, text));
    let range = (period(from)?, period(until)?);
    if range.0 <= range.1 { Ok(range) } else { Err("expected the earlier period first".to_owned()) }
}
