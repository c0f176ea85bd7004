//! quick
mod app;
mod error;
use quarterhour_billing::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (f, u) = args[2].split_once("..").unwrap();
    let (f, u) = (Period::parse(f).unwrap(), Period::parse(u).unwrap());
    let t = std::time::Instant::now();
    let books = match app::bill_books::read(std::path::Path::new(&args[4])) { Ok(b) => b, Err(error::AppError::Books{problems, ..}) => { for p in problems { eprintln!("{p}"); } std::process::exit(2) } Err(e) => { eprintln!("{e}"); std::process::exit(2) } };
    eprintln!("read {:?}", t.elapsed());
    let billed = app::bill_books::bill(&books, (f, u), |_| true).unwrap();
    eprintln!("billed {:?}", t.elapsed());
    let mut out = Vec::new();
    let mut p = f;
    while p <= u { 
        let statements: Vec<_> = billed.iter().filter(|b| b.period == p).flat_map(|b| b.statements.iter().map(|s| statement_report(&b.client.client.code, s))).collect();
        out.push(PeriodReport { period: p, statements });
        p = p.next();
    }
    if args.len() < 7 { println!("{}", serde_json::to_string(&out).unwrap()); }
}
