//! `statement --proof` and `verify FILE`: a proof holds, and no change of it goes unnoticed.

use std::fs;

use quarterhour_billing::ledger::{GENESIS, entry_hash, sha256_hex};
use serde_json::Value;

use crate::books::Books;
use crate::support::{Office, on_both};

/// Issues January and February and reads the proof of acme's January.
fn proof_of_january(office: &Office) -> Value {
    Books::example(office);
    office.import();
    office.issue("2026-01..2026-02");
    let said = office.run("statement acme 2026-01 --proof acme.json");
    assert!(said.err.contains("acme.json proves 1 statements by"), "{}", said.err);
    said.ok();
    serde_json::from_str(&fs::read_to_string(office.folder.join("acme.json")).expect("the proof")).expect("a proof is JSON")
}

/// Checks a changed proof; returns the exit code and what was said.
fn check(office: &Office, proof: &Value, more: &str) -> (Option<i32>, String) {
    fs::write(office.folder.join("changed.json"), proof.to_string()).expect("the folder can be written");
    let answer = office.run(&format!("verify changed.json {more}"));
    (answer.code, answer.out + &answer.err)
}

fn refuse(office: &Office, proof: &Value, what: &str) {
    let (code, said) = check(office, proof, "");
    assert!(matches!(code, Some(1 | 2)), "{what}: {code:?} {said}");
    assert!(!said.contains("are as they were written"), "{what}: {said}");
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

on_both! {
    fn a_proof_holds_without_the_database(office: &Office) {
        let proof = proof_of_january(office);
        let said = office.run("verify acme.json --db nothing-here.db").ok();
        assert!(said.contains("The statement and the ledger are as they were written."), "{said}");
        assert!(said.contains("Compare the head with the one that your provider published."), "{said}");
        let head = text(&proof["head"]["hash"]);
        assert!(office.run("verify").ok().contains(head), "`verify` prints the head to publish");
        let said = office.run(&format!("verify acme.json --head {head}")).ok();
        assert!(!said.contains("Compare the head"), "{said}");
    }
}

#[test]
fn a_wrong_head_and_one_older_than_the_statement_are_found() {
    let office = &Office::on_sqlite();
    let proof = proof_of_january(office);
    let (code, said) = check(office, &proof, &format!("--head {}", "0".repeat(64)));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the published head 0000") && said.contains("is not in this ledger"), "{said}");
    let first = text(&proof["ledger"][0]["hash"]);
    let (code, said) = check(office, &proof, &format!("--head {first}"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is older than the statement of 2026-01"), "{said}");
}

#[test]
fn every_changed_field_of_a_proof_is_found() {
    let office = &Office::on_sqlite();
    let proof = proof_of_january(office);
    let count = proof["ledger"].as_array().map_or(0, Vec::len);
    let mut paths: Vec<String> =
        ["/form", "/client", "/period", "/head/seq", "/head/hash", "/statements/0/agreement"].map(str::to_owned).to_vec();
    for index in 0..count {
        paths.extend(["seq", "prev_hash", "fields", "hash"].map(|field| format!("/ledger/{index}/{field}")));
    }
    for path in paths {
        let mut changed = proof.clone();
        let value = changed.pointer_mut(&path).expect("the field is there");
        *value = match &*value {
            Value::Number(number) => Value::from(number.as_i64().expect("a whole number") + 1),
            other => Value::from(other_text(text(other), text(other).len() / 2)),
        };
        refuse(office, &changed, &path);
    }
}

#[test]
fn every_changed_letter_of_a_statement_and_of_an_entry_is_found() {
    let office = &Office::on_sqlite();
    let proof = proof_of_january(office);
    for path in ["/statements/0/text", "/ledger/0/fields", "/ledger/4/fields", "/ledger/4/hash"] {
        let length = text(proof.pointer(path).expect("the field is there")).len();
        for at in (0..length).step_by((length / 60).max(1)) {
            let mut changed = proof.clone();
            let value = changed.pointer_mut(path).expect("the field is there");
            *value = Value::from(other_text(text(value), at));
            refuse(office, &changed, &format!("{path} at {at}"));
        }
    }
}

/// The text with another letter behind this many bytes.
fn other_text(text: &str, at: usize) -> String {
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut rest = text[at..].chars();
    let new = match rest.next() {
        Some('1') => '2',
        Some('0'..='9') => '1',
        Some('a') => 'b',
        _ => 'a',
    };
    format!("{}{new}{}", &text[..at], rest.as_str())
}

#[test]
fn removed_copied_and_swapped_entries_of_a_proof_are_found() {
    let office = &Office::on_sqlite();
    let proof = proof_of_january(office);
    let entries = proof["ledger"].as_array().expect("entries").clone();
    for index in 0..entries.len() {
        let (mut fewer, mut more, mut swapped) = (entries.clone(), entries.clone(), entries.clone());
        fewer.remove(index);
        more.insert(index, entries[index].clone());
        swapped.swap(index, (index + 1) % entries.len());
        for (what, ledger) in [("removed", fewer), ("copied", more), ("swapped", swapped)] {
            let mut changed = proof.clone();
            changed["ledger"] = Value::from(ledger);
            refuse(office, &changed, &format!("entry {index} {what}"));
        }
    }
    let statement = &proof["statements"][0];
    for statements in [vec![], vec![statement.clone(), statement.clone()]] {
        let mut changed = proof.clone();
        changed["statements"] = Value::from(statements);
        refuse(office, &changed, "another number of statements");
    }
}

#[test]
fn a_proof_that_is_forged_from_end_to_end_does_not_lead_to_the_published_head() {
    let office = &Office::on_sqlite();
    let mut proof = proof_of_january(office);
    let published = text(&proof["head"]["hash"]).to_owned();
    let honest = text(&proof["statements"][0]["text"]).to_owned();
    let forged = honest.replace("Acme Dental", "Acme Rental");
    let mut head = GENESIS.to_owned();
    for entry in proof["ledger"].as_array_mut().expect("entries") {
        let fields = text(&entry["fields"]).replace(&sha256_hex(honest.as_bytes()), &sha256_hex(forged.as_bytes()));
        let hash = entry_hash(&head, &fields);
        (entry["prev_hash"], entry["fields"], entry["hash"]) = (Value::from(head), Value::from(fields), Value::from(hash.clone()));
        head = hash;
    }
    proof["statements"][0]["text"] = Value::from(forged);
    proof["head"]["hash"] = Value::from(head.clone());
    assert_eq!(check(office, &proof, "").0, Some(0), "it fits by itself: only the published head tells");
    let (code, said) = check(office, &proof, &format!("--head {published}"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&head), "{said}");
}

on_both! {
    fn there_is_no_proof_of_what_is_not_issued(office: &Office) {
        proof_of_january(office);
        let said = office.run("statement acme 2026-03 --proof no.json").fails(2);
        assert!(said.contains("client acme has no issued statement of 2026-03\nhint: issue it first: quarterhour bill 2026-03 --issue"), "{said}");
        assert!(!office.folder.join("no.json").exists());
        let said = office.run("statement nobody 2026-01 --proof no.json").fails(2);
        assert!(said.contains("there is no client `nobody`"), "{said}");
    }
}

#[test]
fn a_file_that_is_no_proof_is_wrong_input() {
    let office = &Office::on_sqlite();
    for content in ["", "{}", "[1]", "\u{0}"] {
        fs::write(office.folder.join("no.json"), content).expect("written");
        let said = office.run("verify no.json").fails(2);
        assert!(said.contains("error: not a proof: ") && said.contains("hint: expected a file that"), "{said}");
    }
    assert!(office.run("verify missing.json").fails(3).contains("cannot read missing.json"));
}
