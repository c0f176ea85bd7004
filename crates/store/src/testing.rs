//! Throw-away databases for tests: a SQLite file, or a database on a PostgreSQL
//! server that is started once for a test binary and ends with it.
//! Not part of the product: behind the feature `testing`.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tokio::runtime::Builder;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// Names a server to use instead of starting one: the URL of a database whose user
/// may create databases.
pub const SERVER_VARIABLE: &str = "QUARTERHOUR_TEST_POSTGRES";

const INSTALL: &str = "PostgreSQL 15 or newer is needed for the tests. Install it (Debian: apt-get install postgresql), \
     or set QUARTERHOUR_TEST_POSTGRES to the URL of a server that may be used";

/// Sets a server up and runs it until the standard input ends, which it does when the
/// tests end, even when they are killed.
const KEEPER: &str = r#"
bin=$1; dir=$2; shift 2
trap '' INT HUP
exec 2>>"$dir/log"
fail() { echo "failed: $(tail -n 5 "$dir/log" | tr '\n' ' ')"; rm -rf "$dir"/*; exit 1; }
printf '%s' test-password >"$dir/password"
"$bin/initdb" -D "$dir/data" -U postgres --auth=scram-sha-256 --pwfile="$dir/password" \
    --encoding=UTF8 --locale=C --no-sync >>"$dir/log" || fail
"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w \
    -o "-c listen_addresses='' -c unix_socket_directories='$dir' $*" start >>"$dir/log" || fail
echo ready
cat >/dev/null
"$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >>"$dir/log"
cd /; rm -rf "$dir"
"#;

/// What a database makes of a statement.
#[derive(Debug)]
pub struct Inspection {
    /// How many parameters it takes.
    pub parameters: usize,
    /// The columns of its answer.
    pub columns: Vec<String>,
    /// The lines of its plan; only SQLite tells them.
    pub plan: Vec<String>,
}

/// A fresh database, removed when dropped.
#[derive(Debug)]
pub struct TestDatabase {
    location: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Folder(PathBuf),
    Server { admin: String, name: String },
}

impl TestDatabase {
    /// A path for a SQLite file in a folder of its own; the file is not made.
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be made.
    pub fn sqlite() -> Result<Self, String> {
        let folder = make_folder("quarterhour-test")?;
        let location = folder.join("books.db").display().to_string();
        Ok(Self { location, kind: Kind::Folder(folder) })
    }

    /// An empty database on the server of this test binary. Its locale is not C, so
    /// that an order by locale is found out.
    ///
    /// # Errors
    ///
    /// Fails with a sentence that says what to install when there is no server.
    pub fn postgres() -> Result<Self, String> {
        let admin = server_url()?;
        let name = format!("quarterhour_{}", Uuid::now_v7().simple());
        run_sql(
            &admin,
            &format!(
                "create database {name} template template0 encoding 'UTF8' \
                 locale_provider icu icu_locale 'en-US'"
            ),
        )?;
        Ok(Self { location: with_database(&admin, &name), kind: Kind::Server { admin, name } })
    }

    /// What `Store::open` takes.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Whether it is on a server.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self.kind, Kind::Server { .. })
    }

    /// Runs a text on the server from outside of the store, as its administrator.
    ///
    /// # Errors
    ///
    /// Fails when the server refuses, or when this is a file.
    pub fn run_as_administrator(&self, text: &str) -> Result<(), String> {
        match &self.kind {
            Kind::Server { .. } => run_sql(&self.location, text),
            Kind::Folder(_) => Err("a file has no administrator".to_owned()),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // What cannot be removed is left in the folder for temporary files.
        match &self.kind {
            Kind::Folder(folder) => drop(fs::remove_dir_all(folder)),
            Kind::Server { admin, name } => {
                drop(run_sql(admin, &format!("drop database if exists {name} with (force)")));
            }
        }
    }
}

/// The URL of the server's first database.
fn server_url() -> Result<String, String> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    if let Ok(url) = env::var(SERVER_VARIABLE) {
        return Ok(url);
    }
    // Without a flush the tests are faster; they never outlive the machine.
    let options = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";
    SERVER.get_or_init(|| Server::start(options)).as_ref().map(|server| server.url.clone()).map_err(Clone::clone)
}

/// A running server. It ends when this is dropped or the process ends.
#[derive(Debug)]
pub struct Server {
    url: String,
    /// Holds the pipe on which the keeper of the server waits.
    keeper: Child,
}

impl Server {
    /// Sets up and starts a server with these command-line options.
    ///
    /// # Errors
    ///
    /// Fails with a sentence that says what to install, or what the server said.
    pub fn start(options: &str) -> Result<Self, String> {
        let programs = newest_programs().ok_or(INSTALL)?;
        let folder = make_folder("quarterhour-pg")?;
        let mut command = keeper_command(&folder)?;
        let mut keeper = command
            .args(["-c", KEEPER, "keeper"])
            .args([&programs, &folder])
            .arg(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("the test server cannot be started: {error}. {INSTALL}"))?;
        let mut answer = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            BufReader::new(stdout).read_line(&mut answer).map_err(|error| error.to_string())?;
        }
        if answer.trim() != "ready" {
            return Err(format!("the test server did not start: {}", answer.trim()));
        }
        let host = folder.display().to_string().replace('/', "%2F");
        Ok(Self { url: format!("postgres://postgres:test-password@{host}/postgres"), keeper })
    }

    /// The URL of the server's first database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

/// A server refuses to run as root, so root hands it to the user of the package.
fn keeper_command(folder: &Path) -> Result<Command, String> {
    let whoami = Command::new("id").arg("-u").output().map_err(|error| error.to_string())?;
    if String::from_utf8_lossy(&whoami.stdout).trim() != "0" {
        return Ok(Command::new("sh"));
    }
    let chown = Command::new("chown").arg("postgres").arg(folder).status();
    if !chown.is_ok_and(|status| status.success()) {
        return Err(format!("there is no user postgres to run a server as. {INSTALL}"));
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", "sh"]);
    Ok(command)
}

/// The folder of the newest installed server.
fn newest_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(version, folder)| *version >= 15 && folder.join("initdb").is_file())
        .max();
    newest.map(|(_, folder)| folder).or_else(|| {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    })
}

fn make_folder(name: &str) -> Result<PathBuf, String> {
    let folder = env::temp_dir().join(format!("{name}-{}", Uuid::now_v7().simple()));
    fs::create_dir(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    Ok(folder)
}

/// The same URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (url, query) = url.split_once('?').map_or((url, String::new()), |(url, query)| (url, format!("?{query}")));
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let authority = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{authority}/{name}{query}")
}

fn run_sql(url: &str, text: &str) -> Result<(), String> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime
        .block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            let connection = tokio::spawn(connection);
            let result = client.batch_execute(text).await;
            drop(client);
            drop(connection.await);
            result
        })
        .map_err(|error| error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string))
}
