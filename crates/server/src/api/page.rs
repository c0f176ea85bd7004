//! Pages of lists by cursor. A cursor is opaque: the sort key of the last thing that was sent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::answer::Listed;
use crate::api::problem::Problem;

/// Things on a page where nothing else is asked for.
const LIMIT_USUAL: usize = 50;
/// The most things on a page.
const LIMIT_MAX: usize = 200;

/// The part of a list that is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Things on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    pub after: Option<String>,
}

impl Page {
    /// Of these two parameters.
    #[must_use]
    pub fn of(limit: Option<u16>, after: Option<&String>) -> Self {
        Self { limit, after: after.cloned() }
    }

    /// How many.
    ///
    /// # Errors
    ///
    /// Refuses none and too many.
    pub fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.map_or(LIMIT_USUAL, usize::from);
        if (1..=LIMIT_MAX).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::malformed(format!("`limit` is {limit}; expected 1 to {LIMIT_MAX}")))
        }
    }

    /// The key that the page begins after.
    ///
    /// # Errors
    ///
    /// Refuses what is no cursor.
    pub fn after(&self) -> Result<Option<String>, Problem> {
        let Some(after) = self.after.as_ref().filter(|after| !after.is_empty()) else { return Ok(None) };
        let wrong = || Problem::malformed("`after` is no cursor; expected `next` of the page before");
        let bytes = URL_SAFE_NO_PAD.decode(after).map_err(|_| wrong())?;
        String::from_utf8(bytes).map(Some).map_err(|_| wrong())
    }

    /// A page of a whole list that is at hand, in order of a key.
    ///
    /// # Errors
    ///
    /// Refuses a limit or cursor that is none.
    pub fn cut<T, V>(
        &self,
        all: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
        view: impl Fn(T) -> V,
    ) -> Result<Listed<V>, Problem> {
        let (limit, after) = (self.limit()?, self.after()?);
        let mut keyed: Vec<(String, T)> = all.into_iter().map(|it| (key(&it), it)).collect();
        keyed.retain(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        let more = keyed.len() > limit;
        keyed.truncate(limit);
        let next = keyed.last().filter(|_| more).map(|(key, _)| cursor(key));
        Ok(Listed { items: keyed.into_iter().map(|(_, it)| view(it)).collect(), next })
    }
}

/// The cursor of a key.
#[must_use]
pub fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// A number as a key that sorts like it: the newest first.
#[must_use]
pub fn newest_first(number: i64) -> String {
    format!("{:020}", i64::MAX - number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gaps() {
        let all = ["d", "a", "c", "b", "e"];
        let mut page = Page { limit: Some(2), after: None };
        let mut seen = Vec::new();
        loop {
            let listed = page.cut(all, |it| (*it).to_owned(), str::to_owned).expect("a page");
            seen.extend(listed.items);
            match listed.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        assert!(Page { limit: None, after: Some("*".into()) }.after().is_err());
        assert!(Page { limit: Some(0), after: None }.limit().is_err());
        assert!(Page { limit: Some(201), after: None }.limit().is_err());
        assert!(newest_first(2) < newest_first(1));
    }
}
