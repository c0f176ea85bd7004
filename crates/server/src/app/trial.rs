//! The books of one client with another row or other devices: to check them, and to see what they would do.

use std::collections::HashMap;
use std::sync::Arc;

use quarterhour_billing::Period;
use quarterhour_books::{Problem, Setup, SetupFiles, setup};
use quarterhour_store::Tx;
use quarterhour_store::statements::client::Client;
use quarterhour_store::statements::device::Device;

use crate::app::live::ClientLive;
use crate::app::stored::{StoredBooks, clients_csv, devices_csv};
use crate::error::AppError;

/// The books of one client as they would be with this row and these devices, checked as an import checks them.
///
/// # Errors
///
/// Lists what is wrong, with file, line and column.
pub fn books_of(books: &StoredBooks, client: &Client, devices: Vec<Device>) -> Result<StoredBooks, Vec<Problem>> {
    let id = client.client_id;
    let codes = HashMap::from([(id, client.code.as_str())]);
    let position = books.positions.get(&id).copied();
    let known = position.and_then(|position| books.setup.clients.get(position));
    let names = known.into_iter().flat_map(|known| known.client.agreements.as_slice()).map(|agreement| &agreement.name);
    let agreements = names.filter_map(|name| Some((name.clone(), books.agreement_texts.get(name)?.clone().into_bytes()))).collect();
    let files = SetupFiles {
        provider: books.provider_text.clone().into_bytes(),
        clients: clients_csv(std::slice::from_ref(client)).into_bytes(),
        devices: devices_csv(devices, &codes).into_bytes(),
        agreements,
    };
    Ok(StoredBooks {
        provider_id: books.provider_id,
        provider_text: books.provider_text.clone(),
        setup: setup::read(&files)?,
        client_ids: vec![id],
        positions: HashMap::from([(id, 0)]),
        agreement_texts: HashMap::new(),
        closed: vec![position.and_then(|position| books.closed.get(position)).cloned().flatten()],
        version: books.version,
        // The trial is billed once and thrown away, so nothing is compared with it.
        digests: vec![0],
    })
}

/// The devices of a client from a file, checked as an import checks them.
///
/// # Errors
///
/// Lists what is wrong, with file, line and column.
pub fn read_devices(books: &StoredBooks, client: &Client, devices: Vec<u8>) -> Result<Setup, Vec<Problem>> {
    setup::read(&SetupFiles {
        provider: books.provider_text.clone().into_bytes(),
        clients: clients_csv(std::slice::from_ref(client)).into_bytes(),
        devices,
        agreements: Vec::new(),
    })
}

/// The open statements of a client up to `until`, as they are and as they would be.
pub struct Comparison {
    /// As they are.
    pub before: ClientLive,
    /// As they would be.
    pub after: ClientLive,
}

/// Bills a client by its books and by a trial of them.
///
/// # Errors
///
/// Fails when the database or the engine does.
pub fn compare(tx: &mut Tx, books: &Arc<StoredBooks>, trial: StoredBooks, until: Period) -> Result<Comparison, AppError> {
    let client_id = trial.client_ids.first().copied().unwrap_or_default();
    let before = ClientLive::read_in(tx, books, client_id, until)?;
    let after = ClientLive::read_in(tx, &Arc::new(trial), client_id, until)?;
    Ok(Comparison { before, after })
}
