//! Users, invitations, sessions, recovery codes, passkeys and tokens.

use jiff::{SignedDuration, Timestamp};
use quarterhour_store::statements::api_token::{self, ApiToken};
use quarterhour_store::statements::invitation::{self, Invitation};
use quarterhour_store::statements::passkey::{self, Passkey};
use quarterhour_store::statements::recovery_code::{self, RecoveryCode};
use quarterhour_store::statements::session::{self, Session};
use quarterhour_store::statements::user::{self, User};
use quarterhour_store::testing::TestDatabase;
use quarterhour_store::{ProviderId, StoreError, Tx};
use uuid::Uuid;

use crate::support::{Books, instant, on_both, sample_user};

fn noon() -> Timestamp {
    instant("2026-05-01T12:00:00Z")
}

/// So many seconds after noon.
fn after(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

/// A change of a user.
type Move = fn(&mut Tx, ProviderId, &User) -> Result<(), StoreError>;

/// Two users, who are there for both providers; gives the second provider too.
fn fill(books: &Books) -> (ProviderId, [User; 2]) {
    let users = [sample_user("ann@acme.example", "owner"), sample_user("Bob@acme.example", "technician")];
    let stranger = books.stranger();
    for provider in [books.provider, stranger] {
        books.write(|tx| users.iter().try_for_each(|row| user::insert(tx, provider, row)));
    }
    (stranger, users)
}

fn find(books: &Books, user: &User) -> User {
    books.read(|tx| user::find(tx, books.provider, user.user_id)).expect("the user")
}

on_both! {
    fn a_user_is_found_by_id_address_and_subject(books: &Books) {
        let (stranger, [ann, bob]) = fill(books);
        assert_eq!(find(books, &bob), bob, "all fields come back");
        let by_key = |key: &'static str| books.read(|tx| user::find_by_email_key(tx, books.provider, key));
        assert_eq!(by_key("bob@acme.example"), Some(bob.clone()));
        assert_eq!(by_key("Bob@acme.example"), None, "the key is in lower case");
        assert_eq!(books.read(|tx| user::list_all(tx, books.provider)), [ann.clone(), bob.clone()]);
        let by_subject = || books.read(|tx| user::find_by_oidc_subject(tx, books.provider, "sub-1"));
        assert_eq!(by_subject(), None);
        books.write(|tx| user::update_oidc_subject(tx, books.provider, bob.user_id, Some("sub-1")));
        assert_eq!(by_subject().expect("the user").user_id, bob.user_id);
        let refused = books.refused(|tx| user::update_oidc_subject(tx, books.provider, ann.user_id, Some("sub-1")));
        assert!(refused.contains("the same key exists already"), "{refused}");
        books.write(|tx| user::update_oidc_subject(tx, books.provider, bob.user_id, None));
        assert_eq!(by_subject(), None);
        assert_eq!(books.read(|tx| user::find(tx, books.provider, Uuid::now_v7())), None);
        assert_eq!(books.read(|tx| user::list_all(tx, stranger)), [ann, bob], "nothing reached the other provider");
    }
}

on_both! {
    fn a_user_is_changed_and_keeps_its_secrets(books: &Books) {
        let (stranger, [_, bob]) = fill(books);
        let mut changed = bob.clone();
        books.write(|tx| user::update_password(tx, books.provider, bob.user_id, "argon2-2"));
        books.write(|tx| user::update_totp(tx, books.provider, bob.user_id, Some(&[0, 1, 255]), 7));
        changed.password_hash = Some("argon2-2".to_owned());
        changed.totp_sealed = Some(vec![0, 1, 255]);
        changed.totp_step_last = 7;
        assert_eq!(find(books, &bob), changed);
        changed.client_id = Some(books.clients[0]);
        changed.role = "approver".to_owned();
        changed.email = "Rob@acme.example".to_owned();
        changed.email_key = "rob@acme.example".to_owned();
        changed.name = "Rob".to_owned();
        changed.technician = String::new();
        let without_secrets = User { password_hash: None, totp_sealed: None, totp_step_last: 0, ..changed.clone() };
        books.write(|tx| user::update(tx, books.provider, &without_secrets));
        assert_eq!(find(books, &bob), changed, "an update leaves the secrets");
        books.write(|tx| user::set_disabled(tx, books.provider, bob.user_id, Some(noon())));
        changed.disabled_at = Some(noon());
        assert_eq!(find(books, &bob), changed);
        books.write(|tx| user::set_disabled(tx, books.provider, bob.user_id, None));
        books.write(|tx| user::update_totp(tx, books.provider, bob.user_id, None, 0));
        let found = find(books, &bob);
        assert_eq!((found.disabled_at, found.totp_sealed, found.totp_step_last), (None, None, 0));
        assert_eq!(books.read(|tx| user::find(tx, stranger, bob.user_id)), Some(bob));
    }
}

on_both! {
    fn a_user_goes_with_the_rules_of_its_role(books: &Books) {
        let (_, [ann, bob]) = fill(books);
        let again = sample_user("ANN@acme.example", "technician");
        let refused = books.refused(|tx| user::insert(tx, books.provider, &again));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let taken = User { email_key: ann.email_key.clone(), ..bob.clone() };
        let refused = books.refused(|tx| user::update(tx, books.provider, &taken));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let new = || sample_user("new@acme.example", "owner");
        let wrong = [
            User { role: "king".to_owned(), ..new() },
            User { client_id: Some(books.clients[0]), ..new() },
            User { role: "approver".to_owned(), ..new() },
            User { role: "contact".to_owned(), client_id: Some(Uuid::now_v7()), ..new() },
        ];
        for row in wrong {
            let refused = books.refused(|tx| user::insert(tx, books.provider, &row));
            assert!(refused.contains("breaks a rule of its schema"), "{refused}");
        }
        let refused = books.refused(|tx| user::insert(tx, ProviderId(Uuid::now_v7()), &new()));
        assert!(refused.contains("breaks a rule of its schema"), "no such provider: {refused}");
        let nobody = new();
        let moves: [Move; 5] = [
            user::update,
            |tx, provider, it| user::update_password(tx, provider, it.user_id, "x"),
            |tx, provider, it| user::update_totp(tx, provider, it.user_id, None, 0),
            |tx, provider, it| user::update_oidc_subject(tx, provider, it.user_id, None),
            |tx, provider, it| user::set_disabled(tx, provider, it.user_id, None),
        ];
        for change in moves {
            let refused = books.refused(|tx| change(tx, books.provider, &nobody));
            assert_eq!(refused, "the user is not in the database");
        }
    }
}

on_both! {
    fn a_code_of_the_second_factor_works_once(books: &Books) {
        let (stranger, [ann, _]) = fill(books);
        let use_step = |step| books.write(|tx| user::update_totp_step(tx, books.provider, ann.user_id, step));
        assert!(use_step(100));
        assert!(!use_step(100), "the same code again");
        assert!(!use_step(99), "an earlier code");
        assert!(use_step(101));
        assert_eq!(find(books, &ann).totp_step_last, 101);
        let other = books.read(|tx| user::find(tx, stranger, ann.user_id)).expect("the user");
        assert_eq!(other.totp_step_last, 0);
        assert!(!books.write(|tx| user::update_totp_step(tx, books.provider, Uuid::now_v7(), 5)));
    }
}

on_both! {
    fn only_owners_who_may_sign_in_are_counted(books: &Books) {
        let (stranger, [ann, _]) = fill(books);
        for provider in [books.provider, stranger] {
            books.write(|tx| user::update_password(tx, provider, ann.user_id, "$argon2id$"));
        }
        let owners = |provider| books.read(|tx| user::count_owners(tx, provider));
        let second = sample_user("eve@acme.example", "owner");
        books.write(|tx| user::insert(tx, books.provider, &second));
        assert_eq!((owners(books.provider), owners(stranger)), (1, 1), "one that was only invited does not count");
        books.write(|tx| user::update_password(tx, books.provider, second.user_id, "$argon2id$"));
        assert_eq!((owners(books.provider), owners(stranger)), (2, 1));
        books.write(|tx| user::set_disabled(tx, books.provider, ann.user_id, Some(noon())));
        books.write(|tx| user::set_disabled(tx, books.provider, second.user_id, Some(noon())));
        assert_eq!((owners(books.provider), owners(stranger)), (0, 1));
    }
}

on_both! {
    fn an_invitation_is_used_once_and_in_time(books: &Books) {
        let (stranger, [ann, bob]) = fill(books);
        let row = |token: &str, user_id| Invitation {
            token_hash: token.to_owned(),
            user_id,
            created_at: noon(),
            expires_at: after(60),
            used_at: None,
        };
        let rows = [row("t1", ann.user_id), row("t2", ann.user_id), row("t3", bob.user_id)];
        for provider in [books.provider, stranger] {
            books.write(|tx| rows.iter().try_for_each(|row| invitation::insert(tx, provider, row)));
        }
        let found = |token: &'static str| books.read(|tx| invitation::find(tx, books.provider, token));
        assert_eq!(found("t1").as_ref(), Some(&rows[0]));
        let use_it = |token: &'static str, at| books.write(|tx| invitation::use_once(tx, books.provider, token, at));
        assert!(use_it("t1", after(59)));
        assert!(!use_it("t1", after(59)), "used once");
        assert_eq!(found("t1").expect("it stays").used_at, Some(after(59)));
        assert!(!use_it("t2", after(60)), "too late");
        assert!(!use_it("t9", noon()), "no such token");
        let taken_back = |user_id| books.write(|tx| invitation::delete_of_user(tx, books.provider, user_id));
        assert_eq!(taken_back(ann.user_id), 1, "the used one stays");
        assert_eq!((found("t2"), found("t3").as_ref()), (None, Some(&rows[2])));
        for (row, token) in rows.iter().zip(["t1", "t2", "t3"]) {
            assert_eq!(books.read(|tx| invitation::find(tx, stranger, token)).as_ref(), Some(row));
        }
        let refused = books.refused(|tx| invitation::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let refused = books.refused(|tx| invitation::insert(tx, books.provider, &row("t4", Uuid::now_v7())));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
    }
}

fn sample_session(hash: &str, user_id: Uuid, created_at: Timestamp) -> Session {
    Session {
        session_hash: hash.to_owned(),
        user_id,
        created_at,
        seen_at: created_at,
        expires_at: created_at + SignedDuration::from_secs(100),
        proved_at: created_at,
        strong: false,
        address: "2001:db8::1".to_owned(),
        agent: "Firefox 🦊".to_owned(),
    }
}

/// Three sessions of Ann and one of Bob, for both providers.
fn fill_sessions(books: &Books, stranger: ProviderId, [ann, bob]: &[User; 2]) -> [Session; 4] {
    let rows = [("a0", ann, 0), ("a1", ann, 10), ("a2", ann, 20), ("b0", bob, 5)]
        .map(|(hash, user, seconds)| sample_session(hash, user.user_id, after(seconds)));
    for provider in [books.provider, stranger] {
        books.write(|tx| rows.iter().try_for_each(|row| session::insert(tx, provider, row)));
    }
    rows
}

on_both! {
    fn a_session_comes_with_its_user(books: &Books) {
        let (stranger, users) = fill(books);
        let rows = fill_sessions(books, stranger, &users);
        let [ann, _] = &users;
        let found = |hash: &'static str| books.read(|tx| session::find_with_user(tx, books.provider, hash));
        assert_eq!(found("a1"), Some((rows[1].clone(), ann.clone())));
        assert_eq!(found("zz"), None);
        books.write(|tx| session::touch(tx, books.provider, "a1", after(30)));
        books.write(|tx| session::update_proved(tx, books.provider, "a1", after(31), true));
        let changed = Session { seen_at: after(30), proved_at: after(31), strong: true, ..rows[1].clone() };
        assert_eq!(found("a1"), Some((changed, ann.clone())));
        books.write(|tx| session::touch(tx, books.provider, "zz", after(30)));
        assert_eq!(found("zz"), None, "what has ended stays so");
        let seen = books.read(|tx| session::list_last_seen(tx, books.provider));
        let mut expected = vec![(ann.user_id, after(30)), (users[1].user_id, after(5))];
        expected.sort_unstable();
        assert_eq!(seen, expected, "the last of all sessions of a user");
        let refused = books.refused(|tx| session::update_proved(tx, books.provider, "zz", noon(), true));
        assert_eq!(refused, "the session is not in the database");
        let refused = books.refused(|tx| session::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let other = books.read(|tx| session::find_with_user(tx, stranger, "a1"));
        assert_eq!(other, Some((rows[1].clone(), ann.clone())));
    }
}

on_both! {
    fn sessions_end_one_by_one_or_all_but_one_or_when_they_are_old(books: &Books) {
        let (stranger, users) = fill(books);
        let rows = fill_sessions(books, stranger, &users);
        let [ann, bob] = users.each_ref().map(|it| it.user_id);
        let hashes = |provider, user_id| {
            let rows = books.read(|tx| session::list_of_user(tx, provider, user_id));
            rows.into_iter().map(|it| it.session_hash).collect::<Vec<_>>()
        };
        assert_eq!(hashes(books.provider, ann), ["a2", "a1", "a0"], "the newest first");
        assert_eq!(books.read(|tx| session::list_of_user(tx, books.provider, bob)), rows[3..]);
        assert!(books.write(|tx| session::delete(tx, books.provider, "a2")));
        assert!(!books.write(|tx| session::delete(tx, books.provider, "a2")), "it is gone");
        assert_eq!(books.write(|tx| session::delete_of_user(tx, books.provider, ann, Some("a1"))), 1);
        assert_eq!(hashes(books.provider, ann), ["a1"]);
        assert_eq!(books.write(|tx| session::delete_of_user(tx, books.provider, ann, None)), 1);
        assert_eq!(hashes(books.provider, bob), ["b0"]);
        assert_eq!(hashes(stranger, ann), ["a2", "a1", "a0"]);
        // a0 ends at 100, b0 at 105, a1 at 110.
        assert_eq!(books.write(|tx| session::delete_expired(tx, stranger, after(105))), 2);
        assert_eq!((hashes(stranger, ann), hashes(stranger, bob)), (vec!["a2".to_owned(), "a1".to_owned()], vec![]));
        assert_eq!(hashes(books.provider, bob), ["b0"]);
    }
}

on_both! {
    /// SQLite keeps instants as text: a whole second is not later than its own parts.
    fn instants_within_a_second_are_in_order(books: &Books) {
        let (stranger, [ann, _]) = fill(books);
        let ends = ["12:00:00Z", "12:00:00.000001Z", "12:00:00.5Z", "12:00:01Z"];
        for (number, end) in ends.iter().enumerate() {
            let expires_at = instant(&format!("2026-05-01T{end}"));
            let row = Session { expires_at, created_at: expires_at, ..sample_session(&format!("s{number}"), ann.user_id, noon()) };
            books.write(|tx| session::insert(tx, stranger, &row));
        }
        let listed = books.read(|tx| session::list_of_user(tx, stranger, ann.user_id));
        let listed: Vec<&str> = listed.iter().map(|it| it.session_hash.as_str()).collect();
        assert_eq!(listed, ["s3", "s2", "s1", "s0"]);
        let ended = |now: &str| books.write(|tx| session::delete_expired(tx, stranger, instant(now)));
        assert_eq!(ended("2026-05-01T12:00:00Z"), 1);
        assert_eq!(ended("2026-05-01T12:00:00.4999999Z"), 1);
        assert_eq!(ended("2026-05-01T12:00:00.999999999Z"), 1);
        assert_eq!(ended("2026-05-01T12:00:01Z"), 1);
    }
}

on_both! {
    fn a_recovery_code_works_once(books: &Books) {
        let (stranger, [ann, bob]) = fill(books);
        let row = |user: &User, code: &str| RecoveryCode { user_id: user.user_id, code_hash: code.to_owned(), used_at: None };
        let rows = [row(&ann, "c1"), row(&ann, "c2"), row(&bob, "c3")];
        for provider in [books.provider, stranger] {
            assert_eq!(books.write(|tx| recovery_code::insert_many(tx, provider, &rows)), 3);
        }
        let unused = |provider, user: &User| books.read(|tx| recovery_code::count_unused(tx, provider, user.user_id));
        let use_it = |user: &User, code: &'static str| {
            books.write(|tx| recovery_code::use_once(tx, books.provider, user.user_id, code, noon()))
        };
        assert_eq!(unused(books.provider, &ann), 2);
        assert!(use_it(&ann, "c1"));
        assert!(!use_it(&ann, "c1"), "used once");
        assert!(!use_it(&ann, "c3"), "somebody else's");
        assert_eq!((unused(books.provider, &ann), unused(stranger, &ann)), (1, 2));
        assert_eq!(books.write(|tx| recovery_code::delete_of_user(tx, books.provider, ann.user_id)), 2);
        assert!(!use_it(&ann, "c2"), "gone");
        assert_eq!((unused(books.provider, &bob), unused(stranger, &ann)), (1, 2));
        let refused = books.refused(|tx| recovery_code::insert_many(tx, books.provider, &rows[2..]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn a_passkey_belongs_to_one_user(books: &Books) {
        let (stranger, [ann, bob]) = fill(books);
        let row = |user: &User, credential: &str| Passkey {
            user_id: user.user_id,
            credential_id: credential.to_owned(),
            name: "laptop".to_owned(),
            passkey_json: "{\"counter\":0}".to_owned(),
            created_at: noon(),
            used_at: None,
        };
        let rows = [row(&ann, "k1"), row(&ann, "k2"), row(&bob, "k3")];
        for provider in [books.provider, stranger] {
            books.write(|tx| rows.iter().try_for_each(|row| passkey::insert(tx, provider, row)));
        }
        let of = |provider, user: &User| books.read(|tx| passkey::list_of_user(tx, provider, user.user_id));
        assert_eq!(of(books.provider, &ann), rows[..2]);
        let found = |credential: &'static str| books.read(|tx| passkey::find_by_credential(tx, books.provider, credential));
        assert_eq!(found("k3").as_ref(), Some(&rows[2]));
        assert_eq!(found("k9"), None);
        let refused = books.refused(|tx| passkey::insert(tx, books.provider, &row(&bob, "k1")));
        assert!(refused.contains("the same key exists already"), "{refused}");
        books.write(|tx| passkey::update_used(tx, books.provider, ann.user_id, "k1", "{\"counter\":1}", after(9)));
        books.write(|tx| passkey::rename(tx, books.provider, ann.user_id, "k1", "phone"));
        let mut changed = rows[0].clone();
        changed.name = "phone".to_owned();
        changed.passkey_json = "{\"counter\":1}".to_owned();
        changed.used_at = Some(after(9));
        assert_eq!(found("k1"), Some(changed));
        for refused in [
            books.refused(|tx| passkey::update_used(tx, books.provider, bob.user_id, "k1", "{}", noon())),
            books.refused(|tx| passkey::rename(tx, books.provider, bob.user_id, "k1", "mine")),
        ] {
            assert_eq!(refused, "the passkey is not in the database", "it is somebody else's");
        }
        let mut counts = vec![(ann.user_id, 2), (bob.user_id, 1)];
        counts.sort_unstable();
        assert_eq!(books.read(|tx| passkey::list_counts(tx, books.provider)), counts);
        let delete = |user: &User| books.write(|tx| passkey::delete(tx, books.provider, user.user_id, "k1"));
        assert_eq!((delete(&bob), delete(&ann), delete(&ann)), (false, true, false));
        assert_eq!(of(books.provider, &ann), rows[1..2]);
        assert_eq!(of(stranger, &ann), rows[..2]);
    }
}

on_both! {
    fn a_token_comes_with_its_user_and_is_revoked_for_ever(books: &Books) {
        let (stranger, [ann, bob]) = fill(books);
        let row = |user: &User, hash: &str, seconds| ApiToken {
            token_id: Uuid::now_v7(),
            token_hash: hash.to_owned(),
            user_id: user.user_id,
            name: "backup".to_owned(),
            scopes: "read:invoices write:time".to_owned(),
            created_at: after(seconds),
            expires_at: after(1000),
            used_at: None,
            revoked_at: None,
        };
        let rows = [row(&ann, "h1", 1), row(&ann, "h2", 2), row(&bob, "h3", 0)];
        for provider in [books.provider, stranger] {
            books.write(|tx| rows.iter().try_for_each(|row| api_token::insert(tx, provider, row)));
        }
        let found = |hash: &'static str| books.read(|tx| api_token::find_with_user(tx, books.provider, hash));
        assert_eq!(found("h1"), Some((rows[0].clone(), ann.clone())));
        assert_eq!(found("h9"), None);
        let of_ann = books.read(|tx| api_token::list_of_user(tx, books.provider, ann.user_id));
        assert_eq!(of_ann, [rows[1].clone(), rows[0].clone()], "the newest first");
        books.write(|tx| api_token::touch(tx, books.provider, rows[0].token_id, after(5)));
        let revoke = |at| books.write(|tx| api_token::revoke(tx, books.provider, rows[0].token_id, at));
        assert!(revoke(after(6)));
        assert!(!revoke(after(7)), "the first time counts");
        let revoked = ApiToken { used_at: Some(after(5)), revoked_at: Some(after(6)), ..rows[0].clone() };
        assert_eq!(found("h1"), Some((revoked.clone(), ann)));
        let all = books.read(|tx| api_token::list_all(tx, books.provider));
        assert_eq!(all, [revoked, rows[1].clone(), rows[2].clone()]);
        assert_eq!(books.read(|tx| api_token::list_all(tx, stranger)), rows);
        let refused = books.refused(|tx| api_token::touch(tx, books.provider, Uuid::now_v7(), noon()));
        assert_eq!(refused, "the token is not in the database");
        let refused = books.refused(|tx| api_token::insert(tx, books.provider, &row(&bob, "h3", 0)));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}
