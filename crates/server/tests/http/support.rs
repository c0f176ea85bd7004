//! A site with the demo's books, and people who call it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use jiff::Timestamp;
use quarterhour_server::app::clock::Clock;
use quarterhour_server::app::context::App;
use quarterhour_server::app::demo::{self, Stage};
use quarterhour_server::app::demo_office::{self, PASSWORD};
use quarterhour_server::app::keys::{Keys, token_hash};
use quarterhour_server::app::session::Proof;
use quarterhour_server::app::settings::Settings;
use quarterhour_server::app::{import, issue, output};
use quarterhour_server::web;
use quarterhour_store::Store;
use quarterhour_store::statements::api_token::{self, ApiToken};
use quarterhour_store::statements::user;
use quarterhour_store::testing::TestDatabase;
use serde_json::Value;
use tower::ServiceExt as _;
use uuid::Uuid;

/// The moment at which every test begins: a Wednesday morning in Portland, Maine.
pub const NOW: &str = "2026-11-25T15:00:00Z";
/// The demo's people.
pub const OWNER: &str = "olivia@northgate.example";
pub const BOOK_KEEPER: &str = "books@northgate.example";
pub const DISPATCHER: &str = "desk@northgate.example";
pub const TECHNICIAN: &str = "ana@northgate.example";
/// An approver and a contact of the client `cedar`, and an approver of the client `hazel`.
pub const APPROVER: &str = "carla@cedar.example";
pub const CONTACT: &str = "chris@cedar.example";
pub const OTHER_CLIENT: &str = "hanna@hazel.example";

/// A site with a database of its own.
pub struct Site {
    pub app: App,
    router: Router,
    /// Removes the database at the end.
    _folder: Folder,
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("quarterhour-http-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a temporary folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Fills a database with the demo: 24 clients, 14 months, all issued but the running one.
fn fill(store: &Store, folder: &Path) {
    let stage = Stage::new(jiff::civil::date(2026, 11, 25), 1);
    demo::write(folder, stage, 1).expect("the demo's books");
    import::import(store, folder, |_| ()).expect("imported");
    let mut period = stage.first_period();
    while period <= stage.last_period() {
        issue::issue(store, period, &[], output::add_days(period.end().date(), 1), |_| ()).expect("issued");
        period = period.next();
    }
    demo_office::fill(store, stage.today(), 1).expect("people");
}

/// The demo, made once for all tests.
fn template() -> &'static Path {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        // A run before this one may have had the same number.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("http-template-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let path = folder.join("demo.db");
        let store = Store::open(&path.display().to_string()).expect("a database");
        fill(&store, &folder.join("books"));
        path
    })
}

/// A copy of the demo in a folder of its own.
fn copy() -> (String, Folder) {
    let folder = Folder::new();
    let path = folder.0.join("demo.db");
    std::fs::copy(template(), &path).expect("a copy of the demo");
    let log = template().with_extension("db-wal");
    if log.exists() {
        std::fs::copy(log, path.with_extension("db-wal")).expect("a copy of the log");
    }
    (path.display().to_string(), folder)
}

impl Site {
    /// A site with the demo's books.
    pub fn demo() -> Self {
        let (path, folder) = copy();
        Self::on(&path, folder)
    }

    /// A site with the demo's books at another public address.
    pub fn demo_at(public_url: &str) -> Self {
        let (path, folder) = copy();
        Self::at(&path, folder, Some(public_url), |_| ())
    }

    /// A site with the demo's books and other settings.
    pub fn demo_with(change: impl FnOnce(&mut Settings)) -> Self {
        let (path, folder) = copy();
        Self::at(&path, folder, None, change)
    }

    /// A site whose books were imported, before anybody can sign in.
    pub fn imported() -> Self {
        let folder = Folder::new();
        let path = folder.0.join("imported.db").display().to_string();
        let store = Store::open(&path).expect("a database");
        let books = folder.0.join("books");
        demo::write(&books, Stage::new(jiff::civil::date(2026, 11, 25), 1), 1).expect("the demo's books");
        import::import(&store, &books, |_| ()).expect("imported");
        drop(store);
        Self::on(&path, folder)
    }

    /// A site before its first run.
    pub fn empty() -> Self {
        let folder = Folder::new();
        let path = folder.0.join("empty.db");
        Self::on(&path.display().to_string(), folder)
    }

    /// A site with the demo's books on PostgreSQL.
    pub fn demo_on_postgres() -> (Self, TestDatabase) {
        let (folder, database) = (Folder::new(), TestDatabase::postgres().expect("a PostgreSQL server"));
        let store = Store::open(database.location()).expect("a database");
        fill(&store, &folder.0.join("books"));
        drop(store);
        (Self::on(database.location(), folder), database)
    }

    fn on(location: &str, folder: Folder) -> Self {
        Self::at(location, folder, None, |_| ())
    }

    fn at(location: &str, folder: Folder, public_url: Option<&str>, change: impl FnOnce(&mut Settings)) -> Self {
        let now: Timestamp = NOW.parse().expect("an instant");
        let store = Store::open(location).expect("a database");
        let mut settings = Settings::new("127.0.0.1:8080".parse().expect("an address"), public_url).expect("settings");
        change(&mut settings);
        let keys = Keys::parse(&"07".repeat(32)).expect("a key");
        let app = App::new(store, Clock::set(now), keys, settings);
        // There is no program beside the tests that could make PDFs.
        app.pdfs.render_in_process();
        let router = web::service(&app).expect("a service");
        Self { app, router, _folder: folder }
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Caller {
        Caller { router: self.router.clone(), cookie: None, token: None }
    }

    /// A person of the demo, signed in by a session that was begun behind the sign-in page.
    pub fn person(&self, email: &str) -> Caller {
        let provider = self.app.provider().expect("a provider");
        let found = self.app.store.read(|tx| user::find_by_email_key(tx, provider, email)).expect("read");
        let user = found.unwrap_or_else(|| unreachable!("the demo has no {email}"));
        let token = self.app.begin_session(&user, &Default::default(), Proof::Passkey, None).expect("a session");
        let cookie = format!("{}={token}", self.app.settings.cookie_name());
        Caller { router: self.router.clone(), cookie: Some(cookie), token: None }
    }

    /// A token of a person with scopes.
    pub fn token(&self, email: &str, scopes: &str) -> Caller {
        let provider = self.app.provider().expect("a provider");
        let token = format!("qh_{}", Uuid::now_v7().simple());
        let now = self.app.clock.now();
        self.app
            .store
            .write(|tx| {
                let user = user::find_by_email_key(tx, provider, email)?.expect("a person of the demo");
                let row = ApiToken {
                    token_id: Uuid::now_v7(),
                    token_hash: token_hash(&token),
                    user_id: user.user_id,
                    name: "test".to_owned(),
                    scopes: scopes.to_owned(),
                    created_at: now,
                    expires_at: now.checked_add(jiff::SignedDuration::from_hours(24)).expect("tomorrow"),
                    used_at: None,
                    revoked_at: None,
                };
                api_token::insert(tx, provider, &row)
            })
            .expect("a token");
        Caller { router: self.router.clone(), cookie: None, token: Some(token) }
    }

    /// The password of everybody in the demo.
    pub fn password() -> &'static str {
        PASSWORD
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Caller {
    router: Router,
    pub cookie: Option<String>,
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Caller {
    /// Sends a request as it is, with the caller's cookie or token.
    pub async fn send(&self, mut request: Request<Body>) -> Reply {
        let headers = request.headers_mut();
        if let Some(cookie) = &self.cookie {
            headers.append(COOKIE, cookie.parse().expect("a cookie"));
        }
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().expect("a header"));
        }
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// Sends JSON.
    pub async fn json(&self, method: Method, path: &str, body: &Value) -> Reply {
        let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    /// Sends a request of any method without a body.
    pub async fn call(&self, method: Method, path: &str) -> Reply {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).expect("a request")).await
    }
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| unreachable!("no JSON ({error}): {}", self.text()))
    }

    /// It must have this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// It must have come well.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.is(200)
    }

    /// It must be refused.
    #[track_caller]
    pub fn forbidden(self) -> Self {
        self.is(403)
    }

    /// It must not be there.
    #[track_caller]
    pub fn not_found(self) -> Self {
        self.is(404)
    }

    /// It must lead on to a path; returns it.
    #[track_caller]
    pub fn leads_to(self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text());
        self.header(LOCATION.as_str())
    }

    /// The path that undoes what was just done.
    pub fn undo(&self) -> String {
        let cookie = self.cookies().into_iter().find_map(|it| it.strip_prefix("quarterhour-flash=").map(str::to_owned));
        let cookie = cookie.unwrap_or_else(|| unreachable!("nothing was done: {} {}", self.status, self.text()));
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, cookie);
        let flash: Value = serde_json::from_slice(&bytes.expect("base64")).expect("a word");
        flash["undo"].as_str().expect("a way back").to_owned()
    }

    /// A header's value; empty when it is missing.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// The `name=value` of each cookie that was set.
    pub fn cookies(&self) -> Vec<String> {
        let values = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        values.filter_map(|value| value.split(';').next()).map(str::to_owned).collect()
    }

    /// It must show a text.
    #[track_caller]
    pub fn shows(self, text: &str) -> Self {
        let body = self.text();
        assert!(body.contains(text), "`{text}` is not in:\n{body}");
        self
    }

    /// It must not show a text.
    #[track_caller]
    pub fn hides(self, text: &str) -> Self {
        let body = self.text();
        assert!(!body.contains(text), "`{text}` is in:\n{body}");
        self
    }
}
