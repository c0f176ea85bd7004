//! People who sign in, from the machine itself.

use crate::support::{Answer, Office, on_both, row};

fn run(office: &Office, words: &[&str]) -> Answer {
    Answer::of(office.command(words).output().expect("the program starts"))
}

const ANN: [&str; 8] = ["users", "add", "--name", "Ann Lee", "--email", "ann@example.com", "--role", "owner"];

on_both! {
    fn people_are_added_and_let_back_in_by_a_link(office: &Office) {
        crate::books::Books::with_agreement(office, "", &[]);
        office.import();
        assert_eq!(office.run("users").ok(), "Nobody can sign in yet.\n");
        let link = run(office, &ANN).ok();
        assert!(link.starts_with("http://127.0.0.1:8080/invitations/") && link.trim().len() > 70, "{link}");
        assert_eq!(row(&office.run("users").ok(), "ann@example.com"), "ann@example.com Ann Lee owner invited");
        let again = run(office, &["users", "link", "ANN@example.com", "--reset-second-factor", "--public-url", "https://support.example.com"]).ok();
        assert!(again.starts_with("https://support.example.com/invitations/"), "{again}");
        let refused = run(office, &ANN);
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains("has this address"), "{}", refused.err);
        let refused = run(office, &["users", "link", "bob@example.com"]);
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains("nobody here signs in with bob@example.com"), "{}", refused.err);
    }
}
