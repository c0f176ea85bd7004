//! Connections: taken in as long as there is room, cut off where no request comes, and let go when the server stops.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

/// How long the head of a request may take, and how long a connection may wait for the next one.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// How long a client may take nothing of an answer that waits for it.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// Open connections; the next one waits for its turn.
const CONNECTIONS_MAX: u64 = 8192;
/// Open files that are not connections: the database, its journal, documents.
const OTHER_FILES: u64 = 128;

/// How many connections the system allows us, after it was asked for more.
fn room() -> usize {
    // Where the system says no limit, or does not say, there is ours.
    let files = rlimit::increase_nofile_limit(CONNECTIONS_MAX + OTHER_FILES).unwrap_or(CONNECTIONS_MAX);
    let room = files.saturating_sub(OTHER_FILES).clamp(16, CONNECTIONS_MAX);
    usize::try_from(room).unwrap_or(usize::MAX)
}

/// Serves what comes until `stop` is ready, then waits for the requests that run.
pub async fn serve(mut listener: TcpListener, service: Router, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(room()));
    let graceful = GracefulShutdown::new();
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let mut stop = std::pin::pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, Listener::accept(&mut listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        // Small answers leave at once.
        let _ = stream.set_nodelay(true);
        let told = service.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(Body::new)
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(READ_WITHIN));
        let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(told));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection of {peer} ended: {error}");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}
