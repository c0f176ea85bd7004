//! How long a usual invoice takes, warm, on one core.
//!
//! `cargo bench -p quarterhour-documents`

#[path = "../tests/documents/samples.rs"]
mod samples;

use std::time::{Duration, Instant};

use jiff::ToSpan;
use quarterhour_documents::{DocumentStatus, InvoiceDocument, Renderer};

fn main() {
    let renderer = Renderer::new();
    for (name, devices, entries, rounds) in [
        ("usual, 40 entries, 30 devices", 30, 40, 200),
        ("small, 5 entries, 10 devices", 10, 5, 100),
        ("large, 400 entries, 200 devices", 200, 400, 5),
        ("huge, 2000 entries, 500 devices", 500, 2000, 2),
    ] {
        let documents: Vec<InvoiceDocument> = (0..rounds).map(|_| samples::usual(devices, entries)).collect();
        measure(name, &renderer, documents);
    }
}

/// Every document gets names of its own, so that none is answered from memory.
fn measure(name: &str, renderer: &Renderer, documents: Vec<InvoiceDocument>) {
    let mut times: Vec<Duration> = Vec::new();
    let rounds = documents.len() as u32;
    let before = processor_time();
    for (round, mut document) in documents.into_iter().enumerate() {
        rename(&mut document, round);
        let start = Instant::now();
        let pdf = renderer.render(&document).expect("the document renders");
        times.push(start.elapsed());
        assert!(pdf.starts_with(b"%PDF"));
    }
    let processor = (processor_time() - before) / rounds;
    times.sort();
    let median = times[times.len() / 2];
    println!("{name}: median {median:.1?}, fastest {:.1?}, processor time {processor:.1?}", times[0]);
}

/// Makes every number, name, note and time of a document its own.
fn rename(document: &mut InvoiceDocument, round: usize) {
    document.client.name = format!("Client {round} Ltd");
    document.status = DocumentStatus::Issued { number: format!("2026-{round:04}") };
    document.amounts.total = format!("{}.75", 1_900 + round);
    for (index, entry) in document.time_entries.iter_mut().enumerate() {
        let seconds = 60 * i64::try_from((round * 31 + index * 17) % 480).unwrap_or(0);
        entry.ticket = Some(format!("T-{round}-{index}"));
        entry.note.push_str(&format!(" Round {round}, step {index}."));
        entry.actual_seconds = seconds;
        entry.billable_seconds = seconds + 300;
        entry.parts[0].seconds = seconds;
        entry.started_at = entry.started_at.saturating_add(seconds.seconds());
    }
    for (index, device) in document.devices.iter_mut().enumerate() {
        let days = i64::try_from((round * 7 + index) % 900).unwrap_or(0);
        device.name.push_str(&format!("-{round}"));
        device.in_service_on = device.in_service_on.saturating_add(days.days());
    }
}

/// What all threads of this process have used, where Linux tells.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    Duration::from_millis(ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10)
}
