//! Devices: each step with what it does before it is taken, undone again, and lists from files.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;

use crate::support::{Caller, DISPATCHER, Reply, Site, TECHNICIAN};

const NEW: [(&str, &str); 5] =
    [("name", "cedar-new"), ("class", "workstation"), ("in_service", "2026-12-01"), ("serial", "SN-1"), ("site", "Annex")];

/// The path of a device of the client `cedar` by its name.
async fn device(caller: &Caller, name: &str) -> String {
    let page = caller.get(&format!("/clients/cedar/devices?show=all&q={name}")).await.ok().text();
    let link = page.split("href=\"").find(|part| part.starts_with("/clients/cedar/devices/") && part.contains(&format!(">{name}<")));
    link.and_then(|part| part.split('"').next()).unwrap_or_else(|| unreachable!("no device {name}")).to_owned()
}

#[tokio::test]
async fn what_a_new_device_does_is_shown_before_it_is_saved() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    let effect = dispatcher.post("/clients/cedar/add-device/effect", &NEW).await.ok();
    effect.shows("From 60 to 61 workstations in December 2026 and after: +15 min of prepaid time a month.");
    let look = [&NEW[..], &[("do", "look")]].concat();
    dispatcher.post("/clients/cedar/add-device", &look).await.ok().shows("From 60 to 61 workstations").shows("value=\"cedar-new\"");
    dispatcher.get("/clients/cedar/devices?show=all").await.ok().hides("cedar-new");
    let done = dispatcher.post("/clients/cedar/add-device", &NEW).await.is(303);
    dispatcher.get("/clients/cedar/devices").await.ok().shows("cedar-new").shows("to come");
    let back = done.undo();
    dispatcher.post(&back, &[]).await.leads_to();
    dispatcher.get("/clients/cedar/devices?show=all").await.ok().hides("cedar-new");
    dispatcher.post(&back, &[]).await.not_found();
}

#[tokio::test]
async fn mistakes_of_a_device_are_named_at_their_fields() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    let post = async |fields: &[(&str, &str)]| dispatcher.post("/clients/cedar/add-device", fields).await.is(422);
    let dated = |from: &'static str, to: &'static str| [("name", "X"), ("class", "server"), ("in_service", from), ("retired", to)];
    post(&dated("2026-02-30", "")).await.shows("id=\"p-in_service\"");
    post(&dated("1989-12-31", "")).await.shows("id=\"p-in_service\"");
    post(&dated("2026-02-01", "2026-01-01")).await.shows("id=\"p-retired\"");
    post(&[("name", ""), ("class", "toaster"), ("in_service", "2026-01-01")]).await.shows("id=\"p-class\"");
    post(&[("name", "cedar-ws002"), ("class", "workstation"), ("in_service", "2026-01-01")]).await.shows("is in service since");
    site.person(TECHNICIAN).post("/clients/cedar/add-device", &NEW).await.forbidden();
}

#[tokio::test]
async fn a_device_is_retired_and_comes_back() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    let path = device(&dispatcher, "cedar-ws002").await;
    dispatcher
        .post(&format!("{path}/retire/effect"), &[("on", "2026-11-30")])
        .await
        .ok()
        .shows("From 60 to 59 workstations in December 2026");
    dispatcher
        .post(&format!("{path}/retire/effect"), &[("on", "2026-10-15")])
        .await
        .ok()
        .shows("Issued statements, up to October 2026, keep their count.");
    dispatcher.post(&format!("{path}/retire"), &[("on", "1999-01-01")]).await.is(422);
    let done = dispatcher.post(&format!("{path}/retire"), &[("on", "2026-11-20")]).await.is(303);
    dispatcher.get("/clients/cedar/devices?show=retired&q=cedar-ws002").await.ok().shows("20 Nov 2026");
    dispatcher.post(&format!("{path}/retire"), &[("on", "2026-11-21")]).await.is(422).shows("is retired since");
    dispatcher.post(&done.undo(), &[]).await.leads_to();
    dispatcher.get("/clients/cedar/devices?q=cedar-ws002").await.ok().shows("cedar-ws002").hides("20 Nov 2026");
}

#[tokio::test]
async fn a_device_is_replaced_in_one_step_and_undone_in_one() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    let path = device(&dispatcher, "cedar-ws002").await;
    let other = [("on", "2026-11-20"), ("name", "cedar-ws902"), ("class", "workstation"), ("serial", "S9"), ("site", "")];
    dispatcher.post(&format!("{path}/replace/effect"), &other).await.ok().shows("No count, prepaid time or fee changes.");
    let done = dispatcher.post(&format!("{path}/replace"), &other).await.is(303);
    dispatcher.get("/clients/cedar/devices?q=cedar-ws902").await.ok().shows("20 Nov 2026");
    dispatcher.post(&done.undo(), &[]).await.leads_to();
    dispatcher.get("/clients/cedar/devices?show=all&q=cedar-ws902").await.ok().shows("No such device");
    dispatcher.get("/clients/cedar/devices?q=cedar-ws002").await.ok().shows("cedar-ws002");
}

#[tokio::test]
async fn only_a_device_that_no_issued_statement_counted_is_taken_out() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    let old = device(&dispatcher, "cedar-ws002").await;
    dispatcher.post(&format!("{old}/delete"), &[]).await.is(422).shows("was counted on the issued statement of");
    dispatcher.post("/clients/cedar/add-device", &NEW).await.is(303);
    let new = device(&dispatcher, "cedar-new").await;
    let done = dispatcher.post(&format!("{new}/delete"), &[]).await.is(303);
    dispatcher.get("/clients/cedar/devices?show=all").await.ok().hides("cedar-new");
    dispatcher.post(&done.undo(), &[]).await.leads_to();
    dispatcher.get("/clients/cedar/devices").await.ok().shows("cedar-new");
    dispatcher.get(&new.replace("/cedar/", "/alder/")).await.not_found();
}

#[tokio::test]
async fn a_wrong_day_is_corrected_and_the_open_count_follows() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    dispatcher.get("/clients/cedar").await.ok().shows("of 15:00 h");
    let add = [("name", "cedar-x"), ("class", "workstation"), ("in_service", "2026-12-01")];
    dispatcher.post("/clients/cedar/add-device", &add).await.is(303);
    let path = device(&dispatcher, "cedar-x").await;
    let right = [("name", "cedar-x"), ("class", "workstation"), ("in_service", "2026-11-01")];
    dispatcher.post(&path, &right).await.is(303);
    dispatcher.get("/clients/cedar").await.ok().shows("of 15:15 h");
    dispatcher.get("/clients/cedar/device-counts").await.ok().shows("+1</span> cedar-x");
}

/// Sends the form of the import.
async fn import(caller: &Caller, fields: &[(&str, &str)]) -> Reply {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str("--edge--\r\n");
    let request = Request::post("/clients/cedar/import-devices").header(CONTENT_TYPE, "multipart/form-data; boundary=edge");
    caller.send(request.body(Body::from(body)).expect("a request")).await
}

fn digest(reply: &Reply) -> String {
    let text = reply.text();
    text.split("name=\"digest\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a plan").to_owned()
}

#[tokio::test]
async fn a_list_is_imported_after_a_look_and_undone() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    let list = dispatcher.get("/clients/cedar/devices.csv").await.ok().text();
    let same = import(&dispatcher, &[("text", &list)]).await.ok().shows("As before");
    same.shows("No count, prepaid time or fee changes.").hides("Bring it in");
    let longer = format!("{list}cedar-i1,workstation,2026-12-01,,,\ncedar-i2,server,2026-12-01,,,Annex\n");
    let shown =
        import(&dispatcher, &[("text", &longer)]).await.ok().shows("From 60 to 61 workstations, from 4 to 5 servers in December 2026");
    let done = import(&dispatcher, &[("text", &longer), ("digest", &digest(&shown))]).await.is(303);
    dispatcher.get("/clients/cedar/devices?q=cedar-i").await.ok().shows("cedar-i1").shows("cedar-i2");
    dispatcher.post(&done.undo(), &[]).await.leads_to();
    dispatcher.get("/clients/cedar/devices?show=all&q=cedar-i").await.ok().hides("cedar-i1");
}

#[tokio::test]
async fn devices_that_a_file_does_not_name_stay_or_are_retired() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    let file = "name,class,in_service\ncedar-i1,workstation,2026-12-01\n";
    import(&dispatcher, &[("text", file)]).await.ok().shows("that the file does not name: they stay");
    let fields = [("text", file), ("retire", "on"), ("retire_on", "2026-12-01")];
    let shown = import(&dispatcher, &fields).await.ok().shows("From 60 to 1 workstation");
    let name = digest(&shown);
    let confirmed = [&fields[..], &[("digest", &name)]].concat();
    dispatcher.post("/clients/cedar/add-device", &NEW).await.is(303);
    import(&dispatcher, &confirmed).await.is(422).shows("The devices changed since this was shown");
    let shown = import(&dispatcher, &fields).await.ok();
    let name = digest(&shown);
    let confirmed = [&fields[..], &[("digest", &name)]].concat();
    import(&dispatcher, &confirmed).await.is(303);
    dispatcher.get("/clients/cedar/device-counts").await.ok().shows("November 2026");
    dispatcher.get("/clients/cedar/devices?q=cedar-ws002").await.ok().shows("1 Dec 2026");
}

#[tokio::test]
async fn mistakes_of_a_file_are_named_by_line_and_column() {
    let site = Site::demo();
    let dispatcher = site.person(DISPATCHER);
    import(&dispatcher, &[("text", "")]).await.is(422).shows("Choose a file");
    import(&dispatcher, &[("text", "name;class;in_service\nX;server;2026-01-01\n")]).await.is(422).shows("separated by semicolons");
    import(&dispatcher, &[("text", "name,klass,in_service\n")]).await.is(422).shows("klass").shows("an unknown column");
    import(&dispatcher, &[("text", "client,name,class,in_service\nalder,X,server,2026-01-01\n")])
        .await
        .is(422)
        .shows("`alder`; expected `cedar`");
    let rows = "name,class,in_service,retired\n\nX,server,2026-01-01,\nY,toaster,2026-01-01,\nX,server,2026-03-01,\ncedar-ws002,server,2026-01-01,\ncedar-ws002,server,2026-05-01,2026-05-02\n";
    let page = import(&dispatcher, &[("text", rows)]).await.is(422).text();
    assert!(page.contains("data-label=\"Line\">4</td>") && page.contains("`toaster`; expected workstation"), "{page}");
    let clash = "name,class,in_service\ncedar-ws002,server,2026-01-01\ncedar-ws002,server,2026-01-01\n";
    import(&dispatcher, &[("text", clash)]).await.is(422).shows("data-label=\"Line\">3</td>");
    let quote = "name,class,in_service\n\"X,server,2026-01-01\n";
    import(&dispatcher, &[("text", quote)]).await.is(422).shows("closing quote");
}
