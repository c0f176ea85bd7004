//! Who acts: a person or a token, and what the role allows. Not how somebody signs in.

use quarterhour_store::ProviderId;
use uuid::Uuid;

use crate::error::AppError;

/// What a person is to the provider or to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs the company: everything.
    Owner,
    /// Bills: agreements, invoices, payments.
    BookKeeper,
    /// Plans: clients, devices, everybody's time.
    Dispatcher,
    /// Works: the own time.
    Technician,
    /// At the client's: sees its account and decides about held overage.
    Approver,
    /// At the client's: sees its account.
    Contact,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [Self::Owner, Self::BookKeeper, Self::Dispatcher, Self::Technician, Self::Approver, Self::Contact];

    /// Its name in the database, the API and on pages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::BookKeeper => "book-keeper",
            Self::Dispatcher => "dispatcher",
            Self::Technician => "technician",
            Self::Approver => "approver",
            Self::Contact => "contact",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Is it one of a client's people?
    #[must_use]
    pub fn is_of_client(self) -> bool {
        matches!(self, Self::Approver | Self::Contact)
    }

    /// May people of this role do it?
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Owner => !permission.is_of_client(),
            Self::BookKeeper => !permission.is_of_client() && !matches!(permission, P::ManageUsers | P::ManageSettings | P::SeeAudit),
            Self::Dispatcher => matches!(
                permission,
                P::SeeClients | P::EditClients | P::LogTime | P::LogTimeOfOthers | P::AnswerQuestions | P::SeeAgreements
            ),
            Self::Technician => matches!(permission, P::SeeClients | P::LogTime),
            Self::Approver => permission.is_of_client(),
            Self::Contact => permission == P::SeeOwnAccount,
        }
    }
}

/// What can be allowed. Each route names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Dashboard, clients, their devices, hours and entries.
    SeeClients,
    /// Clients, devices and tickets in, changed and out.
    EditClients,
    /// Own time in, changed and out.
    LogTime,
    /// Everybody's time in, changed and out.
    LogTimeOfOthers,
    /// Questions of clients answered.
    AnswerQuestions,
    /// Agreements read.
    SeeAgreements,
    /// Agreements and templates written.
    EditAgreements,
    /// Statements, invoices, payments and aging read.
    SeeBilling,
    /// Periods issued, held overage decided, payments recorded, credit notes written.
    Bill,
    /// Company, rate card, calendar, webhooks.
    ManageSettings,
    /// People invited, changed and shut out.
    ManageUsers,
    /// The audit log read.
    SeeAudit,
    /// The own account of a client: hours, statements, invoices, devices, questions.
    SeeOwnAccount,
    /// Held overage of the own account decided.
    DecideOwnHeld,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SeeClients,
        Self::EditClients,
        Self::LogTime,
        Self::LogTimeOfOthers,
        Self::AnswerQuestions,
        Self::SeeAgreements,
        Self::EditAgreements,
        Self::SeeBilling,
        Self::Bill,
        Self::ManageSettings,
        Self::ManageUsers,
        Self::SeeAudit,
        Self::SeeOwnAccount,
        Self::DecideOwnHeld,
    ];

    /// Is it for a client's people, and for nobody else?
    #[must_use]
    pub fn is_of_client(self) -> bool {
        matches!(self, Self::SeeOwnAccount | Self::DecideOwnHeld)
    }

    /// Does it only show something? The audit log counts as more: it names everybody.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, Self::SeeClients | Self::SeeAgreements | Self::SeeBilling | Self::SeeOwnAccount)
    }

    /// What it allows, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SeeClients => "see clients",
            Self::EditClients => "change clients and devices",
            Self::LogTime => "log time",
            Self::LogTimeOfOthers => "log time for others",
            Self::AnswerQuestions => "answer questions",
            Self::SeeAgreements => "read agreements",
            Self::EditAgreements => "change agreements",
            Self::SeeBilling => "see billing",
            Self::Bill => "issue, record payments and credit",
            Self::ManageSettings => "change the settings",
            Self::ManageUsers => "manage people",
            Self::SeeAudit => "read the audit log",
            Self::SeeOwnAccount => "see the own account",
            Self::DecideOwnHeld => "decide about held overage",
        }
    }
}

/// What a token may be used for. A token never allows more than the role of its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything may be read.
    Read,
    /// Time may be written.
    Time,
    /// Clients, devices and agreements may be written.
    Books,
    /// Periods may be issued, payments and credit notes written.
    Billing,
    /// Settings, people, webhooks and the audit log.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] = [Self::Read, Self::Time, Self::Books, Self::Billing, Self::Admin];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Time => "time",
            Self::Books => "books",
            Self::Billing => "billing",
            Self::Admin => "admin",
        }
    }

    /// The scope of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// What it allows, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Read => "read everything that you may see",
            Self::Time => "write time entries",
            Self::Books => "write clients, devices and agreements",
            Self::Billing => "issue, record payments, decide about held overage",
            Self::Admin => "change settings and people, read the audit log",
        }
    }

    /// Does it cover a permission?
    #[must_use]
    pub fn covers(self, permission: Permission) -> bool {
        use Permission as P;
        let needed: &[Self] = match permission {
            P::SeeClients | P::SeeAgreements | P::SeeBilling | P::SeeOwnAccount => &Self::ALL,
            P::LogTime | P::LogTimeOfOthers => &[Self::Time],
            P::EditClients | P::EditAgreements | P::AnswerQuestions => &[Self::Books],
            P::Bill | P::DecideOwnHeld => &[Self::Billing],
            P::ManageSettings | P::ManageUsers | P::SeeAudit => &[Self::Admin],
        };
        needed.contains(&self)
    }
}

/// How somebody came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A browser with a session; the hash names it.
    Session(String),
    /// A token with its id and scopes.
    Token(Uuid, Vec<Scope>),
    /// The command line of the machine.
    CommandLine,
    /// The program by itself.
    Program,
}

impl Channel {
    /// Its name in the audit log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Session(_) => "web",
            Self::Token(..) => "api",
            Self::CommandLine => "command-line",
            Self::Program => "program",
        }
    }
}

/// Somebody who acts, known and with rights.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The provider.
    pub provider: ProviderId,
    /// The person.
    pub user_id: Uuid,
    /// The name.
    pub name: String,
    /// The name that own time entries carry.
    pub technician: String,
    /// The role.
    pub role: Role,
    /// The client of a client's person.
    pub client_id: Option<Uuid>,
    /// How it came in.
    pub channel: Channel,
    /// The network address, for the audit log.
    pub address: String,
}

impl Actor {
    /// The command line of the machine, which may do everything.
    #[must_use]
    pub fn command_line(provider: ProviderId) -> Self {
        let name = "command line".to_owned();
        Self {
            provider,
            user_id: Uuid::nil(),
            technician: String::new(),
            name,
            role: Role::Owner,
            client_id: None,
            channel: Channel::CommandLine,
            address: String::new(),
        }
    }

    /// May it?
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        let scoped = match &self.channel {
            Channel::Token(_, scopes) => scopes.iter().any(|scope| scope.covers(permission)),
            _ => true,
        };
        scoped && self.role.may(permission)
    }

    /// Goes on only if it may.
    ///
    /// # Errors
    ///
    /// Refuses with the permission in words.
    pub fn require(&self, permission: Permission) -> Result<(), AppError> {
        let needs = permission.words();
        match self.may(permission) {
            true => Ok(()),
            // The person may; the token was made for less.
            false if self.role.may(permission) => Err(AppError::OutOfScope { needs }),
            false => Err(AppError::Forbidden { needs }),
        }
    }

    /// Goes on only if it may correct time of an issued month, the own one, too: a correction is billed.
    ///
    /// # Errors
    ///
    /// Refuses technicians.
    pub fn may_correct_issued(&self) -> Result<(), AppError> {
        let needs = "correct time of an issued month; a dispatcher or the book-keeper can";
        if self.may(Permission::LogTimeOfOthers) { Ok(()) } else { Err(AppError::Forbidden { needs }) }
    }

    /// The client that a client's person belongs to.
    ///
    /// # Errors
    ///
    /// Refuses the provider's own people.
    pub fn own_client(&self) -> Result<Uuid, AppError> {
        self.client_id.ok_or(AppError::Forbidden { needs: Permission::SeeOwnAccount.words() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_of_the_provider_acts_for_a_client_and_no_client_for_the_provider() {
        for role in Role::ALL {
            for permission in Permission::ALL {
                let mixed = role.is_of_client() != permission.is_of_client();
                assert!(!(mixed && role.may(permission)), "{} may {}", role.name(), permission.words());
            }
        }
    }

    #[test]
    fn a_token_never_allows_more_than_its_person() {
        let mut actor = Actor::command_line(ProviderId(Uuid::nil()));
        actor.role = Role::Technician;
        actor.channel = Channel::Token(Uuid::nil(), Scope::ALL.to_vec());
        let allowed: Vec<Permission> = Permission::ALL.into_iter().filter(|it| actor.may(*it)).collect();
        assert_eq!(allowed, [Permission::SeeClients, Permission::LogTime]);
        actor.channel = Channel::Token(Uuid::nil(), vec![Scope::Read]);
        let allowed: Vec<Permission> = Permission::ALL.into_iter().filter(|it| actor.may(*it)).collect();
        assert_eq!(allowed, [Permission::SeeClients]);
    }
}
