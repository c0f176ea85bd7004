//! PDFs by worker processes: one for each core, each can be ended when a document takes too long.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use quarterhour_documents::InvoiceDocument;

use crate::app::folder::write_file;
use crate::error::AppError;

/// The hidden command that serves documents.
pub const WORKER_COMMAND: &str = "render-worker";
/// How long one document may take.
const LIMIT: Duration = Duration::from_secs(60);

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
        let pdf = worker.render(&document).map_err(|message| {
            AppError::user(format!("{} cannot be rendered: {message}", path.display()), "please report it with the invoice's data")
        })?;
        write_file(&path, &pdf)?;
        done();
    }
}

fn lost(why: &str) -> AppError {
    AppError::user(format!("the PDF worker stopped: {why}"), "run the command again")
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

    fn render(&mut self, document: &InvoiceDocument) -> Result<Vec<u8>, String> {
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
