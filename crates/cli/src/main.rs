//! The one binary: reads the command line, runs a command, says what went wrong and how to mend it.

mod args;
mod commands;
mod session;
mod show;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::args::{Arguments, Command};
use crate::session::Session;
use crate::show::out::err;
use crate::show::style;
use crate::show::table::plain_lines;
use quarterhour_server::error::AppError;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    style::choose(arguments.color);
    let session = Session { db: arguments.db.clone(), quiet: arguments.quiet };
    // A broken assertion has said on standard error where it broke; nothing was committed.
    match std::panic::catch_unwind(AssertUnwindSafe(|| run(&session, arguments.command))) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            complain(&error);
            ExitCode::from(error.exit_code())
        }
        Err(_) => ExitCode::from(quarterhour_server::error::PROGRAM_FAULT),
    }
}

fn run(session: &Session, command: Command) -> Result<ExitCode, AppError> {
    match command {
        Command::Demo(arguments) => commands::demo::run(session, &arguments)?,
        Command::Serve(arguments) => commands::serve::run(session, *arguments)?,
        Command::Init { folder } => commands::init::run(session, &folder)?,
        Command::Import { folder } => commands::books::import(session, &folder)?,
        Command::Export { folder } => commands::books::export(session, &folder)?,
        Command::Bill(arguments) => commands::bill::run(session, &arguments)?,
        Command::Statement { client, period, proof: Some(path) } => {
            commands::statement::write_proof(session, &client, period, &path)?;
        }
        Command::Statement { client, period, proof: None } => commands::statement::show(session, &client, period)?,
        Command::Compare(arguments) => commands::compare::run(session, &arguments)?,
        Command::Forecast { clients, source } => commands::forecast::run(session, &clients, &source)?,
        Command::Backtest { source } => commands::forecast::backtest(session, &source)?,
        Command::Portfolio(arguments) => commands::portfolio::run(session, &arguments)?,
        Command::Staffing(arguments) => commands::staffing::run(session, &arguments)?,
        Command::Held { action } => commands::held::run(session, action.as_ref())?,
        Command::Users { action } => commands::users::run(session, action)?,
        Command::Verify { proof: Some(path), head } => return commands::check::verify_proof(&path, head.as_deref()),
        Command::Verify { proof: None, .. } => return commands::check::verify(session),
        Command::Doctor => return commands::check::doctor(session),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "quarterhour", &mut script);
            show::out::out(&String::from_utf8_lossy(&script))?;
        }
        Command::RenderWorker => commands::render_worker()?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Says on standard error what is wrong, and how to mend it.
fn complain(error: &AppError) {
    if let AppError::Books { problems, .. } = error {
        for problem in problems {
            err(&plain_lines(&problem.to_string()));
        }
    }
    err(&format!("error: {}", plain_lines(&error.to_string())));
    let hint = error.hint();
    if !hint.is_empty() {
        err(&format!("hint: {}", plain_lines(&hint)));
    }
}
