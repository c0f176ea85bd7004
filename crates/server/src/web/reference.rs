//! The reference of the API: a page of our own, drawn from the description that programs read. It needs no script.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;

use crate::api::document::document;
use crate::api::problem::{KINDS, Kind};
use crate::app::webhook::{EVENTS, HookEvent, TEST};
use crate::error::AppError;
use crate::web::assets::asset;

use crate::web::respond::Failure;
use crate::web::routes::{Access, Area};

/// The routes. Whoever writes a program against the API may read it, signed in or not.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/api", Access::Anyone, show).get("/api/reference", Access::Anyone, show)
}

/// A noun with its operations.
struct Section {
    anchor: String,
    name: String,
    text: String,
    operations: Vec<Operation>,
}

/// An operation.
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    who: String,
    parameters: Vec<Field>,
    body: Vec<Piece>,
    answers: Vec<Given>,
}

/// A parameter or a field.
struct Field {
    name: String,
    kind: Vec<Piece>,
    note: String,
    text: String,
}

/// A word of a type, perhaps with a link.
struct Piece {
    text: String,
    anchor: String,
}

/// An answer.
struct Given {
    status: String,
    text: String,
    kind: Vec<Piece>,
}

/// A type with its fields.
struct Type {
    name: String,
    text: String,
    fields: Vec<Field>,
    values: Vec<String>,
}

#[derive(Template)]
#[template(path = "reference/show.html")]
struct ReferencePage {
    sections: Vec<Section>,
    types: Vec<Type>,
    kinds: &'static [&'static Kind],
    events: [HookEvent; 12],
    test: HookEvent,
    count: usize,
}

impl ReferencePage {
    fn asset(&self, name: &str) -> String {
        asset(name)
    }
}

static PAGE: LazyLock<Result<String, String>> = LazyLock::new(|| {
    let document = serde_json::to_value(&document().openapi).map_err(|error| error.to_string())?;
    page_of(&document).render().map_err(|error| error.to_string())
});

async fn show() -> Response {
    match &*PAGE {
        Ok(html) => ([(CACHE_CONTROL, "no-cache")], Html(html.clone())).into_response(),
        Err(said) => Failure(AppError::fault(format!("the reference cannot be drawn: {said}"))).into_response(),
    }
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn map<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn page_of(document: &Value) -> ReferencePage {
    let mut operations: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for (path, item) in map(document, "paths") {
        for method in ["get", "post", "put", "delete"] {
            let Some(found) = item.get(method) else { continue };
            let tag = list(found, "tags").next().and_then(Value::as_str).unwrap_or_default().to_owned();
            operations.entry(tag).or_default().push(operation(method, path, found));
        }
    }
    let count = operations.values().map(Vec::len).sum();
    let sections = list(document, "tags").map(|tag| {
        let name = text(tag, "name");
        let operations = operations.remove(&name).unwrap_or_default();
        Section { anchor: name.to_lowercase().replace(' ', "-"), text: text(tag, "description"), name, operations }
    });
    let sections = sections.collect();
    let schemas = document.get("components").into_iter().flat_map(|it| map(it, "schemas"));
    let types = schemas.map(|(name, schema)| Type {
        name: name.clone(),
        text: text(schema, "description"),
        fields: fields(schema),
        values: list(schema, "enum").filter_map(Value::as_str).map(str::to_owned).collect(),
    });
    ReferencePage { sections, types: types.collect(), kinds: &KINDS, events: EVENTS, test: TEST, count }
}

fn operation(method: &str, path: &str, found: &Value) -> Operation {
    let content = |value: &Value| map(value, "content").next().and_then(|(_, it)| it.get("schema").cloned());
    let answers = map(found, "responses").map(|(status, answer)| Given {
        status: status.clone(),
        text: text(answer, "description").replace('`', ""),
        kind: content(answer).map(|schema| kind(&schema)).unwrap_or_default(),
    });
    Operation {
        id: text(found, "operationId"),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(found, "summary"),
        who: text(found, "description"),
        parameters: list(found, "parameters").map(parameter).collect(),
        body: found.get("requestBody").and_then(content).map(|schema| kind(&schema)).unwrap_or_default(),
        answers: answers.collect(),
    }
}

fn parameter(found: &Value) -> Field {
    let schema = found.get("schema").cloned().unwrap_or_default();
    let place = match text(found, "in").as_str() {
        "path" => "in the path".to_owned(),
        "header" => "header".to_owned(),
        other => other.to_owned(),
    };
    Field { name: text(found, "name"), kind: kind(&schema), note: place, text: text(found, "description").replace('`', "") }
}

fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    let fields = map(schema, "properties").map(|(name, property)| Field {
        name: name.clone(),
        kind: kind(property),
        note: if required.contains(&name.as_str()) { String::new() } else { "may be left out".to_owned() },
        text: text(property, "description").replace('`', ""),
    });
    fields.collect()
}

/// A type in words: `text`, `list of TimeEntry`, `Reserve or null`.
fn kind(schema: &Value) -> Vec<Piece> {
    let plain = |text: String| vec![Piece { text, anchor: String::new() }];
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return vec![Piece { text: name.to_owned(), anchor: format!("type-{name}") }];
    }
    let choices: Vec<&Value> = list(schema, "oneOf").chain(list(schema, "anyOf")).chain(list(schema, "allOf")).collect();
    if !choices.is_empty() {
        let mut pieces = Vec::new();
        for (index, choice) in choices.into_iter().enumerate() {
            if index > 0 {
                pieces.extend(plain(" or ".to_owned()));
            }
            pieces.extend(kind(choice));
        }
        return pieces;
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return plain("anything".to_owned()),
    };
    let mut pieces = Vec::new();
    for (index, one) in types.iter().enumerate() {
        if index > 0 {
            pieces.extend(plain(" or ".to_owned()));
        }
        pieces.extend(one_type(one, schema));
    }
    pieces
}

fn one_type(name: &str, schema: &Value) -> Vec<Piece> {
    let plain = |text: &str| vec![Piece { text: text.to_owned(), anchor: String::new() }];
    match (name, text(schema, "format").as_str()) {
        ("string", "date-time") => plain("time"),
        ("string", "date") => plain("date"),
        ("string", "uuid") => plain("id"),
        ("string", "uri") => plain("address"),
        ("string", _) if schema.get("enum").is_some() => {
            plain(&list(schema, "enum").filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
        }
        ("string", _) => plain("text"),
        ("integer", _) => plain("whole number"),
        ("boolean", _) => plain("true or false"),
        ("array", _) => {
            let mut pieces = plain("list of ");
            pieces.extend(schema.get("items").map(kind).unwrap_or_default());
            pieces
        }
        ("object", _) if schema.get("properties").is_some() => {
            let mut pieces = plain("{ ");
            for (index, (key, property)) in map(schema, "properties").enumerate() {
                pieces.extend(plain(&format!("{}{key}: ", if index > 0 { ", " } else { "" })));
                pieces.extend(kind(property));
            }
            pieces.extend(plain(" }"));
            pieces
        }
        ("object", _) => plain("object"),
        (other, _) => plain(other),
    }
}
