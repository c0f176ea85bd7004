//! Providers, clients, devices, agreements and counters.

use quarterhour_store::ProviderId;
use quarterhour_store::statements::agreement::{self, Agreement};
use quarterhour_store::statements::device::{self, Device};
use quarterhour_store::statements::{client, counter, provider};
use quarterhour_store::testing::TestDatabase;
use uuid::Uuid;

use crate::support::{Books, FIRST, on_both, sample_client, sample_provider};

on_both! {
    fn the_provider_is_found_and_its_settings_replaced(books: &Books) {
        let expected = sample_provider(books.provider);
        assert_eq!(books.read(provider::find_first), Some(expected.clone()));
        books.write(|tx| provider::update_settings(tx, books.provider, "Acme", "name = \"Acme\""));
        let found = books.read(|tx| provider::find(tx, books.provider)).expect("the provider");
        assert_eq!((found.name.as_str(), found.created_at), ("Acme", expected.created_at));
        assert_eq!(found.settings_toml, "name = \"Acme\"");
        let stranger = ProviderId(Uuid::now_v7());
        assert_eq!(books.read(|tx| provider::find(tx, stranger)), None);
        let refused = books.refused(|tx| provider::update_settings(tx, stranger, "", ""));
        assert_eq!(refused, "the provider is not in the database");
        let refused = books.refused(|tx| provider::insert(tx, &expected));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn clients_are_found_by_code_and_listed_by_bytes_of_their_code(books: &Books) {
        let mut upper = sample_client("Beta");
        books.write(|tx| client::insert(tx, books.provider, &upper));
        upper.city = String::new();
        upper.tax_percent = "7.5".to_owned();
        books.write(|tx| client::update(tx, books.provider, &upper));
        let listed = books.read(|tx| client::list_all(tx, books.provider));
        let codes: Vec<&str> = listed.iter().map(|it| it.code.as_str()).collect();
        assert_eq!(codes, ["Beta", "acme", "zeta"], "capitals come first in both");
        let mut ids: Vec<Uuid> = listed.iter().map(|it| it.client_id).collect();
        ids.sort_unstable();
        assert_eq!(books.read(|tx| client::list_ids(tx, books.provider)), ids);
        assert!(books.read(|tx| client::exists(tx, books.provider, upper.client_id)));
        assert!(!books.read(|tx| client::exists(tx, books.provider, Uuid::now_v7())));
        let found = books.read(|tx| client::find_by_code(tx, books.provider, "Beta"));
        assert_eq!(found.as_ref(), Some(&upper));
        let by_id = |provider| books.read(|tx| client::find(tx, provider, upper.client_id));
        assert_eq!((by_id(books.provider), by_id(ProviderId(Uuid::now_v7()))), (found, None));
        assert_eq!(books.read(|tx| client::find_by_code(tx, books.provider, "beta")), None);
        let stranger = ProviderId(Uuid::now_v7());
        assert!(books.read(|tx| client::list_all(tx, stranger)).is_empty());
        assert!(!books.write(|tx| client::delete(tx, stranger, upper.client_id)));
        assert!(books.write(|tx| client::delete(tx, books.provider, upper.client_id)));
        assert!(!books.write(|tx| client::delete(tx, books.provider, upper.client_id)));
    }
}

on_both! {
    fn a_code_is_unique_and_a_client_needs_its_provider(books: &Books) {
        let again = sample_client("acme");
        for refused in [
            books.refused(|tx| client::insert_many(tx, books.provider, [&again])),
            books.refused(|tx| client::insert(tx, books.provider, &again)),
        ] {
            assert!(refused.contains("the same key exists already"), "{refused}");
        }
        let stranger = ProviderId(Uuid::now_v7());
        let refused = books.refused(|tx| client::insert_many(tx, stranger, [&again]));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
        let refused = books.refused(|tx| client::update(tx, books.provider, &again));
        assert!(refused.contains("is not in the database") || refused.contains("same key"), "{refused}");
        assert_eq!(books.read(|tx| client::list_all(tx, books.provider)).len(), 2);
    }
}

on_both! {
    fn devices_keep_their_dates(books: &Books) {
        let mut laptop = Device {
            device_id: Uuid::now_v7(),
            client_id: books.clients[0],
            name: "laptop-1".to_owned(),
            class: "laptop".to_owned(),
            in_service_on: FIRST,
            retired_on: None,
            serial: "S1".to_owned(),
            site: String::new(),
        };
        books.write(|tx| device::insert_many(tx, books.provider, [&laptop]));
        assert_eq!(books.read(|tx| device::list_all(tx, books.provider)), [laptop.clone()]);
        laptop.retired_on = FIRST.tomorrow().ok();
        books.write(|tx| device::update(tx, books.provider, &laptop));
        assert_eq!(books.read(|tx| device::list_all(tx, books.provider)), [laptop.clone()]);
        laptop.device_id = Uuid::now_v7();
        let refused = books.refused(|tx| device::insert_many(tx, books.provider, [&laptop]));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let refused = books.refused(|tx| device::update(tx, books.provider, &laptop));
        assert_eq!(refused, "the device is not in the database");
    }
}

on_both! {
    fn devices_are_listed_by_client_and_removed_one_by_one(books: &Books) {
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let row = |client_id, name: &str| Device {
            device_id: Uuid::now_v7(),
            client_id,
            name: name.to_owned(),
            class: "server".to_owned(),
            in_service_on: FIRST,
            retired_on: FIRST.tomorrow().ok(),
            serial: String::new(),
            site: "Köln".to_owned(),
        };
        let rows = [row(acme, "a"), row(acme, "b"), row(zeta, "a")];
        for provider in [books.provider, stranger] {
            books.write(|tx| rows.iter().rev().try_for_each(|row| device::insert(tx, provider, row)));
        }
        let of_acme = |provider| books.read(|tx| device::list_of_client(tx, provider, acme));
        assert_eq!(of_acme(books.provider), rows[..2]);
        let found = |provider| books.read(|tx| device::find(tx, provider, rows[1].device_id));
        assert_eq!(found(books.provider).as_ref(), Some(&rows[1]));
        let delete = || books.write(|tx| device::delete(tx, books.provider, rows[1].device_id));
        assert_eq!((delete(), delete()), (true, false));
        assert_eq!((found(books.provider), found(stranger).as_ref()), (None, Some(&rows[1])));
        assert_eq!((of_acme(books.provider).len(), of_acme(stranger).len()), (1, 2));
        let refused = books.refused(|tx| device::insert(tx, books.provider, &rows[0]));
        assert!(refused.contains("the same key exists already"), "{refused}");
        let refused = books.refused(|tx| device::insert(tx, books.provider, &row(Uuid::now_v7(), "c")));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
    }
}

on_both! {
    fn agreements_are_kept_as_written(books: &Books) {
        let mut gold = Agreement {
            agreement_id: Uuid::now_v7(),
            client_id: books.clients[1],
            name: "zeta gold".to_owned(),
            starts_on: FIRST,
            source_toml: "# written by hand\nprice = '45.00'\n".to_owned(),
        };
        books.write(|tx| agreement::insert_many(tx, books.provider, [&gold]));
        gold.source_toml.push_str("seats = 20\n");
        books.write(|tx| agreement::update(tx, books.provider, &gold));
        assert_eq!(books.read(|tx| agreement::list_all(tx, books.provider)), [gold.clone()]);
        gold.agreement_id = Uuid::now_v7();
        let refused = books.refused(|tx| agreement::insert_many(tx, books.provider, [&gold]));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn agreements_are_listed_by_client_and_removed_one_by_one(books: &Books) {
        let stranger = books.stranger();
        let [acme, zeta] = books.clients;
        let row = |client_id, name: &str| Agreement {
            agreement_id: Uuid::now_v7(),
            client_id,
            name: name.to_owned(),
            starts_on: FIRST,
            source_toml: String::new(),
        };
        let rows = [row(acme, "bronze"), row(zeta, "gold"), row(acme, "silver")];
        for provider in [books.provider, stranger] {
            books.write(|tx| rows.iter().rev().try_for_each(|row| agreement::insert(tx, provider, row)));
        }
        let of_acme = |provider| books.read(|tx| agreement::list_of_client(tx, provider, acme));
        assert_eq!(of_acme(books.provider), [rows[0].clone(), rows[2].clone()]);
        let found = |provider| books.read(|tx| agreement::find_by_name(tx, provider, "silver"));
        assert_eq!(found(books.provider).as_ref(), Some(&rows[2]));
        let delete = || books.write(|tx| agreement::delete(tx, books.provider, rows[2].agreement_id));
        assert_eq!((delete(), delete()), (true, false));
        assert_eq!((found(books.provider), found(stranger).as_ref()), (None, Some(&rows[2])));
        assert_eq!((of_acme(books.provider).len(), of_acme(stranger).len()), (1, 2));
        let refused = books.refused(|tx| agreement::insert(tx, books.provider, &row(acme, "gold")));
        assert!(refused.contains("the same key exists already"), "{refused}");
    }
}

on_both! {
    fn counters_are_listed_by_the_beginning_of_their_names(books: &Books) {
        let stranger = books.stranger();
        for name in ["version:a", "version:é", "version:", "versions", "version", "versio", "version:a"] {
            books.write(|tx| counter::next_number(tx, books.provider, name));
        }
        books.write(|tx| counter::next_number(tx, stranger, "version:b"));
        let listed = |prefix: &'static str| books.read(|tx| counter::list_versions(tx, books.provider, prefix));
        let expected = [("version:", 1), ("version:a", 2), ("version:é", 1)].map(|(name, value)| (name.to_owned(), value));
        assert_eq!(listed("version:"), expected);
        assert_eq!(listed("version").len(), 5);
        assert_eq!(listed("").len(), 6);
        assert!(listed("x").is_empty());
    }
}

on_both! {
    fn numbers_have_no_gaps_after_a_rollback(books: &Books) {
        let next = |series: &'static str| books.write(|tx| counter::next_number(tx, books.provider, series));
        let last = |series: &'static str| books.read(|tx| counter::find_last_number(tx, books.provider, series));
        assert_eq!(last("invoices"), None);
        assert_eq!((next("invoices"), next("invoices"), next("credits")), (1, 2, 1));
        let refused = books.refused(|tx| {
            counter::lock_provider(tx, books.provider)?;
            assert_eq!(counter::next_number(tx, books.provider, "invoices")?, 3);
            provider::insert(tx, &sample_provider(books.provider))
        });
        assert!(refused.contains("the same key exists already"), "{refused}");
        assert_eq!((last("invoices"), next("invoices"), last("invoices")), (Some(2), 3, Some(3)));
        let stranger = ProviderId(Uuid::now_v7());
        let refused = books.refused(|tx| counter::next_number(tx, stranger, "invoices"));
        assert!(refused.contains("breaks a rule of its schema"), "{refused}");
    }
}
