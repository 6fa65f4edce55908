//! Renewal over SSH, with servers as Debian ships them: each takes its new certificate without a restart, and one that does not
//! has its old one again.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use support::{
    fleet::{Fleet, Host},
    pki::{Answer, answer},
};

/// A server: its unit, configuration and what is said of its certificate.
struct Server {
    name: &'static str,
    unit: &'static str,
    port: u16,
    files: &'static [(&'static str, &'static str)],
    /// Of its entry in `pki_certificates`, beside what all have.
    entry: &'static str,
}

const SERVERS: [Server; 4] = [
    Server {
        name: "nginx",
        unit: "nginx",
        port: 8443,
        files: &[(
            "/etc/nginx/nginx.conf",
            "user www-data;
pid /run/nginx.pid;
events {}
http {
  server {
    listen 127.0.0.1:8443 ssl;
    ssl_certificate /etc/tls/nginx/current/fullchain.pem;
    ssl_certificate_key /etc/tls/nginx/current/key.pem;
  }
}
",
        )],
        entry: "reload: systemctl reload nginx\ncheck: nginx -t",
    },
    Server {
        name: "postgresql",
        unit: "postgresql@15-main",
        port: 5432,
        files: &[(
            "/etc/postgresql/15/main/conf.d/tls.conf",
            "ssl = on
ssl_cert_file = '/etc/tls/postgresql/current/fullchain.pem'
ssl_key_file = '/etc/tls/postgresql/current/key.pem'
",
        )],
        entry: "reload: systemctl reload postgresql@15-main\nprotocol: postgresql\nowner: postgres",
    },
    Server {
        name: "redis",
        unit: "redis-server",
        port: 6379,
        files: &[(
            "/etc/redis/redis.conf",
            "bind 127.0.0.1
port 0
tls-port 6379
tls-cert-file /etc/tls/redis/current/pair.pem
tls-key-file /etc/tls/redis/current/pair.pem
tls-ca-cert-file /etc/ssl/certs/ca-certificates.crt
tls-auth-clients no
unixsocket /run/redis/redis.sock
dir /var/lib/redis
",
        )],
        entry: "reload: redis-cli -s /run/redis/redis.sock CONFIG SET tls-cert-file /etc/tls/redis/current/pair.pem \
                tls-key-file /etc/tls/redis/current/pair.pem\nowner: redis",
    },
    Server {
        name: "gunicorn",
        unit: "gunicorn",
        port: 5000,
        files: &[(
            "/etc/gunicorn.conf.py",
            "bind = '127.0.0.1:5000'
certfile = '/etc/tls/gunicorn/current/fullchain.pem'
keyfile = '/etc/tls/gunicorn/current/key.pem'
",
        )],
        entry: "reload: systemctl reload gunicorn\nowner: www-data",
    },
];

/// The control node: a rehearsal store and an inventory.
struct Desk {
    folder: PathBuf,
}

impl Desk {
    fn new(folder: PathBuf, fleet: &Fleet) -> Self {
        let desk = Self { folder };
        let made = answer(&mut desk.pki(&["identity", "identity", "--format", "json"]));
        let recipient = made.says(0, &[]).json()["recipient"].as_str().expect("a recipient").to_owned();
        let init =
            "init pki --rehearsal --chain --organization Example --url http://pki.example.org/ --dns example.org";
        let mut arguments: Vec<&str> = init.split(' ').collect();
        arguments.extend(["--recipient", &recipient]);
        answer(&mut desk.pki(&arguments)).says(0, &[]);
        fs::create_dir_all(desk.folder.join("inventory/group_vars")).expect("a folder");
        fs::write(desk.folder.join("inventory/hosts"), fleet.inventory()).expect("an inventory");
        desk.certificates("", &[]);
        desk
    }

    fn pki(&self, arguments: &[&str]) -> Command {
        let mut command = support::clean_command(env!("CARGO_BIN_EXE_provision"), &self.folder, &self.folder);
        command.arg("pki").args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// What each host's servers need; of the one named, with other lines.
    fn certificates(&self, name: &str, others: &[&str]) {
        let mut text = "pki_certificates:\n".to_owned();
        for Server { name: server, port, entry, .. } in &SERVERS {
            let all = format!(
                "names: [\"{{{{ inventory_hostname }}}}.example.org\"]
directory: /etc/tls/{server}
port: {port}
server_name: \"{{{{ inventory_hostname }}}}.example.org\"
{entry}"
            );
            let others = if *server == name { others } else { &[] };
            let key = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
            let kept = all.lines().filter(|line| !others.iter().any(|other| key(other) == key(line)));
            text += &format!("- service: {server}\n");
            text.extend(kept.chain(others.iter().copied()).map(|line| format!("  {line}\n")));
        }
        fs::write(self.folder.join("inventory/group_vars/all.yml"), text).expect("variables");
    }

    fn renew(&self, arguments: &[&str]) -> Answer {
        let common = ["renew", "-i", "inventory", "-b", "--identity", "identity"];
        answer(&mut self.pki(&[&common, arguments].concat()))
    }
}

/// The serial number of what is served, as openssl sees it.
fn served(host: &Host, server: &Server) -> String {
    let start = if server.name == "postgresql" { "-starttls postgres" } else { "" };
    let line = format!(
        "openssl s_client -connect 127.0.0.1:{} {start} </dev/null 2>/dev/null | openssl x509 -noout -serial",
        server.port
    );
    host.read(&line).trim().trim_start_matches("serial=").to_lowercase()
}

fn in_use(host: &Host, server: &Server) -> String {
    host.read(&format!("basename \"$(readlink /etc/tls/{}/current)\"", server.name)).trim().to_owned()
}

/// Puts a file onto the host.
fn put(host: &Host, work: &Path, path: &str, content: &str) {
    let file = work.join("file");
    fs::write(&file, content).expect("a file");
    let copied =
        Command::new("docker").args(["cp", "-q", &file.display().to_string(), &format!("{}:{path}", host.id)]).status();
    assert!(copied.expect("docker can be started").success(), "{path}");
    host.read(&format!("chown root:root {path} && chmod 644 {path}"));
}

mod hosts {
    use super::*;

    #[test]
    fn servers_take_what_is_renewed_and_keep_what_they_had_where_it_breaks_them() {
        let work = support::scratch("renewed-servers");
        let names = ["edge1", "edge2"];
        let specs = names.map(|name| format!("{name}:servers"));
        let fleet = Fleet::start(&support::fleet::group_of_this_checkout("renewed-servers"), &specs);
        let hosts = names.map(|name| fleet.host(name));
        let desk = Desk::new(work.clone(), &fleet);

        // The first pairs wait for their servers.
        desk.renew(&[]).says(0, &["nginx@edge1: renewed: there is none yet", "done: 8 renewed"]);
        for host in hosts {
            for server in &SERVERS {
                for (path, content) in server.files {
                    put(host, &work, path, content);
                }
                host.read(&format!("systemctl start {}", server.unit));
                host.read(&format!("until nc -z 127.0.0.1 {p} || openssl s_client -connect 127.0.0.1:{p} </dev/null >/dev/null 2>&1 || [ -S /var/run/postgresql/.s.PGSQL.{p} ]; do :; done", p = server.port));
            }
        }
        desk.renew(&[]).says(0, &["done: 8 not due"]);

        // All of them anew, without a restart.
        let pids = |host: &Host| host.read("systemctl show -P MainPID nginx postgresql@15-main redis-server gunicorn");
        let before = hosts.map(pids);
        let renewed = desk.renew(&["--all", "--format", "json"]);
        let renewed: Value = renewed.says(0, &[]).json();
        assert_eq!((&renewed["renewed"], &renewed["failed"]), (&8.into(), &0.into()), "{renewed:#}");
        assert_eq!(before, hosts.map(pids), "no server was restarted");
        for host in hosts {
            for server in &SERVERS {
                assert_eq!(served(host, server), in_use(host, server), "{}", server.name);
            }
        }

        // One that breaks: the first host has its old certificates again, the second is not touched.
        let breaking = [
            ("nginx", "server_name: www.example.org", "the certificate does not speak for www.example.org"),
            ("nginx", "reload: \"true\"", "still serves another certificate"),
            ("postgresql", "owner: root", "still serves another certificate"),
            ("redis", "owner: root", "still serves another certificate"),
            ("gunicorn", "check: \"false\"", "check ended with 1"),
        ];
        for (name, change, words) in breaking {
            desk.certificates(name, &[change, "timeout: 3"]);
            let all: Vec<_> = hosts.iter().flat_map(|host| SERVERS.iter().map(|one| in_use(host, one))).collect();
            let said = desk.renew(&[name, "--force"]);
            said.says(5, &[&format!("{name}@edge1: FAILED: "), words, "The old certificate is in use again."]);
            said.says(5, &["not tried after the failure: edge2"]);
            let after: Vec<_> = hosts.iter().flat_map(|host| SERVERS.iter().map(|one| in_use(host, one))).collect();
            assert_eq!(all, after, "{name}: {change}");
            for server in &SERVERS {
                assert_eq!(served(hosts[0], server), in_use(hosts[0], server), "{name}: {change}: {}", server.name);
            }
        }
        desk.certificates("", &[]);
        desk.renew(&["--all"]).says(0, &["done: 8 renewed"]);
    }
}
