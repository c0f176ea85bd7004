//! PDFs by worker processes: one for each core, each can be ended when a document takes too long.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quarterhour_documents::InvoiceDocument;
use quarterhour_documents::worker::Request;

use crate::app::folder::write_file;
use crate::app::invoice_pdf::Kept;
use crate::error::AppError;

/// The hidden command that serves documents.
pub const WORKER_COMMAND: &str = "render-worker";
/// How long one document may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How many processes serve the pages.
const WORKERS_MAX: usize = 2;
/// How long a process waits for its next document, before it ends and gives its memory back.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// Renders one document by a process of its own, for a command.
///
/// # Errors
///
/// Fails when no process can be started, or the document cannot be rendered.
pub fn render_once(document: &Request) -> Result<Vec<u8>, AppError> {
    Worker::start()?.render(document).map_err(|message| AppError::fault(format!("a document cannot be rendered: {message}")))
}

/// Renders documents into files, and calls `done` after each.
///
/// # Errors
///
/// Fails at the first document that cannot be rendered or written; the others may be there already.
pub fn render_all(documents: impl Iterator<Item = (PathBuf, InvoiceDocument)> + Send, done: impl Fn() + Sync) -> Result<(), AppError> {
    let queue = Mutex::new(documents);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<Result<(), AppError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(|| work(&queue, &done))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(lost("it ended early")))).collect()
    });
    results.into_iter().collect()
}

fn work(queue: &Mutex<impl Iterator<Item = (PathBuf, InvoiceDocument)>>, done: &(impl Fn() + Sync)) -> Result<(), AppError> {
    let mut worker = None;
    loop {
        let next = queue.lock().map_err(|_| lost("another worker failed"))?.next();
        let Some((path, document)) = next else { return Ok(()) };
        let worker = match &mut worker {
            Some(worker) => worker,
            None => worker.insert(Worker::start()?),
        };
        let pdf = worker.render(&Request::Invoice(Box::new(document))).map_err(|message| {
            AppError::user(format!("{} cannot be rendered: {message}", path.display()), "please report it with the invoice's data")
        })?;
        write_file(&path, &pdf)?;
        done();
    }
}

fn lost(why: &str) -> AppError {
    AppError::user(format!("the PDF worker stopped: {why}"), "run the command again")
}

/// The processes that render for pages: started when needed, ended when idle.
#[derive(Default)]
pub struct Workers {
    /// What was made a moment ago.
    pub kept: Kept,
    state: Mutex<WorkersState>,
    free: Condvar,
}

#[derive(Default)]
struct WorkersState {
    idle: Vec<(Worker, Instant)>,
    busy: usize,
    in_process: bool,
}

impl Workers {
    fn lock(&self) -> MutexGuard<'_, WorkersState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renders in this process from now on, where there is no program to start: in tests.
    pub fn render_in_process(&self) {
        self.lock().in_process = true;
    }

    /// Renders one document.
    ///
    /// # Errors
    ///
    /// Fails when no process can be started, or the document cannot be rendered.
    pub fn render(&self, document: InvoiceDocument) -> Result<Vec<u8>, AppError> {
        self.render_any(&Request::Invoice(Box::new(document)))
    }

    /// Renders a document of any kind.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::render`] does.
    pub fn render_any(&self, document: &Request) -> Result<Vec<u8>, AppError> {
        if self.lock().in_process {
            let renderer = quarterhour_documents::Renderer::new();
            return document.render(&renderer).map_err(AppError::fault);
        }
        let worker = self.take();
        let worker = worker.map_or_else(Worker::start, Ok);
        let rendered = worker.map(|mut worker| (worker.render(document), worker));
        let mut state = self.lock();
        state.busy -= 1;
        self.free.notify_one();
        match rendered? {
            (Ok(pdf), worker) => {
                state.idle.push((worker, Instant::now()));
                Ok(pdf)
            }
            // A process that failed is not used again.
            (Err(message), _) => Err(AppError::fault(format!("a document cannot be rendered: {message}"))),
        }
    }

    /// Waits for a free place; gives the process that waits there, if there is one.
    fn take(&self) -> Option<Worker> {
        let mut state = self.lock();
        while state.busy >= WORKERS_MAX {
            state = self.free.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.busy += 1;
        state.idle.pop().map(|(worker, _)| worker)
    }

    /// Ends the processes that had nothing to do for a minute.
    pub fn end_idle(&self) {
        let ended: Vec<(Worker, Instant)> = self.lock().idle.extract_if(.., |(_, since)| since.elapsed() > IDLE_MAX).collect();
        drop(ended);
    }
}

/// One process that renders.
struct Worker {
    child: Child,
    input: ChildStdin,
    answers: Receiver<Result<Vec<u8>, String>>,
}

impl Worker {
    fn start() -> Result<Self, AppError> {
        let program = std::env::current_exe().map_err(|error| lost(&error.to_string()))?;
        let mut command = Command::new(program);
        // One thread each: the workers themselves fill the cores.
        command
            .env("RAYON_NUM_THREADS", "1")
            .arg(WORKER_COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command.spawn().map_err(|error| lost(&error.to_string()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return Err(lost("no pipes")) };
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(answer) = read_answer(&mut output) {
                if sender.send(answer).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, input, answers })
    }

    fn render(&mut self, document: &Request) -> Result<Vec<u8>, String> {
        let mut line = serde_json::to_vec(document).map_err(|error| error.to_string())?;
        line.push(b'\n');
        self.input.write_all(&line).and_then(|()| self.input.flush()).map_err(|error| error.to_string())?;
        match self.answers.recv_timeout(LIMIT) {
            Ok(answer) => answer,
            Err(_) => {
                let _ = self.child.kill();
                Err(format!("no answer within {} seconds", LIMIT.as_secs()))
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_answer(output: &mut impl BufRead) -> Option<Result<Vec<u8>, String>> {
    let mut header = String::new();
    if output.read_line(&mut header).ok()? == 0 {
        return None;
    }
    match header.trim_end().split_once(' ')? {
        ("ok", length) => {
            let mut pdf = vec![0; length.parse().ok()?];
            output.read_exact(&mut pdf).ok()?;
            Some(Ok(pdf))
        }
        ("error", message) => Some(Err(message.to_owned())),
        _ => None,
    }
}
