//! The task's options, as the store understands them.

use pki::{dns::Wildcards, key::KeyKind, profile::Role, store::Holder};
use protocol::{Data, Map, arguments::validate};

use super::super::{ActionContext, ActionError, module};
use crate::issuer::{
    order::Order,
    place::{self, AnyClock},
    renewal::Renewal,
};

/// The task's arguments, checked against the module's table.
pub(super) struct Options {
    /// All of them, with defaults.
    all: Map,
    /// What the helper is sent.
    pub(super) given: Map,
    /// The holder's host.
    host: String,
    names: Vec<String>,
}

impl Options {
    pub(super) fn of(context: &ActionContext<'_>) -> Result<Self, ActionError> {
        let arguments = module::to_map(context.args)?;
        if let Some(name) = arguments.keys().find(|name| name.starts_with('_')) {
            return Err(ActionError::refused(format!("{name} is the engine's own option")));
        }
        let Some(entry) = modules::registry::find("certificate") else {
            return Err(ActionError::failed("the module certificate is not there"));
        };
        let validated = validate(&entry.specification, arguments.clone())
            .map_err(|error| ActionError::refused(error.message(context.written_name)))?;
        let all = validated.arguments;
        let text = |name: &str| all.get(name).and_then(Data::as_str).map(str::to_owned);
        let host = text("host").unwrap_or_else(|| context.host.to_owned());
        let names = match all.get("names") {
            Some(Data::List(names)) => names.iter().filter_map(Data::as_str).map(str::to_owned).collect(),
            _ => vec![host.clone()],
        };
        Ok(Self { all, given: arguments, host, names })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.all.get(name).and_then(Data::as_str)
    }

    fn flag(&self, name: &str) -> bool {
        matches!(self.all.get(name), Some(Data::Bool(true)))
    }

    pub(super) fn renewal(&self, context: &ActionContext<'_>) -> pki::Result<Renewal<'_>> {
        let days = match self.all.get("days") {
            Some(Data::Int(days)) => u32::try_from(*days).ok().filter(|days| *days > 0),
            _ => None,
        };
        let days = days.ok_or_else(|| pki::Error::input("days", "it is no number of days", "give 1 or more"))?;
        let role = match self.text("role") {
            Some("client") => Role::Client,
            Some("both") => Role::Both,
            _ => Role::Server,
        };
        let key = match self.text("key_type") {
            Some("p384") => KeyKind::P384,
            Some("rsa3072") => KeyKind::Rsa(3072),
            Some("rsa4096") => KeyKind::Rsa(4096),
            _ => KeyKind::P256,
        };
        let store = place::root(self.text("store"), context.environment);
        Ok(Renewal {
            holder: Holder::new(self.text("service").unwrap_or_default(), Some(&self.host))?,
            order: Order {
                intermediate: self.text("intermediate"),
                names: &self.names,
                wildcards: Wildcards::Refused,
                role,
                key,
                days,
            },
            force: self.flag("force"),
            back_off: self.flag("back_off"),
            store: context.environment.resolve(&store.to_string_lossy(), None),
            clock: AnyClock::parse(self.text("clock"))?,
        })
    }
}
