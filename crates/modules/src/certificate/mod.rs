//! `certificate`: the host's part of a renewal. The control node's action calls it up to three times: what is there, a key and
//! its request, the certificate that was made for it.

mod install;
mod layout;
mod request;
mod served;
mod service;
mod state;

use crate::prelude::*;

/// What the service does with its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Role {
    /// It answers: serverAuth.
    Server,
    /// It calls: clientAuth.
    Client,
    /// It does both, as a member of a cluster does.
    Both,
}

/// The kind of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum KeyType {
    /// ECDSA over P-256.
    P256,
    /// ECDSA over P-384.
    P384,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
}

/// How a service begins a TLS connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Protocol {
    /// At once.
    Tls,
    /// After PostgreSQL's request for it.
    Postgresql,
}

/// Which part of a renewal the host is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Step {
    /// Say what is there and what is served.
    State,
    /// Make a key, give its request.
    Request,
    /// Install the certificate, or roll back.
    Install,
    /// Let the service take what is installed already.
    Activate,
    /// Take a key away for which no certificate came.
    Discard,
}

/// Keeps a service's certificate fresh, and the service on it.
///
/// A certificate is renewed when two thirds of its life have passed, when its names, role or kind of key changed, and when it or
/// what is above it is revoked or about to expire. The key is made on the host and never leaves it; the certificate is signed on
/// the control node by the store's intermediate. Key and certificate come into a folder of their own below `directory`, the link
/// `current` turns to it in one step, the service is reloaded, and what it then serves is compared by a handshake. If it does not
/// serve the new certificate, the link turns back and the service is reloaded again: the task fails, and `rolled_back` says so. A
/// certificate that does not speak for `server_name` never comes into use.
#[derive(Debug, Arguments)]
pub struct CertificateArgs {
    /// The service, with which the store names the certificate (`nginx`).
    #[arg(required)]
    #[expect(dead_code, reason = "of the control node")]
    service: String,
    /// The host, with which the store names the certificate; else the host's name in the inventory.
    #[expect(dead_code, reason = "of the control node")]
    host: Option<String>,
    /// The names that the certificate speaks for: DNS names, addresses, one `spiffe://` URI; else `host`.
    #[expect(dead_code, reason = "of the control node")]
    names: Option<Vec<String>>,
    /// What the service does with it.
    #[arg(default = "server")]
    #[expect(dead_code, reason = "of the control node")]
    role: Role,
    /// The kind of key.
    #[arg(default = "p256")]
    key_type: KeyType,
    /// How many days it holds.
    #[arg(default = 90)]
    #[expect(dead_code, reason = "of the control node")]
    days: i64,
    /// The folder for releases and the link `current`. Point the service at `current/fullchain.pem` and `current/key.pem`, or
    /// at `current/pair.pem` where it takes one file.
    #[arg(required)]
    directory: PathArg,
    /// Who owns the files.
    owner: Option<String>,
    /// Which group the files have.
    group: Option<String>,
    /// The mode of the files.
    #[arg(default = "0600")]
    mode: String,
    /// A command that says whether the release may be used, before it is; `%s` in it is the release's folder.
    validate: Option<String>,
    /// A command that says whether the service would take it, once `current` leads to it and before the reload (`nginx -t`).
    check: Option<String>,
    /// The command that makes the service take it (`systemctl reload nginx`).
    reload: Option<String>,
    /// Where the service listens.
    #[arg(default = "127.0.0.1")]
    address: String,
    /// The port to shake hands at. Without one, what is served is not compared.
    port: Option<i64>,
    /// The name to ask for in the handshake, which the served certificate must speak for; else nothing is asked for.
    server_name: Option<String>,
    /// How the service begins a TLS connection.
    #[arg(default = "tls")]
    protocol: Protocol,
    /// How long the service may take until it serves the new certificate, and each command may run, in seconds.
    #[arg(default = 30)]
    timeout: i64,
    /// How many older releases are kept.
    #[arg(default = 2)]
    keep: i64,
    /// Renew even if it is not due.
    #[arg(default = false)]
    #[expect(dead_code, reason = "of the control node")]
    force: bool,
    /// After a failed renewal, wait before the next one, longer each time, a day at most.
    #[arg(default = false)]
    #[expect(dead_code, reason = "of the control node")]
    back_off: bool,
    /// The PKI's store on the control node; else `PROVISION_PKI_STORE` names it, else it is `pki`.
    #[expect(dead_code, reason = "of the control node")]
    store: Option<String>,
    /// The file with the age identity that opens the intermediate's key, on the control node; else the systemd credential
    /// `pki-identity` does; a key with a passphrase asks for it once in a run.
    #[expect(dead_code, reason = "of the control node")]
    identity: Option<String>,
    /// The intermediate; else the newest that issues. A certificate that another one signed is then due.
    #[expect(dead_code, reason = "of the control node")]
    intermediate: Option<String>,
    /// The time (`2026-11-25T19:00:00Z`), for a store made for rehearsal alone.
    #[expect(dead_code, reason = "of the control node")]
    clock: Option<String>,
    /// Internal: the part of a renewal to do.
    #[arg(default = "state")]
    _step: Step,
    /// Internal: the serial number that the certificate will have.
    _serial: Option<String>,
    /// Internal: the certificate and those above it, PEM.
    _chain: Option<String>,
}

/// The module.
pub struct Certificate;

impl Module for Certificate {
    type Args = CertificateArgs;
    const NAME: &'static str = "certificate";
    const EXAMPLES: &'static str = "\
- name: Keep nginx's certificate fresh
  provision.pki.certificate:
    service: nginx
    names: [www.example.org, \"{{ inventory_hostname }}\"]
    directory: /etc/nginx/tls
    check: nginx -t
    reload: systemctl reload nginx
    port: 443
    server_name: www.example.org

- name: Keep PostgreSQL's certificate fresh
  provision.pki.certificate:
    service: postgresql
    directory: /etc/postgresql/tls
    owner: postgres
    reload: systemctl reload postgresql
    port: 5432
    protocol: postgresql
";

    fn run(args: CertificateArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        match args._step {
            Step::State => state::run(&args, ctx),
            Step::Request => request::run(&args, ctx),
            Step::Install => install::run(&args, ctx),
            Step::Activate => install::activate(&args, ctx),
            Step::Discard => request::discard(&args),
        }
    }
}
