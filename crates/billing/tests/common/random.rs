//! Random books of one client: agreements of all programs, devices that come and go, and work.

use proptest::prelude::*;

use crate::common::{Files, PROVIDER};
use crate::random_work::{Work, work};

/// Clauses of one agreement of any program.
pub fn clauses() -> impl Strategy<Value = String> {
    let tail = prop::sample::select(vec![
        "",
        "[rounding]\nincrement = 30\nscope = \"ticket\"\n",
        "[rounding]\nincrement = 6\nminimum = 20\nscope = \"ticket-day\"\n",
        "[weights]\nafter_hours = \"1.5\"\ntiers = { senior = \"2\" }\n",
        "[overage]\nrate = \"187.50\"\ntiers = { senior = \"250\" }\n[prices]\nafter_hours_price = \"1.5\"\n",
        "[guard]\nthresholds = [50, 75, 90, 100]\ncap = { amount = \"500\", on_cap = \"hold\" }\n",
        "[[prices.rate]]\ntier = \"helpdesk\"\nhourly = \"60\"\nper_ticket = \"18\"\nincludes_minutes = 15\n",
        "[internal]\ntiers = [\"helpdesk\"]\n",
        "[[service]]\nname = \"Backup\"\nunit = \"server\"\nprice = \"49\"\n",
    ]);
    let minutes = prop::sample::select(vec![0_u32, 15, 60, 600, 3000]);
    let numbers = (minutes, 0..3_u32, prop::sample::select(vec![0_u32, 33, 100]), prop::sample::select(vec![0_u32, 10, 25]));
    (0..8_usize, numbers, tail.clone(), tail).prop_map(|(program, numbers, one, other)| {
        let second = if one.lines().next() == other.lines().next() { "" } else { other };
        let second = if one.contains("[prices]") && second.contains("prices") { "" } else { second };
        let second = if second.contains("[prices]") && one.contains("prices") { "" } else { second };
        format!("{}{one}{second}", program_clauses(program, numbers))
    })
}

fn program_clauses(program: usize, (minutes, periods, cap, start): (u32, u32, u32, u32)) -> String {
    let starts = format!("starts = 2026-01-{:02}\n", start + 1);
    let allowance = format!("[allowance]\nfixed_minutes = {minutes}\nrollover = {{ periods = {periods}, cap_percent = {cap} }}\n");
    let block =
        format!("[[block]]\nbought = 2026-02-{:02}\nhours = {}\nprice = \"900\"\nexpires_months = 1\n", start + 1, cap / 10 + 1);
    let clauses = match program {
        0 => "program = \"ad-hoc\"\nSTARTS".to_owned(),
        1 => format!(
            "program = \"block-of-time\"\nSTARTS{block}[auto_replenish]\nhours = 2\nprice = \"200\"\nmax_per_period = {periods}\n"
        ),
        2 => format!("program = \"use-it-or-lose-it\"\nSTARTS{allowance}"),
        3 => "program = \"use-it-or-lose-it\"\nSTARTS[fee]\nper_device = { workstation = \"31.25\" }\nproration = \"daily\"\n\
              [allowance]\nenvironment = \"heavy\"\nsettle_months = 2\nexcludes = [\"project\"]\n"
            .to_owned(),
        4 => format!(
            "program = \"budget\"\nSTARTS[reserve]\nminutes = {{ workstation = 30, server = 60 }}\nrate = \"125\"\n\
             proration = \"daily\"\nrollover = {{ periods = {periods}, cap_percent = {cap} }}\n"
        ),
        5 => {
            "program = \"fixed-rate\"\nSTARTS[fee]\nper_device = { workstation = \"31.25\", server = \"120\" }\ncount = \"average\"\n\
              [included]\nclasses = [\"workstation\"]\nexcludes = { work_types = [\"project\"] }\n"
                .to_owned()
        }
        6 => format!("program = \"customized\"\nSTARTS{allowance}excludes = [\"onsite\"]\n{block}"),
        _ => format!("program = \"customized\"\nSTARTS[fee]\nflat = \"99.99\"\nproration = \"daily\"\n{block}"),
    };
    clauses.replace("STARTS", &starts)
}

/// Books with one agreement, which may be renewed on the very day.
pub fn files() -> impl Strategy<Value = (Files, Vec<Work>)> {
    let renewal = prop::option::of((prop::sample::select(vec!["2026-02-15", "2026-03-01"]), clauses()));
    let work = prop::collection::vec(work(), 0..40);
    (clauses(), renewal, work).prop_map(|(clauses, renewal, work)| {
        let ends = renewal.as_ref().map_or(String::new(), |(day, _)| format!("ends = {day}\n"));
        let mut files = Files { provider: PROVIDER.to_owned(), ..Files::default() };
        let first = clauses.replacen("starts", &format!("{ends}starts"), 1).replace("2026-02-26", "2026-02-14");
        files = files.agreement("acme", &first);
        if let Some((day, clauses)) = renewal {
            let lines: Vec<&str> = clauses.lines().filter(|line| !line.starts_with("starts")).collect();
            let text = format!("starts = {day}\n{}\n", lines.join("\n")).replace("bought = 2026-02", "bought = 2026-03");
            files = files.agreement("renewed", &text);
        }
        files.devices.push_str("acme,ws-1,workstation,2026-01-01,2026-02-20\nacme,ws-2,workstation,2026-01-11,\n");
        files.devices.push_str("acme,srv-1,server,2025-01-01,\nacme,fw-1,firewall,2026-02-01,\n");
        for (position, work) in work.iter().enumerate() {
            files.entries.push_str(&work.row(position));
        }
        (files, work)
    })
}
