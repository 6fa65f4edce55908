//! The table of modules, the part of it that a bundle holds, and the run of one.

use std::sync::Arc;

use protocol::{
    Data, Invocation, Map, Outcome,
    arguments::{Arguments, CheckMode, Kind, OptionSpec, Specification, remove_values, secrets_of, validate},
    outcome::Diff,
};

use crate::{
    Bundle, Cancellation, Context, Failure, Link, Module, certificate, commands, crypto, facts, files,
    module::specification, net, packages, services, support::path_info, system, users,
};

/// One module in the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What options it takes, and its documentation.
    pub specification: Specification,
    /// What program on the host holds it.
    pub bundle: Bundle,
    run: fn(Map, &mut Context) -> Result<Outcome, Failure>,
}

/// A module of the base bundle.
const fn entry<M: Module>() -> Entry {
    Entry { specification: specification::<M>(), bundle: Bundle::Base, run: run_typed::<M> }
}

impl Entry {
    /// The same, in another bundle.
    const fn of(mut self, bundle: Bundle) -> Self {
        self.bundle = bundle;
        self
    }

    /// The name that messages have for it: those of a collection beside Ansible's own go by their full one.
    fn full_name(&self) -> String {
        match self.bundle {
            Bundle::Base | Bundle::Web => self.specification.module.to_owned(),
            Bundle::Crypto => format!("community.crypto.{}", self.specification.module),
        }
    }

    /// Runs one call of it to its end.
    fn run(&self, invocation: &Invocation, link: Arc<dyn Link>, cancel: Cancellation) -> Outcome {
        let specification = &self.specification;
        let validated = match validate(specification, invocation.arguments.clone()) {
            Ok(validated) => validated,
            Err(error) => return Outcome::failure(error.message(&invocation.module)),
        };
        let secrets = secrets_of(specification.options, &validated.arguments);
        if invocation.check_mode && specification.check_mode == CheckMode::Skipped {
            return Outcome {
                skipped: true,
                msg: Some(format!("remote module ({}) does not support check mode", self.full_name())),
                ..Outcome::default()
            };
        }

        let mut ctx = Context::new(invocation, link, cancel);
        let mut arguments = validated.arguments;
        for option in specification.options {
            if let Some(value) = arguments.get_mut(option.name)
                && expand_paths(option, option.kind, value, &ctx)
            {
                let value = value.clone();
                ctx.show_argument(option.name, value);
            }
        }
        let mut outcome = (self.run)(arguments, &mut ctx).unwrap_or_else(Failure::into_outcome);

        path_info::add(&mut outcome.values, &ctx);
        let (warnings, deprecations, shown) = ctx.take_notes();
        outcome.warnings.extend(warnings);
        outcome.deprecations.extend(deprecations);
        outcome.arguments = shown;
        if !secrets.is_empty() {
            for value in outcome.values.values_mut().chain(outcome.arguments.values_mut()) {
                remove_values(value, &secrets);
            }
            for diff in &mut outcome.diff {
                let mut keys = diff.to_data();
                remove_values(&mut keys, &secrets);
                if let Data::Map(keys) = keys {
                    *diff = Diff::Keys(keys);
                }
            }
            for text in outcome.msg.iter_mut().chain(&mut outcome.warnings).chain(&mut outcome.cause) {
                let mut value = Data::Str(std::mem::take(text));
                remove_values(&mut value, &secrets);
                if let Data::Str(clean) = value {
                    *text = clean;
                }
            }
        }
        outcome
    }
}

fn run_typed<M: Module>(mut arguments: Map, ctx: &mut Context) -> Result<Outcome, Failure> {
    let args = M::Args::from_map(&mut arguments)?;
    M::run(args, ctx)
}

/// Every native module, by name.
///
/// A constant, of which [`BASE`] and the others take their rows while they are compiled: a program that refers to one of
/// them alone holds nothing of the others' modules.
#[rustfmt::skip]
const ROWS: &[Entry] = &[
    entry::<packages::apt::Apt>(),
    entry::<packages::apt_repository::AptRepository>(),
    entry::<files::assemble::Assemble>(),
    entry::<commands::async_status::AsyncStatus>(),
    entry::<files::blockinfile::Blockinfile>(),
    entry::<certificate::Certificate>().of(Bundle::Crypto),
    entry::<commands::command::Command>(),
    entry::<files::copy::Copy>(),
    entry::<system::cron::Cron>(),
    entry::<packages::deb822_repository::Deb822Repository>().of(Bundle::Web),
    entry::<packages::debconf::Debconf>(),
    entry::<packages::dpkg_selections::DpkgSelections>(),
    entry::<files::fetch::Fetch>(),
    entry::<files::file::File>(),
    entry::<files::find::Find>(),
    entry::<crypto::get_certificate::GetCertificate>().of(Bundle::Crypto),
    entry::<net::get_url::GetUrl>().of(Bundle::Web),
    entry::<system::getent::Getent>(),
    entry::<users::group::Group>(),
    entry::<system::hostname::Hostname>(),
    entry::<system::iptables::Iptables>(),
    entry::<system::known_hosts::KnownHosts>(),
    entry::<files::lineinfile::Lineinfile>(),
    entry::<crypto::openssl_csr::OpensslCsr>().of(Bundle::Crypto),
    entry::<crypto::openssl_csr_info::OpensslCsrInfo>().of(Bundle::Crypto),
    entry::<crypto::openssl_csr_pipe::OpensslCsrPipe>().of(Bundle::Crypto),
    entry::<crypto::openssl_pkcs12::OpensslPkcs12>().of(Bundle::Crypto),
    entry::<crypto::openssl_privatekey::OpensslPrivatekey>().of(Bundle::Crypto),
    entry::<crypto::openssl_publickey::OpensslPublickey>().of(Bundle::Crypto),
    entry::<packages::package_facts::PackageFacts>(),
    entry::<system::ping::Ping>(),
    entry::<files::replace::Replace>(),
    entry::<commands::script::Script>(),
    entry::<services::service::Service>(),
    entry::<facts::setup::Setup>(),
    entry::<commands::shell::Shell>(),
    entry::<files::slurp::Slurp>(),
    entry::<files::stat::Stat>(),
    entry::<services::systemd::Systemd>(),
    entry::<services::systemd::SystemdService>(),
    entry::<services::sysvinit::Sysvinit>(),
    entry::<files::tempfile::Tempfile>(),
    entry::<files::unarchive::Unarchive>().of(Bundle::Web),
    entry::<net::uri::Uri>().of(Bundle::Web),
    entry::<users::user::User>(),
    entry::<net::wait_for::WaitFor>(),
    entry::<crypto::x509_certificate::X509Certificate>().of(Bundle::Crypto),
    entry::<crypto::x509_certificate_info::X509CertificateInfo>().of(Bundle::Crypto),
    entry::<crypto::x509_crl::X509Crl>().of(Bundle::Crypto),
];

/// Every native module, by name: what the control node knows.
pub static MODULES: &[Entry] = ROWS;

/// The modules of all bundles, for the control node and for tests; what names it is linked with all of them.
pub static ALL: Table = Table(ROWS);

/// The modules of the base bundle.
pub static BASE: Table = Table(&select::<{ count(Bundle::Base) }>(Bundle::Base));

/// The modules of the web bundle.
pub static WEB: Table = Table(&select::<{ count(Bundle::Web) }>(Bundle::Web));

/// The modules of the crypto bundle.
pub static CRYPTO: Table = Table(&select::<{ count(Bundle::Crypto) }>(Bundle::Crypto));

/// How many modules a bundle has.
const fn count(bundle: Bundle) -> usize {
    let (mut found, mut at) = (0, 0);
    while at < ROWS.len() {
        found += (ROWS[at].bundle as u8 == bundle as u8) as usize;
        at += 1;
    }
    found
}

/// The rows of a bundle, which has `N`.
const fn select<const N: usize>(bundle: Bundle) -> [Entry; N] {
    let mut rows = [ROWS[0]; N];
    let (mut found, mut at) = (0, 0);
    while at < ROWS.len() {
        if ROWS[at].bundle as u8 == bundle as u8 {
            rows[found] = ROWS[at];
            found += 1;
        }
        at += 1;
    }
    rows
}

/// The module of that short name, whatever bundle it is in.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.find(name)
}

/// The modules that one program can run.
#[derive(Debug, Clone, Copy)]
pub struct Table(&'static [Entry]);

impl Table {
    /// The module of that short name.
    #[must_use]
    pub fn find(self, name: &str) -> Option<&'static Entry> {
        self.0.iter().find(|entry| entry.specification.module == name)
    }

    /// Runs one call to its end.
    ///
    /// The arguments are checked again here: a control node may leave defaults out, and a test may leave out the check.
    #[must_use]
    pub fn run(self, invocation: &Invocation, link: Arc<dyn Link>, cancel: Cancellation) -> Outcome {
        match self.find(&invocation.module) {
            Some(entry) => entry.run(invocation, link, cancel),
            None => Outcome::failure(format!("the module {} is not one of the helper's", invocation.module)),
        }
    }

    /// What Ansible shows as `invocation.module_args` of a call: its arguments with defaults and aliases, as the module
    /// used them.
    #[must_use]
    pub fn module_args(self, invocation: &Invocation, outcome: &Outcome) -> Map {
        let mut all = match self.find(&invocation.module) {
            Some(entry) => {
                let mut all = match validate(&entry.specification, invocation.arguments.clone()) {
                    Ok(validated) => validated.module_args(),
                    Err(error) => error.arguments,
                };
                let secrets = secrets_of(entry.specification.options, &all);
                all.values_mut().for_each(|value| remove_values(value, &secrets));
                all
            }
            None => invocation.arguments.clone(),
        };
        all.extend(outcome.arguments.iter().map(|(name, value)| (name.clone(), value.clone())));
        all
    }
}

/// Expands `~` and variables in `path` options, at any depth; true where something changed.
fn expand_paths(option: &OptionSpec, kind: Kind, value: &mut Data, ctx: &Context) -> bool {
    match value {
        Data::Str(text) if kind == Kind::Path => {
            let expanded = ctx.expand(text);
            let changed = expanded != *text;
            *text = expanded;
            changed
        }
        Data::List(items) if kind == Kind::List => {
            let kind = option.elements.unwrap_or(Kind::Raw);
            // Counted, not `any`: every element is to be expanded.
            items.iter_mut().filter_map(|item| expand_paths(option, kind, item, ctx).then_some(())).count() > 0
        }
        Data::Map(map) if kind == Kind::Dict => {
            let mut changed = false;
            for inner in option.options {
                if let Some(value) = map.get_mut(inner.name) {
                    changed |= expand_paths(inner, inner.kind, value, ctx);
                }
            }
            changed
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn documented(options: &[OptionSpec], module: &str) {
        for option in options {
            assert!(!option.doc.is_empty(), "{module}: {} is not documented", option.name);
            documented(option.options, module);
        }
    }

    #[test]
    fn every_module_is_documented_with_all_its_options_and_an_example() {
        for Entry { specification, .. } in MODULES {
            let module = specification.module;
            assert!(!specification.short_description.is_empty(), "{module} has no description");
            documented(specification.options, module);
            assert!(
                specification.examples.trim_start().starts_with("- "),
                "{module}: the example is not a list of tasks"
            );
            assert!(specification.examples.contains(module), "{module} is not in its example");
        }
    }

    #[test]
    fn the_table_is_in_the_order_of_names_and_has_each_once() {
        let names: Vec<&str> = MODULES.iter().map(|entry| entry.specification.module).collect();
        let sorted: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names, sorted.into_iter().collect::<Vec<_>>());
    }

    fn table(bundle: Bundle) -> Table {
        match bundle {
            Bundle::Base => BASE,
            Bundle::Web => WEB,
            Bundle::Crypto => CRYPTO,
        }
    }

    #[test]
    fn every_module_is_in_the_program_of_its_bundle_and_in_no_other() {
        for Entry { specification: Specification { module, .. }, bundle, .. } in MODULES {
            let holds: Vec<Bundle> = Bundle::ALL.into_iter().filter(|one| table(*one).find(module).is_some()).collect();
            assert_eq!(holds, [*bundle], "{module}");
        }
    }

    #[test]
    fn no_option_has_two_names_alike() {
        for Entry { specification, .. } in MODULES {
            let mut seen = BTreeSet::new();
            for option in specification.options {
                for name in option.aliases.iter().chain([&option.name]) {
                    assert!(seen.insert(*name), "{}: {name} twice", specification.module);
                }
            }
        }
    }

    #[test]
    fn an_unknown_module_says_so() {
        let invocation = Invocation { module: "nonsense".into(), ..Invocation::default() };
        let outcome = BASE.run(&invocation, Arc::new(crate::NoLink), Cancellation::default());
        assert!(outcome.failed);
        assert!(outcome.msg.unwrap().contains("nonsense"));
    }
}
