//! Connections: taken in as long as there is room, cut off where no request comes, and let go when the server stops.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
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
/// Connections of one address, as a part of the room: nobody alone takes it all.
const PART_OF_ONE: usize = 8;
/// Open files that are not connections: the database, its journal, documents.
const OTHER_FILES: u64 = 128;

/// How many connections the system allows us, after it was asked for more.
fn room() -> usize {
    // Where the system says no limit, or does not say, there is ours.
    let files = rlimit::increase_nofile_limit(CONNECTIONS_MAX + OTHER_FILES).unwrap_or(CONNECTIONS_MAX);
    let room = files.saturating_sub(OTHER_FILES).clamp(16, CONNECTIONS_MAX);
    usize::try_from(room).unwrap_or(usize::MAX)
}

/// How many connections each address has open.
type Open = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A place of an address, given back at the end.
struct Place {
    open: Open,
    address: IpAddr,
}

impl Place {
    /// A place, unless the address has `most` already.
    fn take(open: &Open, address: IpAddr, most: usize) -> Option<Self> {
        // An address of IPv6 is one of 2^64 that its owner has.
        let address = match address.to_canonical() {
            IpAddr::V6(it) => IpAddr::V6(Ipv6Addr::from_bits(it.to_bits() & !u128::from(u64::MAX))),
            v4 @ IpAddr::V4(_) => v4,
        };
        let mut counts = open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Self { open: Arc::clone(open), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(self.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Serves what comes until `stop` is ready, then waits for the requests that run. Behind a proxy all connections have its
/// address, so it limits nobody by it.
pub async fn serve(mut listener: TcpListener, service: Router, behind_proxy: bool, stop: impl Future<Output = ()>) {
    let room = room();
    let of_one = if behind_proxy { room } else { room / PART_OF_ONE };
    let room = Arc::new(Semaphore::new(room));
    let open = Open::default();
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
        let Some(of_address) = Place::take(&open, peer.ip(), of_one) else { continue };
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
            drop((place, of_address));
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_take_all_places_and_gives_its_own_back() {
        let open = Open::default();
        let take = |address: &str| Place::take(&open, address.parse().expect("an address"), 2);
        let (first, second) = (take("192.0.2.1"), take("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some() && take("192.0.2.1").is_none(), "two are the most");
        assert!(take("192.0.2.2").is_some(), "another address");
        drop(first);
        assert!(take("192.0.2.1").is_some(), "a place is free again");
        let network = (take("2001:db8::1"), take("2001:db8::2"));
        assert!(network.1.is_some() && take("2001:db8::3").is_none() && take("2001:db8:0:1::1").is_some());
        drop((second, network));
        assert!(open.lock().expect("no panic").is_empty(), "nothing is kept");
    }
}
