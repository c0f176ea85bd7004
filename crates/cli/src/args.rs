//! The command line: what can be said, with examples. It does nothing.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use quarterhour_billing::Period;

/// Runs, bills and compares IT support programs.
#[derive(Debug, Parser)]
#[command(name = "quarterhour", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Arguments {
    /// The database: a file, or a postgres:// address.
    #[arg(
        long,
        global = true,
        env = "QUARTERHOUR_DB",
        default_value = "quarterhour.db",
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

const EXAMPLES: &str = "\
Examples:
  quarterhour demo                          try everything on made-up books
  quarterhour init books                    write an example folder to start from
  quarterhour bill 2026-10 --books books    statements straight from a folder
  quarterhour import books                  bring the folder into the database
  quarterhour bill 2026-10 --issue --out invoices

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
    /// Make up a provider with 24 clients and 14 months, bill it all, and show the result.
    #[command(after_help = "Examples:\n  quarterhour demo\n  quarterhour demo /tmp/demo --seed 7\n  quarterhour demo --no-pdf")]
    Demo(DemoArguments),
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
