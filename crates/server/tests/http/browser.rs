//! A browser for the tests of signing in: it keeps cookies, and comes from an address.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST};
use axum::http::{Request, Version};
use jiff::Timestamp;
use quarterhour_server::app::user::User;
use quarterhour_store::statements::user;
use totp_rs::{Builder, Secret};

use crate::support::{Caller, Reply, Site};

/// Keeps cookies and comes from an address.
pub struct Browser {
    caller: Caller,
    pub cookies: BTreeMap<String, String>,
    pub address: SocketAddr,
    pub host: &'static str,
    /// Speaks HTTP/1.0, as a proxy does that says nothing else of itself.
    pub old: bool,
}

impl Browser {
    /// A browser that was never here, at this machine.
    pub fn new(site: &Site) -> Self {
        Self::at(site, "127.0.0.1")
    }

    /// A browser that was never here, at an address.
    pub fn at(site: &Site, address: &str) -> Self {
        let address = SocketAddr::new(address.parse().expect("an address"), 50_000);
        Self { caller: site.stranger(), cookies: BTreeMap::new(), address, host: "127.0.0.1:8080", old: false }
    }

    async fn send(&mut self, mut request: Request<Body>) -> Reply {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(COOKIE, cookies.join("; ").parse().expect("cookies"));
        }
        request.headers_mut().insert(HOST, self.host.parse().expect("a host"));
        if self.old {
            *request.version_mut() = Version::HTTP_10;
        }
        request.extensions_mut().insert(ConnectInfo(self.address));
        let reply = self.caller.send(request).await;
        for cookie in reply.cookies() {
            let (name, value) = cookie.split_once('=').expect("a name");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// Signs in by password.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Reply {
        self.post("/sign-in", &[("email", email), ("password", password)]).await
    }

    /// Signs in, which must work.
    pub async fn signed_in(mut self, email: &str) -> Self {
        self.sign_in(email, Site::password()).await.leads_to();
        self
    }

    /// What the session's cookie holds; empty without one.
    pub fn session(&self) -> String {
        self.cookies.get("quarterhour").cloned().unwrap_or_default()
    }

    /// Sets up the authenticator app; returns its secret and the recovery codes.
    pub async fn with_app(&mut self, site: &Site) -> (String, Vec<String>) {
        let page = self.get("/account/totp").await.ok().text();
        let secret: String = between(&page, "<code>", "</code>").chars().filter(|letter| *letter != ' ').collect();
        let carried = between(&page, "name=\"carried\" value=\"", "\"");
        let code = code_of(&secret, site.app.clock.now());
        let codes = self.post("/account/totp", &[("carried", &carried), ("code", &code)]).await.ok().text();
        let codes = codes.split("<li><code>").skip(1).filter_map(|rest| rest.split("</code>").next()).map(str::to_owned).collect();
        (secret, codes)
    }
}

/// What stands between two texts.
pub fn between(text: &str, before: &str, after: &str) -> String {
    // What is shown to be copied can have the focus; that is not what is looked for.
    let text = text.replace("<code tabindex=\"0\">", "<code>");
    let rest = text.split(before).nth(1).unwrap_or_else(|| unreachable!("`{before}` is not in:\n{text}"));
    rest.split(after).next().unwrap_or_default().to_owned()
}

/// The fields that a browser would send of the first form of a class.
pub fn fields_of(html: &str, class: &str) -> Vec<(String, String)> {
    let form = html.split(&format!("<form class=\"{class}\"")).nth(1).expect("a form").split("</form>").next().expect("its end");
    // What a template holds is not sent.
    let mut live = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("<template>") {
        live.push_str(before);
        rest = after.split_once("</template>").expect("the end of a template").1;
    }
    live.push_str(rest);
    let value = |tag: &str, key: &str| {
        let value = tag.split(&format!(" {key}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&"))
    };
    let mut sent = Vec::new();
    for tag in live.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("select") || tag.starts_with("option")) {
        let tag = tag.split('>').next().expect("a tag");
        let name = value(tag, "name").unwrap_or_default();
        let boxed = tag.contains("type=\"checkbox\"") || tag.contains("type=\"radio\"");
        if tag.starts_with("select") {
            sent.push((name, None));
        } else if tag.starts_with("option") {
            if let Some((_, chosen)) = sent.last_mut().filter(|(_, chosen)| chosen.is_none() || tag.contains(" selected")) {
                *chosen = value(tag, "value");
            }
        } else if !name.is_empty() && (!boxed || tag.contains(" checked")) {
            sent.push((name, Some(value(tag, "value").unwrap_or_default())));
        }
    }
    sent.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect()
}

/// Sets a field.
pub fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(other, _)| other != name);
    fields.push((name.to_owned(), value.to_owned()));
}

/// Fields as a caller sends them.
pub fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The code of an app at a moment.
pub fn code_of(secret: &str, at: Timestamp) -> String {
    let secret = Secret::try_from_base32(secret).expect("a secret");
    let totp = Builder::new().with_secret(secret).with_account_name("a").build().expect("an app");
    totp.generate(u64::try_from(at.as_second()).expect("after 1970")).to_string()
}

/// A stored person.
pub fn stored(site: &Site, email: &str) -> User {
    let provider = site.app.provider().expect("a provider");
    site.app.store.read(|tx| user::find_by_email_key(tx, provider, email)).expect("read").expect("a person")
}
