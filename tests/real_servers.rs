//! Servers as Debian ships them, with certificates of a rehearsal's PKI and client certificates demanded: which clients each of
//! them takes and which it refuses, before a certificate is revoked and after.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use support::fleet::{Fleet, Host};

/// The name that every server's certificate has, and the address it answers at.
const NAME: &str = "servers.example.org";

/// A server, how it is told to demand certificates, and its client.
struct Server {
    /// The service, as `provision pki revoke` calls it.
    name: &'static str,
    /// Debian's unit.
    unit: &'static str,
    /// The user that reads its key.
    user: &'static str,
    /// Its configuration: file and content.
    files: &'static [(&'static str, &'static str)],
    /// A client; `$@` are none or its certificate's options.
    client: &'static str,
    /// The options that give that client a certificate; `$c` is the certificate's file without its ending.
    certificate: &'static str,
    /// What it says to a client that it takes.
    answer: &'static str,
    /// The port where it ends a refused handshake with an alert. Its client may be busy sending then, and not say which:
    /// openssl, which only listens, is asked too.
    alerts: Option<u16>,
    /// What it says to the clients of [`REFUSED`].
    refusals: [&'static str; 3],
    /// What is said to one that is on the list; `None`: the server knows no lists, and takes it.
    revoked: Option<&'static str>,
}

/// Clients that no server may take, whatever it knows of lists.
const REFUSED: [&str; 3] = ["none", "wrong-ca", "server-only"];

const SERVERS: [Server; 4] = [
    Server {
        name: "nginx",
        unit: "nginx",
        user: "root",
        files: &[(
            "/etc/nginx/nginx.conf",
            "user www-data;
pid /run/nginx.pid;
events {}
http {
  server {
    listen 127.0.0.1:8443 ssl;
    ssl_certificate /etc/tls/nginx.pem;
    ssl_certificate_key /etc/tls/nginx.key;
    ssl_client_certificate /etc/tls/root.pem;
    ssl_verify_client on;
    ssl_verify_depth 2;
    ssl_crl /etc/tls/both.crl;
    location / { return 200 'nginx answers'; }
  }
}
",
        )],
        client: "curl -sS --cacert /etc/tls/root.pem \"$@\" https://servers.example.org:8443/",
        certificate: "--cert $c.pem --key $c.key",
        answer: "nginx answers",
        alerts: None,
        refusals: ["No required SSL certificate was sent", "The SSL certificate error", "The SSL certificate error"],
        revoked: Some("The SSL certificate error"),
    },
    Server {
        name: "postgresql",
        unit: "postgresql@15-main",
        user: "postgres",
        files: &[
            (
                "/etc/postgresql/15/main/conf.d/tls.conf",
                "ssl = on
ssl_cert_file = '/etc/tls/postgresql.pem'
ssl_key_file = '/etc/tls/postgresql.key'
ssl_ca_file = '/etc/tls/root.pem'
ssl_crl_file = '/etc/tls/both.crl'
",
            ),
            (
                "/etc/postgresql/15/main/pg_hba.conf",
                "hostssl all all 127.0.0.1/32 cert clientcert=verify-full map=services\n",
            ),
            ("/etc/postgresql/15/main/pg_ident.conf", "services /\\.example\\.org$ postgres\n"),
        ],
        client: "psql -XAtq -c \"select 'postgresql answers'\" \
                 \"host=servers.example.org user=postgres sslmode=verify-full sslrootcert=/etc/tls/root.pem $*\"",
        certificate: "sslcert=$c.pem sslkey=$c.key",
        answer: "postgresql answers",
        alerts: None,
        refusals: ["connection requires a valid client certificate", "unknown ca", "unsupported certificate"],
        revoked: Some("certificate revoked"),
    },
    Server {
        name: "redis",
        unit: "redis-server",
        user: "redis",
        files: &[(
            "/etc/redis/redis.conf",
            "bind 127.0.0.1
port 0
tls-port 6379
tls-cert-file /etc/tls/redis.pem
tls-key-file /etc/tls/redis.key
tls-ca-cert-file /etc/tls/root.pem
tls-auth-clients yes
dir /var/lib/redis
",
        )],
        client: "redis-cli -e -h servers.example.org --sni servers.example.org --tls --cacert /etc/tls/root.pem \"$@\" \
                 echo 'redis answers'",
        certificate: "--cert $c.pem --key $c.key",
        answer: "redis answers",
        alerts: Some(6379),
        refusals: ["certificate required", "unknown ca", "unsupported certificate"],
        revoked: None,
    },
    Server {
        name: "gunicorn",
        unit: "gunicorn",
        user: "www-data",
        files: &[(
            "/etc/gunicorn.conf.py",
            "bind = '127.0.0.1:5000'
certfile = '/etc/tls/gunicorn.pem'
keyfile = '/etc/tls/gunicorn.key'
ca_certs = '/etc/tls/root.pem'
cert_reqs = 2
",
        )],
        client: "curl -sS --cacert /etc/tls/root.pem \"$@\" https://servers.example.org:5000/",
        certificate: "--cert $c.pem --key $c.key",
        answer: "gunicorn answers",
        alerts: Some(5000),
        refusals: ["certificate required", "unknown ca", "unsupported certificate"],
        revoked: None,
    },
];

/// A rehearsal's stores, in a folder with what they issued.
struct Desk {
    folder: PathBuf,
    recipient: String,
}

impl Desk {
    fn new(folder: PathBuf) -> Self {
        let mut desk = Self { folder, recipient: String::new() };
        let made: Value =
            serde_json::from_str(&desk.pki(&["identity", "identity", "--format", "json"])).expect("an object");
        desk.recipient = made["recipient"].as_str().expect("a recipient").to_owned();
        for store in ["ours", "other"] {
            desk.pki(&[
                "init",
                store,
                "--rehearsal",
                "--chain",
                "--organization",
                "Example",
                "--url",
                "http://pki.example.org/",
                "--dns",
                "example.org",
                "--recipient",
                &desk.recipient,
            ]);
        }
        desk
    }

    /// What `provision pki` prints; it must succeed.
    fn pki(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
        let output = command
            .arg("pki")
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .output()
            .expect("provision can be started");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// A key and a certificate with its chain, in `FOLDER/NAME.key` and `.pem`.
    fn issue(&self, store: &str, folder: &str, service: &str, name: &str, role: &str) {
        fs::create_dir_all(self.folder.join(folder)).expect("a folder");
        let (key, out) = (format!("{folder}/{service}.key"), format!("{folder}/{service}.pem"));
        self.pki(&[
            "issue",
            service,
            "--store",
            store,
            "--san",
            name,
            "--role",
            role,
            "--identity",
            "identity",
            "--key-out",
            &key,
            "--out",
            &out,
        ]);
    }

    /// The lists of root and intermediate, in one file as servers want them.
    fn lists(&self) {
        self.pki(&["crl", "show", "--store", "ours", "--bundle", "tls/both.crl"]);
    }
}

/// Puts a folder onto the host.
fn ship(host: &Host, from: &Path, to: &str) {
    let source = format!("{}/.", from.display());
    host.read(&format!("mkdir -p {to}"));
    let copied = Command::new("docker").args(["cp", "-q", &source, &format!("{}:{to}", host.id)]).output();
    let copied = copied.expect("docker can be started");
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    // Files come with the owner that they have here.
    host.read(&format!("chown -R root:root {to}"));
}

/// Whether that server takes that client, and all that was said.
fn asks(host: &Host, server: &Server, client: &str) -> (bool, String) {
    let options = if client == "none" { "" } else { server.certificate };
    let run = |line: &str| {
        let said =
            host.sh(&format!("c=/root/clients/{client}; set -- {options}; HOME=/root/nothing timeout 20 {line} 2>&1"));
        (said.status.success(), String::from_utf8_lossy(&said.stdout).into_owned())
    };
    let (succeeded, mut words) = run(server.client);
    let taken = succeeded && words.contains(server.answer);
    if let (false, Some(port)) = (taken, server.alerts) {
        // Of a chain, openssl sends what it is told to.
        words += &run(&format!(
            "openssl s_client -quiet -connect {NAME}:{port} -CAfile /etc/tls/root.pem \"$@\" ${{2:+-cert_chain \"$2\"}} </dev/null"
        ))
        .1;
    }
    (taken, words)
}

mod hosts {
    use super::*;

    #[test]
    fn servers_take_a_good_client_and_refuse_none_another_ca_a_server_and_a_revoked_one() {
        let work = support::scratch("real-servers");
        let desk = Desk::new(work.clone());
        for server in &SERVERS {
            desk.issue("ours", "tls", server.name, NAME, "server");
        }
        for (client, store, role) in [
            ("good", "ours", "client"),
            ("wrong-ca", "other", "client"),
            ("server-only", "ours", "server"),
            ("lost", "ours", "client"),
        ] {
            desk.issue(store, "clients", client, &format!("{client}.example.org"), role);
        }
        desk.pki(&["trust", "bundle", "--store", "ours", "--out", "tls/root.pem"]);
        desk.lists();

        let fleet = Fleet::start(&support::fleet::group_of_this_checkout("real-servers"), &["tls:servers".to_owned()]);
        let host = fleet.host("tls");
        ship(host, &work.join("tls"), "/etc/tls");
        ship(host, &work.join("clients"), "/root/clients");
        host.read(&format!("echo 127.0.0.1 {NAME} >>/etc/hosts"));
        for server in &SERVERS {
            for (path, content) in server.files {
                let file = work.join("file");
                fs::write(&file, content).expect("a file");
                let copied = Command::new("docker")
                    .args(["cp", "-q", &file.display().to_string(), &format!("{}:{path}", host.id)])
                    .status();
                assert!(copied.expect("docker can be started").success(), "{path}");
                host.read(&format!("chown root:root {path} && chmod 644 {path}"));
            }
            host.read(&format!(
                "chown {} /etc/tls/{}.key && systemctl start {}",
                server.user, server.name, server.unit
            ));
        }

        let mut wrong = Vec::new();
        let mut cell = |server: &Server, client: &str, what: &str, refusal: Option<&str>| {
            let (taken, words) = asks(host, server, client);
            let holds = refusal.map_or(taken, |refusal| !taken && words.contains(refusal));
            if !holds {
                let expected = refusal.map_or("taken".to_owned(), |word| format!("refused with {word:?}"));
                wrong.push(format!("{} x {what}: to be {expected}, and it said: {words}", server.name));
            }
        };
        for server in &SERVERS {
            cell(server, "good", "good", None);
            for (client, refusal) in REFUSED.iter().zip(server.refusals) {
                cell(server, client, client, Some(refusal));
            }
            cell(server, "lost", "not revoked yet", None);
        }

        let revoked = desk.pki(&["revoke", "lost", "--store", "ours", "--reason", "keyCompromise", "--format", "json"]);
        let revoked: Value = serde_json::from_str(&revoked).expect("an object");
        desk.pki(&["crl", "build", "--store", "ours", "--identity", "identity"]);
        desk.lists();
        ship(host, &work.join("tls"), "/etc/tls");
        for server in &SERVERS {
            host.read(&format!("chown {} /etc/tls/{}.key", server.user, server.name));
            host.read(&format!("systemctl restart {}", server.unit));
            cell(server, "lost", "revoked", server.revoked);
            cell(server, "good", "good beside a revoked one", None);
            // What a server cannot do is said by the verb that one would rely on.
            let list = match (server.name, server.revoked) {
                (_, Some(_)) => "lists_checked_by",
                // Debian's gunicorn is older than the hook with which it could be told.
                ("gunicorn", None) => "lists_checked_if_told_by",
                (_, None) => "lists_not_checked_by",
            };
            let named = revoked[list].as_array().is_some_and(|names| names.iter().any(|name| name == server.name));
            assert!(named, "{} is among {list}: {revoked}", server.name);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
