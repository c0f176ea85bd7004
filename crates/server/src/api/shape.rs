//! Lists where an object belongs. Serde reads a list as the fields of a struct in their order; the description
//! of the API does not allow that, so neither do we.

use serde_json::Value;
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::{Ref, RefOr};

use crate::api::document::document;

/// The place of a list that should be an object, as `rates.2`; the empty path is the whole value.
#[must_use]
pub fn list_for_object(value: &Value, name: &str) -> Option<String> {
    // Nothing but a list can be misplaced: most bodies have none.
    let mut path = Vec::new();
    find(value, &Ref::from_schema_name(name).into(), &mut path).then(|| path.join("."))
}

/// Goes down the value and its schema; leaves the path at the place that was found.
fn find(value: &Value, schema: &RefOr<Schema>, path: &mut Vec<String>) -> bool {
    let document = document();
    let schemas = document.openapi.components.as_ref().map(|components| &components.schemas);
    let schema = match schema {
        RefOr::T(schema) => schema,
        RefOr::Ref(named) => {
            let name = named.ref_location.rsplit('/').next().unwrap_or_default();
            match schemas.and_then(|schemas| schemas.get(name)) {
                Some(RefOr::T(schema)) => schema,
                _ => return false,
            }
        }
    };
    match (value, schema) {
        (Value::Array(_), Schema::Object(object)) => !object.properties.is_empty(),
        (Value::Object(fields), Schema::Object(object)) => fields.iter().any(|(name, field)| {
            object.properties.get(name).is_some_and(|schema| within(name.clone(), path, |path| find(field, schema, path)))
        }),
        (Value::Array(values), Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(schema) => {
                values.iter().enumerate().any(|(at, item)| within(at.to_string(), path, |path| find(item, schema, path)))
            }
            ArrayItems::False => false,
        },
        (_, Schema::AllOf(all)) => all.items.iter().any(|schema| find(value, schema, path)),
        // An optional object is one of: nothing, the object. A list is fine where one of them is a list.
        (_, Schema::OneOf(one)) => one.items.iter().all(|schema| is_nothing(schema) || find(value, schema, path)),
        _ => false,
    }
}

fn is_nothing(schema: &RefOr<Schema>) -> bool {
    use utoipa::openapi::schema::{SchemaType, Type};
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

fn within(name: String, path: &mut Vec<String>, look: impl FnOnce(&mut Vec<String>) -> bool) -> bool {
    path.push(name);
    let found = look(path);
    if !found {
        path.pop();
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_a_list_that_should_be_an_object() {
        let place = |value: Value| list_for_object(&value, "RateCard");
        assert_eq!(place(json!([[]])), Some(String::new()));
        assert_eq!(place(json!({ "rates": [{ "hourly": "1" }, ["", "", "1"]] })), Some("rates.1".to_owned()));
        assert_eq!(place(json!({ "rates": [{ "hourly": ["1"] }] })), None, "a list for a text is found by serde");
        assert_eq!(place(json!({ "rates": [{ "hourly": "1" }] })), None);
        assert_eq!(list_for_object(&json!([]), "NoSuchThing"), None);
    }
}
