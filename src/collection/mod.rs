//! From a name in a playbook to what answers to it: a native module, an action of the control node, or nothing yet.
//!
//! Source: Ansible documentation, "Index of all modules and plugins" of `ansible.builtin` and of `community.crypto`.

/// What answers to the name of a module or action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// A native module, by its short name.
    Native(&'static str),
    /// An action of the control node, by its short name; it may run a module of the same name.
    Action(&'static str),
    /// ansible-core has it, this program does not yet.
    NotYet(&'static str),
    /// ansible-core had it, and refuses it now with these words.
    Removed(&'static str),
    /// Nothing.
    Unknown,
}

impl Resolution {
    /// The short name.
    #[must_use]
    pub fn short(&self) -> Option<&'static str> {
        match self {
            Self::Native(name) | Self::Action(name) | Self::NotYet(name) => Some(name),
            Self::Removed(_) | Self::Unknown => None,
        }
    }

    /// The full name, with the collection.
    #[must_use]
    pub fn fqcn(&self) -> Option<String> {
        self.short().map(full_name)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Its own code on the control node.
    Control,
    /// A module on the host, where the registry has it.
    Host,
    /// Has an action in ansible-core that is not written yet.
    Later,
}

/// Modules and actions of `ansible.builtin`, in the order of their names.
const BUILTIN: &[(&str, Side)] = &[
    ("add_host", Side::Control),
    ("apt", Side::Host),
    ("apt_key", Side::Host),
    ("apt_repository", Side::Host),
    ("assemble", Side::Control),
    ("assert", Side::Control),
    ("async_status", Side::Control),
    ("blockinfile", Side::Host),
    ("command", Side::Host),
    ("copy", Side::Control),
    ("cron", Side::Host),
    ("deb822_repository", Side::Host),
    ("debconf", Side::Host),
    ("debug", Side::Control),
    ("dnf", Side::Host),
    ("dnf5", Side::Host),
    ("dpkg_selections", Side::Host),
    ("expect", Side::Host),
    ("fail", Side::Control),
    ("fetch", Side::Control),
    ("file", Side::Host),
    ("find", Side::Host),
    ("gather_facts", Side::Control),
    ("get_url", Side::Host),
    ("getent", Side::Host),
    ("git", Side::Host),
    ("group", Side::Host),
    ("group_by", Side::Control),
    ("hostname", Side::Host),
    ("import_playbook", Side::Later),
    ("import_role", Side::Control),
    ("import_tasks", Side::Control),
    ("include_role", Side::Control),
    ("include_tasks", Side::Control),
    ("include_vars", Side::Control),
    ("iptables", Side::Host),
    ("known_hosts", Side::Host),
    ("lineinfile", Side::Host),
    ("meta", Side::Control),
    ("mount_facts", Side::Host),
    ("package", Side::Control),
    ("package_facts", Side::Host),
    ("pause", Side::Control),
    ("ping", Side::Host),
    ("pip", Side::Host),
    ("raw", Side::Control),
    ("reboot", Side::Control),
    ("replace", Side::Host),
    ("rpm_key", Side::Host),
    ("script", Side::Control),
    ("service", Side::Control),
    ("service_facts", Side::Host),
    ("set_fact", Side::Control),
    ("set_stats", Side::Control),
    ("setup", Side::Host),
    ("shell", Side::Host),
    ("slurp", Side::Host),
    ("stat", Side::Host),
    ("subversion", Side::Host),
    ("systemd", Side::Host),
    ("systemd_service", Side::Host),
    ("sysvinit", Side::Host),
    ("tempfile", Side::Host),
    ("template", Side::Control),
    ("unarchive", Side::Control),
    ("uri", Side::Control),
    ("user", Side::Host),
    ("validate_argument_spec", Side::Control),
    ("wait_for", Side::Host),
    ("wait_for_connection", Side::Control),
    ("yum_repository", Side::Host),
];

/// The modules of `community.crypto`, in the order of names; those that the registry has are native, the others are known so
/// that a playbook which names one is not refused before it gets there.
const CRYPTO: &[(&str, Side)] = &[
    ("acme_account", Side::Host),
    ("acme_account_info", Side::Host),
    ("acme_ari_info", Side::Host),
    ("acme_certificate", Side::Host),
    ("acme_certificate_deactivate_authz", Side::Host),
    ("acme_certificate_order_create", Side::Host),
    ("acme_certificate_order_finalize", Side::Host),
    ("acme_certificate_order_info", Side::Host),
    ("acme_certificate_order_validate", Side::Host),
    ("acme_certificate_renewal_info", Side::Host),
    ("acme_certificate_revoke", Side::Host),
    ("acme_challenge_cert_helper", Side::Host),
    ("acme_inspect", Side::Host),
    ("certificate_complete_chain", Side::Host),
    ("crypto_info", Side::Host),
    ("get_certificate", Side::Host),
    ("luks_device", Side::Host),
    ("openssh_cert", Side::Host),
    ("openssh_keypair", Side::Host),
    ("openssl_csr", Side::Host),
    ("openssl_csr_info", Side::Host),
    ("openssl_csr_pipe", Side::Host),
    ("openssl_dhparam", Side::Host),
    ("openssl_pkcs12", Side::Host),
    ("openssl_privatekey", Side::Host),
    ("openssl_privatekey_convert", Side::Host),
    ("openssl_privatekey_info", Side::Host),
    ("openssl_privatekey_pipe", Side::Host),
    ("openssl_publickey", Side::Host),
    ("openssl_publickey_info", Side::Host),
    ("openssl_signature", Side::Host),
    ("openssl_signature_info", Side::Host),
    ("x509_certificate", Side::Host),
    ("x509_certificate_convert", Side::Host),
    ("x509_certificate_info", Side::Host),
    ("x509_certificate_pipe", Side::Host),
    ("x509_crl", Side::Host),
    ("x509_crl_info", Side::Host),
];

/// What ansible-core does not have.
const OWN: &[(&str, Side)] = &[("certificate", Side::Control)];

/// The collections whose modules are native, each with its table; no name is in two of them.
const COLLECTIONS: &[(&str, &[(&str, Side)])] =
    &[("ansible.builtin", BUILTIN), ("ansible.legacy", BUILTIN), ("community.crypto", CRYPTO), ("provision.pki", OWN)];

/// Names of `community.crypto` that ansible-core finds without the collection.
const MOVED: &[(&str, &str)] = &[
    ("get_certificate", "get_certificate"),
    ("openssl_certificate", "x509_certificate"),
    ("openssl_certificate_info", "x509_certificate_info"),
    ("openssl_csr", "openssl_csr"),
    ("openssl_csr_info", "openssl_csr_info"),
    ("openssl_pkcs12", "openssl_pkcs12"),
    ("openssl_privatekey", "openssl_privatekey"),
    ("openssl_publickey", "openssl_publickey"),
    ("x509_crl", "x509_crl"),
];

/// Names that ansible-core itself sends on to another.
const REDIRECTS: &[(&str, &str)] = &[("yum", "dnf")];

/// Names that ansible-core has taken away, and what it says of them.
const REMOVED: &[(&str, &str)] = &[(
    "include",
    "The 'ansible.builtin.include' action plugin has been removed. Use include_tasks or import_tasks instead. \
     This feature was removed from ansible-core in a release after 2023-05-16.",
)];

/// Lookups of `ansible.builtin`, which `with_*` may name.
const LOOKUPS: &[&str] = &[
    "config",
    "csvfile",
    "dict",
    "env",
    "file",
    "fileglob",
    "first_found",
    "indexed_items",
    "ini",
    "inventory_hostnames",
    "items",
    "lines",
    "list",
    "nested",
    "password",
    "pipe",
    "random_choice",
    "sequence",
    "subelements",
    "template",
    "together",
    "unvault",
    "url",
    "varnames",
    "vars",
];

/// A name without the collections that are always there; none where it belongs to another collection.
#[must_use]
pub fn short_name(name: &str) -> Option<&str> {
    let short = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name);
    (!short.contains('.')).then_some(short)
}

/// The full name of a module by its short one, which is in one collection alone.
#[must_use]
pub fn full_name(short: &str) -> String {
    let collection = COLLECTIONS.iter().find(|(_, table)| side_of(table, short).is_some());
    format!("{}.{short}", collection.map_or("ansible.builtin", |(collection, _)| collection))
}

/// A name of a table and where it runs.
fn side_of(table: &'static [(&str, Side)], short: &str) -> Option<&'static (&'static str, Side)> {
    table.binary_search_by(|(name, _)| (*name).cmp(short)).ok().and_then(|index| table.get(index))
}

/// What answers to a name.
#[must_use]
pub fn resolve(name: &str) -> Resolution {
    let found = match name.rsplit_once('.') {
        Some((collection, short)) if !collection.starts_with("ansible.") => {
            COLLECTIONS.iter().find(|(known, _)| *known == collection).and_then(|(_, table)| side_of(table, short))
        }
        _ => {
            let Some(short) = short_name(name) else { return Resolution::Unknown };
            if let Some((_, text)) = REMOVED.iter().find(|(name, _)| *name == short) {
                return Resolution::Removed(text);
            }
            let short = REDIRECTS.iter().find(|(from, _)| *from == short).map_or(short, |(_, to)| to);
            let moved = || MOVED.iter().find(|(from, _)| *from == short).and_then(|(_, to)| side_of(CRYPTO, to));
            // The short names that `collections: [community.crypto]` makes known are known without it, too.
            let native = || side_of(CRYPTO, short).filter(|(name, _)| is_native(name));
            side_of(BUILTIN, short).or_else(|| side_of(OWN, short)).or_else(moved).or_else(native)
        }
    };
    match found {
        Some((name, Side::Control)) => Resolution::Action(name),
        Some((name, Side::Host)) if is_native(name) => Resolution::Native(name),
        Some((name, _)) => Resolution::NotYet(name),
        None => Resolution::Unknown,
    }
}

/// Whether a lookup is known by that name.
#[must_use]
pub fn is_lookup(name: &str) -> bool {
    short_name(name).is_some_and(|short| LOOKUPS.contains(&short))
}

/// The names of lookups, for suggestions.
pub fn lookups() -> impl Iterator<Item = &'static str> {
    LOOKUPS.iter().copied()
}

/// All names of modules and actions, for suggestions.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().chain(CRYPTO).chain(OWN).map(|(name, _)| *name)
}

/// Whether the helper carries the module.
fn is_native(name: &str) -> bool {
    modules::registry::find(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_with_and_without_its_collection() {
        for name in ["copy", "ansible.builtin.copy", "ansible.legacy.copy"] {
            assert_eq!(resolve(name), Resolution::Action("copy"));
        }
        assert_eq!(resolve("ansible.builtin.stat"), Resolution::Native("stat"));
        assert_eq!(resolve("community.general.ufw"), Resolution::Unknown);
        assert_eq!(resolve("dbug"), Resolution::Unknown);
        assert!(matches!(resolve("include"), Resolution::Removed(_)));
    }

    #[test]
    fn what_is_not_done_yet_is_known_by_name() {
        assert_eq!(resolve("git"), Resolution::NotYet("git"));
        assert_eq!(resolve("yum"), Resolution::NotYet("dnf"));
    }

    #[test]
    fn a_module_of_community_crypto_has_its_full_name_and_those_that_moved_there_their_old_one() {
        let short = |name| resolve(name).short();
        assert_eq!(short("community.crypto.x509_certificate"), Some("x509_certificate"));
        assert_eq!(short("openssl_certificate"), Some("x509_certificate"));
        assert_eq!(short("x509_certificate"), Some("x509_certificate"), "as `collections` would have it");
        assert_eq!(resolve("community.crypto.openssl_dhparam"), Resolution::NotYet("openssl_dhparam"));
        assert_eq!(short("community.crypto.stat"), None);
        assert_eq!(full_name("x509_crl"), "community.crypto.x509_crl");
        assert_eq!(full_name("stat"), "ansible.builtin.stat");
    }

    #[test]
    fn the_tables_are_sorted_so_that_they_can_be_searched_and_no_name_is_in_two() {
        assert!(BUILTIN.is_sorted_by(|left, right| left.0 < right.0));
        assert!(CRYPTO.is_sorted_by(|left, right| left.0 < right.0));
        assert!(CRYPTO.iter().all(|(name, _)| side_of(BUILTIN, name).is_none()));
    }
}
