//! Changes as a stream of events, so that open pages show what others did. It carries names, never content.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _};
use tokio_stream::wrappers::BroadcastStream;

use crate::app::actor::{Actor, Permission};
use crate::app::context::App;
use crate::app::events::Event;
use crate::error::AppError;
use crate::web::frame::Here;
use crate::web::respond::Failure;

/// A stream ends after so long and begins anew, so that none outlives its session by more.
const LONGEST: Duration = Duration::from_secs(900);

/// The stream of a signed-in person: a client's person hears of its own client only.
pub async fn stream(State(app): State<App>, here: Here) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Failure> {
    let actor = here.actor();
    let place = app.events.take_place(actor.user_id).ok_or(Failure(AppError::TooMany { seconds: 60 }))?;
    let own = actor.user_id;
    let listened = BroadcastStream::new(app.events.listen());
    // What changed between the making of the page and now is in neither: the page compares the counts.
    let told = Sent::default().event("told").data(app.events.count().to_string());
    // Who is signed out, or may do something else, comes again and is looked at anew.
    let valid = listened.take_while(move |event| std::future::ready(!matches!(event, Ok(Event::Person(id)) if *id == own)));
    let events = valid.filter_map(move |event| {
        // A listener that fell behind is told to load everything anew.
        let sent = match event {
            Ok(event) => sent(&actor, &event),
            Err(_) => Some(Sent::default().event("all").data("all")),
        };
        std::future::ready(sent.map(Ok))
    });
    let events = events.inspect(move |_| {
        let _ = &place;
    });
    let stopped = async move {
        tokio::select! {
            () = app.events.stopped() => {}
            () = tokio::time::sleep(LONGEST) => {}
        }
    };
    let events = tokio_stream::once(Ok(told)).chain(events).take_until(Box::pin(stopped));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(25))))
}

fn sent(actor: &Actor, event: &Event) -> Option<Sent> {
    let staff = actor.may(Permission::SeeClients);
    match event {
        Event::Client { client_id, code } if staff || actor.client_id == Some(*client_id) => {
            Some(Sent::default().event("client").data(code))
        }
        Event::Books => Some(Sent::default().event("books").data("books")),
        Event::Job(id) if staff => Some(Sent::default().event("job").data(id.to_string())),
        Event::Client { .. } | Event::Job(_) | Event::Person(_) => None,
    }
}
