//! Health, readiness and metrics, for whoever runs the server.

use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;

use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::app::context::App;
use crate::app::keys::same;
use crate::web::routes::{Access, Area};

/// The bounds of the times of requests.
const SECONDS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.03, 0.1, 0.3, 1.0, 5.0];

static METRICS: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to count, once for the process.
pub fn begin_metrics() -> bool {
    METRICS.get_or_init(|| PrometheusBuilder::new().set_buckets(&SECONDS).ok()?.install_recorder().ok()).is_some()
}

/// Puts what was counted since the last time into its buckets, to be called now and then.
pub fn keep_metrics() {
    if let Some(handle) = METRICS.get().and_then(Option::as_ref) {
        handle.run_upkeep();
    }
}

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/health", Access::Anyone, health).get("/ready", Access::Anyone, ready).get(
        "/metrics",
        Access::Anyone,
        show_metrics,
    )
}

/// The process answers.
async fn health() -> &'static str {
    "ok\n"
}

/// The database answers.
async fn ready(State(app): State<App>) -> Response {
    match app.run(|app| app.find_provider().map(|_| ())).await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

/// Metrics, for this machine and for whoever has the token.
async fn show_metrics(State(app): State<App>, peer: Option<Extension<ConnectInfo<SocketAddr>>>, headers: HeaderMap) -> Response {
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    let knows = app.settings.metrics_token.as_deref().zip(shown).is_some_and(|(token, shown)| same(token, shown));
    // Behind a proxy everybody comes from this machine, so there it takes the token.
    let near = peer.is_some_and(|Extension(ConnectInfo(address))| is_loopback(address.ip())) && !app.settings.trust_proxy;
    if !knows && !near {
        return (StatusCode::NOT_FOUND, "").into_response();
    }
    METRICS.get().and_then(Option::as_ref).map(PrometheusHandle::render).unwrap_or_default().into_response()
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
