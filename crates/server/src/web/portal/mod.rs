//! The client portal: what a client sees of its own account. Which client is never taken from a request.

mod approval;
mod comparison;
mod device;
mod home;
mod invoice;
mod question;
mod statement;
mod work;

use crate::app::actor::Permission;
use crate::web::routes::{Access, Area};

/// Those who may see their own account.
const OWN: Access = Access::May(Permission::SeeOwnAccount);

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default()
        .and(comparison::area())
        .and(home::area())
        .and(statement::area())
        .and(invoice::area())
        .and(device::area())
        .and(approval::area())
        .and(question::area())
}
