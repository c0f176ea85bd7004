//! The operations of a noun: each with its route, who may come, and its description, said once.

use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use utoipa::openapi::Required;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::SecurityRequirement;

use crate::api::describe::{Documented, Draft, Schemas};
use crate::api::{once, problem};
use crate::app::context::App;
use crate::web::routes::{Access, Area};

/// Where all operations are.
pub const PREFIX: &str = "/api/v1";

/// Operations with their routes.
#[derive(Default)]
pub struct Endpoints {
    area: Area,
    tag: &'static str,
    /// Method, path and description of each.
    pub operations: Vec<(HttpMethod, String, Operation)>,
    /// Named schemas.
    pub schemas: Schemas,
    /// Nouns, with a sentence about each.
    pub tags: Vec<(&'static str, &'static str)>,
}

/// What an operation is called.
#[derive(Clone, Copy)]
pub struct Named {
    /// A name for programs.
    pub id: &'static str,
    /// A sentence for people.
    pub summary: &'static str,
}

/// Names an operation.
#[must_use]
pub const fn named(id: &'static str, summary: &'static str) -> Named {
    Named { id, summary }
}

impl Endpoints {
    /// The operations of a noun.
    #[must_use]
    pub fn of(tag: &'static str, text: &'static str) -> Self {
        Self { tag, tags: vec![(tag, text)], ..Self::default() }
    }

    /// Reads.
    #[must_use]
    pub fn get<H, T, D>(self, path: &str, access: Access, name: Named, handler: H) -> Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        let draft = Self::draft::<H, D>(true);
        self.add(Method::GET, path, access, (name, draft), handler)
    }

    /// Writes something new; a key makes that it happens once.
    #[must_use]
    pub fn post<H, T, D>(self, path: &str, access: Access, name: Named, handler: H) -> Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        let mut draft = Self::draft::<H, D>(false);
        once::describe(&mut draft);
        self.add(Method::POST, path, access, (name, draft), handler.layer(middleware::from_fn(once::once)))
    }

    /// As [`Endpoints::post`], for a handler that keeps the key in its own transaction, or that saves nothing.
    #[must_use]
    pub fn post_alone<H, T, D>(self, path: &str, access: Access, name: Named, handler: H) -> Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        let draft = Self::draft::<H, D>(false);
        self.add(Method::POST, path, access, (name, draft), handler)
    }

    /// Replaces.
    #[must_use]
    pub fn put<H, T, D>(self, path: &str, access: Access, name: Named, handler: H) -> Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        let draft = Self::draft::<H, D>(false);
        self.add(Method::PUT, path, access, (name, draft), handler)
    }

    /// Takes out.
    #[must_use]
    pub fn delete<H, T, D>(self, path: &str, access: Access, name: Named, handler: H) -> Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        let draft = Self::draft::<H, D>(false);
        self.add(Method::DELETE, path, access, (name, draft), handler)
    }

    /// Adds another noun.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.area = self.area.and(other.area);
        self.operations.extend(other.operations);
        self.schemas.extend(other.schemas);
        self.tags.extend(other.tags);
        self
    }

    /// The routes.
    #[must_use]
    pub fn into_area(self) -> Area {
        self.area
    }

    fn draft<H: Documented<D>, D>(reads: bool) -> Draft {
        let mut draft = Draft { reads, ..Draft::default() };
        H::describe(&mut draft);
        draft
    }

    fn add<H, T>(mut self, method: Method, path: &str, access: Access, (name, mut draft): (Named, Draft), handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let path = format!("{PREFIX}{path}");
        let mut operation = OperationBuilder::new()
            .tag(self.tag)
            .operation_id(Some(name.id))
            .summary(Some(name.summary))
            .description(Some(who(access)));
        for parameter in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            operation = operation.parameter(segment(parameter));
        }
        match access {
            Access::Anyone => operation = operation.security(SecurityRequirement::default()),
            Access::SignedIn => draft.problems.push(&problem::SIGNED_OUT),
            Access::May(_) => draft.problems.extend([&problem::SIGNED_OUT, &problem::FORBIDDEN]),
        }
        if method != Method::GET {
            // A browser of another site is refused, too.
            draft.problems.extend([&problem::FORBIDDEN, &problem::NOT_FOUND, &problem::CONFLICT, &problem::INVALID, &problem::BUSY]);
        }
        draft.problems.extend([&problem::TOO_MANY, &problem::BUSY]);
        let (operation, schemas) = draft.finish(operation);
        let verb = match method {
            Method::POST => HttpMethod::Post,
            Method::PUT => HttpMethod::Put,
            Method::DELETE => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        self.operations.push((verb, path.clone(), operation.build()));
        self.schemas.extend(schemas);
        self.area = self.area.add(method, &path, access, handler);
        self
    }
}

fn who(access: Access) -> String {
    match access {
        Access::Anyone => "For everybody.".to_owned(),
        Access::SignedIn => "For everybody with a token or a session.".to_owned(),
        Access::May(permission) => format!("For those who may {}.", permission.words()),
    }
}

/// A parameter of the path. Each name means the same everywhere.
fn segment(name: &str) -> ParameterBuilder {
    let text = |pattern: &str| ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    let uuid = || ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    let number = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1.0));
    let (words, schema) = match name {
        "client" => ("A client's code.", text("^[^/\\x00]{1,200}$")),
        "period" => ("A period, such as `2026-11`.", text("^[0-9]{4}-(0[1-9]|1[0-2])$")),
        "number" => ("The number of an invoice, without its letters.", number()),
        "credit" => ("The number of a credit note, without its letters.", number()),
        "entry" => ("A time entry's id.", text("^[^/\\x00]{1,200}$")),
        "agreement" => ("An agreement's name.", text("^[^/\\x00]{1,200}$")),
        "ticket" => ("A ticket's reference.", text("^[^/\\x00]{1,200}$")),
        "hold" => ("The number of held overage.", number()),
        _ => ("An id.", uuid()),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(words))
        .schema(Some(schema))
}
