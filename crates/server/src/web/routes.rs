//! Routes with the permission that each needs. The list of them is what the tests of access go through.

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, on};

use crate::app::actor::Permission;
use crate::app::context::App;
use crate::app::session::Visit;
use crate::error::AppError;
use crate::web::respond::Refusal;

/// Who may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, signed in or not.
    Anyone,
    /// Everybody who is signed in.
    SignedIn,
    /// Those who may do this.
    May(Permission),
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path with its parameters, such as `/clients/{code}`.
    pub path: String,
    /// Who may come.
    pub access: Access,
}

/// The routes of an area.
#[derive(Default)]
pub struct Area {
    router: Router<App>,
    routes: Vec<Route>,
}

impl Area {
    /// Adds a page or another answer that changes nothing.
    #[must_use]
    pub fn get<H, T>(self, path: &str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::GET, path, access, handler)
    }

    /// Adds a step that changes something.
    #[must_use]
    pub fn post<H, T>(self, path: &str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, path, access, handler)
    }

    /// Adds a route of any method.
    ///
    /// # Panics
    ///
    /// Panics at the start for a method that the router does not know.
    #[must_use]
    pub fn add<H, T>(mut self, method: Method, path: &str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = method.clone().try_into();
        assert!(filter.is_ok(), "{method} is not a method of a route");
        if let Ok(filter) = filter {
            self.router = self.router.route(path, guarded(on(filter, handler), access));
        }
        self.routes.push(Route { method, path: path.to_owned(), access });
        self
    }

    /// Adds all of another area.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.routes.extend(other.routes);
        self
    }

    /// Notes a route that another router serves, and guards it there with [`guard`].
    #[must_use]
    pub fn noted(mut self, method: Method, path: &str, access: Access) -> Self {
        self.routes.push(Route { method, path: path.to_owned(), access });
        self
    }

    /// The list of routes.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The router.
    pub fn into_router(self) -> Router<App> {
        self.router
    }
}

/// Puts a guard before a handler.
pub fn guarded(handler: MethodRouter<App>, access: Access) -> MethodRouter<App> {
    handler.layer(middleware::from_fn(move |request: Request, next: Next| guard(access, request, next)))
}

async fn guard(access: Access, request: Request, next: Next) -> Response {
    match allowed(access, request.extensions().get::<Visit>()) {
        Ok(()) => next.run(request).await,
        Err(error) => Refusal::of(&request, error).into_response(),
    }
}

fn allowed(access: Access, visit: Option<&Visit>) -> Result<(), AppError> {
    match (access, visit) {
        (Access::Anyone, _) | (Access::SignedIn, Some(_)) => Ok(()),
        (_, None) => Err(AppError::SignedOut),
        (Access::May(permission), Some(visit)) => visit.actor.require(permission),
    }
}
