//! Runs the server: listens, serves, looks for what other processes changed, and stops gracefully.

use std::future::Future;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::app::context::App;
use crate::connections;
use crate::error::AppError;
use crate::jobs;
use crate::web;

/// How often the server looks for what other processes changed.
const LOOK_EVERY: Duration = Duration::from_millis(750);
/// Threads for steps that block: database, passwords, documents.
const BLOCKING_THREADS: usize = 16;
/// How long requests may go on after the signal to stop.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// Begins the log on standard error, lines for people or an object a line.
///
/// # Errors
///
/// Says what is wrong with the level.
pub fn begin_log(level: &str, json: bool) -> Result<(), String> {
    let filter = EnvFilter::try_new(level).map_err(|error| error.to_string())?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    begun.map_err(|error| error.to_string())
}

/// Serves until a signal says stop; `ready` is called with the address once it listens.
///
/// # Errors
///
/// Fails when the address cannot be listened on.
pub fn serve(app: &App, ready: impl FnOnce(SocketAddr)) -> Result<(), AppError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("quarterhour")
        .build()
        .map_err(AppError::fault)?;
    web::health::begin_metrics();
    let served = runtime.block_on(async {
        let listen = app.settings.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            AppError::user(
                format!("cannot listen on {listen}: {error}"),
                "choose another address with --listen, such as 127.0.0.1:8081",
            )
        })?;
        ready(listener.local_addr().map_err(AppError::fault)?);
        serve_on(app, listener, stop_signal()).await
    });
    runtime.shutdown_timeout(STOP_WITHIN);
    served
}

/// Serves on a listener until `stop` is ready.
///
/// # Errors
///
/// Fails when the service cannot be set up.
pub async fn serve_on(app: &App, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), AppError> {
    let service = web::service(app)?;
    let watch = tokio::spawn(watch(app.clone()));
    let (working, running) = (app.clone(), tokio::spawn(jobs::runner::run(app.clone())));
    let events = app.events.clone();
    let _deliverer = jobs::deliver::begin(app)?;
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let serving = connections::serve(listener, service, app.settings.trust_proxy, async move {
        stop.await;
        events.stop();
        working.jobs.stop();
        let _ = tell.send(());
    });
    let limit = async {
        let _ = told.await;
        tracing::info!("stopping: requests that run have {} seconds", STOP_WITHIN.as_secs());
        tokio::time::sleep(STOP_WITHIN).await;
    };
    tokio::select! {
        () = serving => (),
        () = limit => (),
    }
    watch.abort();
    app.jobs.stop();
    // A job ends at its next step, and goes on after the next start.
    let _ = tokio::time::timeout(STOP_WITHIN, running).await;
    Ok(())
}

/// Warms the books up, then looks around again and again.
async fn watch(app: App) {
    if let Err(error) = app.run(warm_up).await {
        tracing::warn!("the books cannot be read: {error}");
    }
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        web::health::keep_metrics();
        if let Err(error) = app.run(|app| app.look_around()).await {
            tracing::warn!("cannot look for changes: {error}");
        }
    }
}

/// Works out every client's numbers once, one after the other: nobody waits for it, and one thread needs less memory than all.
fn warm_up(app: &App) -> Result<(), AppError> {
    if app.find_provider()?.is_none() {
        return Ok(());
    }
    app.books()?.client_ids.iter().try_for_each(|client_id| app.client_summary(*client_id).map(drop))
}

async fn stop_signal() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => (),
        () = terminate => (),
    }
}
