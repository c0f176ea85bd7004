//! What an operation takes and gives, read from the types of its handler: the description cannot say anything else.

use std::collections::BTreeSet;
use std::future::Future;

use axum::extract::State;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{IntoParams, ToSchema};

use crate::api::problem::{self, Kind, PROBLEM_JSON};
use crate::app::context::App;

/// Schemas by name.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

/// An operation that is being described.
#[derive(Default)]
pub struct Draft {
    /// Parameters of query and headers.
    pub parameters: Vec<Parameter>,
    /// The body that it takes.
    pub body: Option<RefOr<Schema>>,
    /// The body that it takes, where that is no JSON: its media type and what it holds.
    pub content: Option<(&'static str, Content)>,
    /// Answers by status.
    pub answers: Vec<(u16, Response)>,
    /// Kinds of problems.
    pub problems: Vec<&'static Kind>,
    /// Named schemas.
    pub schemas: Schemas,
    /// Does it only read?
    pub reads: bool,
}

impl Draft {
    /// Registers a type and refers to it.
    pub fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        let schema = T::schema();
        T::schemas(&mut self.schemas);
        // Plain types such as texts have no name of their own.
        if matches!(schema, RefOr::Ref(_)) || name.is_empty() {
            return schema;
        }
        self.schemas.push((name.clone(), schema));
        Ref::from_schema_name(name).into()
    }

    /// Adds an answer with a JSON body.
    pub fn answer(&mut self, status: u16, text: &str, body: Option<RefOr<Schema>>, headers: &[(&str, &str)]) {
        let mut response = ResponseBuilder::new().description(text);
        if let Some(body) = body {
            response = response.content("application/json", Content::new(Some(body)));
        }
        for (name, text) in headers {
            response = response.header(*name, text_header(text));
        }
        self.answers.push((status, response.build()));
    }

    /// Adds a parameter of the header.
    pub fn header(&mut self, name: &str, text: &str, schema: ObjectBuilder) {
        self.parameters.push(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(text))
                .schema(Some(schema))
                .build(),
        );
    }

    /// Puts it all into an operation.
    pub fn finish(mut self, mut operation: OperationBuilder) -> (OperationBuilder, Schemas) {
        for parameter in self.parameters.drain(..) {
            operation = operation.parameter(parameter);
        }
        let json = self.body.take().map(|body| ("application/json", Content::new(Some(body))));
        if let Some((media_type, content)) = json.or(self.content.take()) {
            let body = RequestBodyBuilder::new().required(Some(Required::True)).content(media_type, content);
            operation = operation.request_body(Some(body.build()));
        }
        for (status, response) in std::mem::take(&mut self.answers) {
            operation = operation.response(status.to_string(), response);
        }
        let body = self.schema::<problem::ProblemBody>();
        let statuses: BTreeSet<u16> = self.problems.iter().map(|kind| kind.status).collect();
        for status in statuses {
            let kinds: Vec<&Kind> =
                problem::KINDS.into_iter().filter(|kind| kind.status == status && self.problems.contains(kind)).collect();
            let text = kinds.iter().map(|kind| format!("`{}`: {}", kind.name, kind.text)).collect::<Vec<_>>().join(" ");
            let response = ResponseBuilder::new().description(text).content(PROBLEM_JSON, Content::new(Some(body.clone())));
            operation = operation.response(status.to_string(), response.build());
        }
        (operation, self.schemas)
    }
}

/// A header with a text.
#[must_use]
pub fn text_header(text: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
    header.description = Some(text.to_owned());
    header
}

/// A part of a request that a handler takes.
pub trait Input {
    /// Describes it.
    fn describe(draft: &mut Draft);
}

/// An answer that a handler gives.
pub trait Output {
    /// Describes it.
    fn describe(draft: &mut Draft);
}

/// A handler that can be described.
pub trait Documented<T> {
    /// Describes it.
    fn describe(draft: &mut Draft);
}

impl Input for State<App> {
    fn describe(_: &mut Draft) {}
}

/// Describes parameters of the query.
pub fn query<T: IntoParams>(draft: &mut Draft) {
    draft.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
    draft.problems.extend([&problem::MALFORMED, &problem::NOT_FOUND, &problem::INVALID]);
}

macro_rules! documented {
    ($($input:ident),*) => {
        impl<F, Fut, O, $($input),*> Documented<($($input,)*)> for F
        where
            F: Fn($($input),*) -> Fut,
            Fut: Future<Output = Result<O, problem::Problem>>,
            O: Output,
            $($input: Input,)*
        {
            fn describe(draft: &mut Draft) {
                $($input::describe(draft);)*
                O::describe(draft);
            }
        }
    };
}

documented!(A);
documented!(A, B);
documented!(A, B, C);
documented!(A, B, C, D);
documented!(A, B, C, D, E);
documented!(A, B, C, D, E, G);
