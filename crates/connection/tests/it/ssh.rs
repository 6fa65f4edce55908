//! Connecting and logging in over SSH.

use std::time::Duration;

use crate::support::{Place, checking, ssh};
use connection::{
    ConnectError, Connection, HostKeyChecking, Pool, RawRequest,
    testing::{Server, keys, new_key},
};
use keys::{Certificate, PrivateKey, ssh_key::certificate};

fn raw(command: &str) -> RawRequest {
    RawRequest { command: command.to_owned(), ..RawRequest::default() }
}

fn write_key(place: &Place, name: &str, key: &PrivateKey) -> std::path::PathBuf {
    let path = place.path(name);
    key.write_openssh_file(&path, keys::ssh_key::LineEnding::LF).unwrap();
    path
}

#[tokio::test]
async fn a_command_runs_and_says_how_it_ended() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let output = connection.raw(raw("echo out; echo err >&2; exit 3")).await.unwrap();
    assert_eq!((output.rc, output.stdout.as_slice(), output.stderr.as_slice()), (3, &b"out\n"[..], &b"err\n"[..]));
}

#[tokio::test]
async fn a_command_reads_more_than_the_window_holds_and_answers_while_it_reads() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let input = vec![b'a'; 9_000_000];
    let output = connection.raw(RawRequest { stdin: Some(input.clone().into()), ..raw("cat") }).await.unwrap();
    assert_eq!(output.stdout.len(), input.len());
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_tried_again() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let mut settings = place.settings(&server);
    settings.password = Some("wrong".into());
    let mut target = ssh(settings);
    target.retries = 3;
    let error = Connection::open(&target).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Refused { host, .. } if host == "web1"));
    // The methods in brackets are those that the server names last.
    let text = error.to_string();
    assert!(
        text.starts_with("Failed to connect to the host via ssh: tester@127.0.0.1: Permission denied (publickey"),
        "{text}"
    );
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_password_is_given_to_keyboard_interactive_where_only_that_is_offered() {
    let place = Place::new();
    let mut options = place.options();
    options.methods = vec![russh::MethodKind::KeyboardInteractive];
    let server = Server::start(options).await.unwrap();
    Connection::open(&place.target(&server)).await.unwrap();
}

#[tokio::test]
async fn a_key_file_opens_the_door_and_no_password_is_needed() {
    let place = Place::new();
    let key = new_key().unwrap();
    let mut options = place.options();
    options.user_keys = vec![key.public_key().clone()];
    let server = Server::start(options).await.unwrap();
    let mut settings = place.settings(&server);
    settings.password = None;
    settings.private_key_files = vec![write_key(&place, "key", &key)];
    Connection::open(&ssh(settings)).await.unwrap();
}

#[tokio::test]
async fn a_key_and_then_a_password_where_the_server_wants_both() {
    let place = Place::new();
    let key = new_key().unwrap();
    let mut options = place.options();
    options.user_keys = vec![key.public_key().clone()];
    options.both = true;
    let server = Server::start(options).await.unwrap();
    let mut settings = place.settings(&server);
    settings.private_key_files = vec![write_key(&place, "key", &key)];
    Connection::open(&ssh(settings)).await.unwrap();
}

#[tokio::test]
async fn a_key_that_others_can_read_is_not_used_and_the_error_says_why() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let key = new_key().unwrap();
    let mut options = place.options();
    options.user_keys = vec![key.public_key().clone()];
    let server = Server::start(options).await.unwrap();
    let path = write_key(&place, "key", &key);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut settings = place.settings(&server);
    settings.password = None;
    settings.private_key_files = vec![path.clone()];
    let error = Connection::open(&ssh(settings)).await.unwrap_err().to_string();
    assert!(error.starts_with("Failed to connect to the host via ssh: tester@127.0.0.1: Permission denied (publickey"));
    assert!(error.contains(&format!("chmod 600 {}", path.display())), "{error}");
}

#[tokio::test]
async fn an_encrypted_key_without_a_passphrase_is_named_and_with_it_works() {
    let place = Place::new();
    let key = new_key().unwrap();
    let mut options = place.options();
    options.user_keys = vec![key.public_key().clone()];
    let server = Server::start(options).await.unwrap();
    let locked = key.encrypt(&mut keys::key::safe_rng(), "secret").unwrap();
    let mut settings = place.settings(&server);
    settings.password = None;
    settings.private_key_files = vec![write_key(&place, "key", &locked)];
    let error = Connection::open(&ssh(settings.clone())).await.unwrap_err().to_string();
    assert!(error.contains("it is encrypted, and no passphrase was given"), "{error}");
    settings.passphrase = Some("secret".into());
    Connection::open(&ssh(settings)).await.unwrap();
}

fn certify(kind: certificate::CertType, authority: &PrivateKey, key: &PrivateKey, principal: &str) -> Certificate {
    let mut builder = certificate::Builder::new_with_random_nonce(
        &mut keys::key::safe_rng(),
        key.public_key().key_data().clone(),
        0,
        4_000_000_000,
    )
    .unwrap();
    builder.cert_type(kind).unwrap().valid_principal(principal).unwrap();
    builder.sign(authority).unwrap()
}

#[tokio::test]
async fn a_user_certificate_beside_the_key_opens_the_door() {
    let place = Place::new();
    let (authority, key) = (new_key().unwrap(), new_key().unwrap());
    let mut options = place.options();
    options.user_authorities = vec![authority.public_key().clone()];
    let server = Server::start(options).await.unwrap();
    let path = write_key(&place, "key", &key);
    let certificate = certify(certificate::CertType::User, &authority, &key, "tester");
    certificate.write_file(&place.path("key-cert.pub")).unwrap();
    let mut settings = place.settings(&server);
    settings.password = None;
    settings.private_key_files = vec![path];
    Connection::open(&ssh(settings)).await.unwrap();
}

#[tokio::test]
async fn a_host_certificate_of_a_known_authority_is_enough_and_only_for_its_host() {
    for (principal, wanted) in [("127.0.0.1", true), ("other", false)] {
        let place = Place::new();
        let (authority, host) = (new_key().unwrap(), new_key().unwrap());
        let mut options = place.options();
        options.certificates = vec![certify(certificate::CertType::Host, &authority, &host, principal)];
        options.host_keys = vec![host];
        let server = Server::start(options).await.unwrap();
        let settings = place.settings(&server);
        let line = format!("@cert-authority * {}\n", authority.public_key().to_openssh().unwrap());
        std::fs::write(place.path("known_hosts"), line).unwrap();
        let opened = Connection::open(&ssh(settings)).await;
        if wanted {
            opened.unwrap();
        } else {
            let error = opened.unwrap_err().to_string();
            assert!(error.contains("it is for other, not for 127.0.0.1"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_unknown_host_key_is_refused_with_the_command_that_adds_it() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let settings = place.settings(&server);
    let known = place.path("known_hosts");
    std::fs::write(&known, "").unwrap();
    let error = Connection::open(&ssh(settings)).await.unwrap_err();
    assert!(matches!(error, ConnectError::HostKey { .. }) && error.is_unreachable());
    let (text, port) = (error.to_string(), server.address().port());
    let lead = format!(
        "Failed to connect to the host via ssh: No ED25519 host key is known for [127.0.0.1]:{port} and you have \
         requested strict checking."
    );
    assert!(text.starts_with(&lead), "{text}");
    assert!(text.contains(&format!("ssh-keyscan -p {port} 127.0.0.1 >> {}", known.display())), "{text}");
    assert!(text.ends_with("Host key verification failed."), "{text}");
    assert_eq!(std::fs::read_to_string(known).unwrap(), "");
}

#[tokio::test]
async fn a_changed_host_key_is_refused_with_file_line_and_cure_even_when_new_ones_are_accepted() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let settings = checking(place.settings(&server), HostKeyChecking::AcceptNew);
    let (known, port) = (place.path("known_hosts"), server.address().port());
    let other = new_key().unwrap().public_key().to_openssh().unwrap();
    std::fs::write(&known, format!("# mine\n[127.0.0.1]:{port} {other}\n")).unwrap();
    let text = Connection::open(&ssh(settings)).await.unwrap_err().to_string();
    assert!(text.contains("REMOTE HOST IDENTIFICATION HAS CHANGED!"), "{text}");
    assert!(text.contains(&format!("{}:2", known.display())), "{text}");
    assert!(text.contains(&format!("ssh-keygen -f {} -R '[127.0.0.1]:{port}'", known.display())), "{text}");
}

#[tokio::test]
async fn accept_new_remembers_the_key_for_the_next_time() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let settings = place.settings(&server);
    std::fs::remove_file(place.path("known_hosts")).unwrap();
    Connection::open(&ssh(checking(settings.clone(), HostKeyChecking::AcceptNew))).await.unwrap();
    Connection::open(&ssh(checking(settings, HostKeyChecking::Strict))).await.unwrap();
}

#[tokio::test]
async fn without_checking_a_changed_key_is_taken_but_no_password_is_sent_to_it() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let settings = checking(place.settings(&server), HostKeyChecking::Off);
    let (known, port) = (place.path("known_hosts"), server.address().port());
    let other = new_key().unwrap().public_key().to_openssh().unwrap();
    std::fs::write(&known, format!("[127.0.0.1]:{port} {other}\n")).unwrap();
    let text = Connection::open(&ssh(settings.clone())).await.unwrap_err().to_string();
    assert!(text.contains("no password is sent to it"), "{text}");
    std::fs::write(&known, "").unwrap();
    Connection::open(&ssh(settings)).await.unwrap();
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_said_in_the_words_of_ssh() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let mut settings = place.settings(&server);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    settings.port = Some(port);
    let error = Connection::open(&ssh(settings)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "Failed to connect to the host via ssh: ssh: connect to host 127.0.0.1 port {port}: Connection refused"
        )
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_after_the_time_limit() {
    let place = Place::new();
    let mut options = place.options();
    options.silent = true;
    let server = Server::start(options).await.unwrap();
    let mut target = place.target(&server);
    target.connect_timeout = Duration::from_millis(200);
    let error = Connection::open(&target).await.unwrap_err();
    let port = server.address().port();
    assert_eq!(
        error.to_string(),
        format!(
            "Failed to connect to the host via ssh: Connection timed out during banner exchange\n\
             Connection to 127.0.0.1 port {port} timed out"
        )
    );
}

#[tokio::test]
async fn a_dropped_connection_is_tried_again_as_often_as_the_settings_say() {
    let place = Place::new();
    let mut options = place.options();
    options.drop_first = 1;
    let server = Server::start(options).await.unwrap();
    let mut target = place.target(&server);
    target.retries = 1;
    Connection::open(&target).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn hosts_behind_another_are_reached_through_one_session_with_it() {
    let place = Place::new();
    let (key, mut options) = (new_key().unwrap(), place.options());
    options.user_keys = vec![key.public_key().clone()];
    let gate = Server::start(options.clone()).await.unwrap();
    let (one, two) = (Server::start(options.clone()).await.unwrap(), Server::start(options).await.unwrap());
    let path = write_key(&place, "key", &key);
    let known = place.path("known");
    let lines = [&gate, &one, &two].map(Server::known_hosts_line);
    std::fs::write(&known, lines.concat()).unwrap();
    let config = place.path("config");
    let block = |name: &str, server: &Server, rest: &str| {
        format!("Host {name}\n  HostName 127.0.0.1\n  Port {}\n{rest}", server.address().port())
    };
    let text = [
        block("gate", &gate, ""),
        block("one", &one, "  ProxyJump gate\n"),
        block("two", &two, "  ProxyJump gate\n"),
        format!("Host *\n  User tester\n  IdentityAgent none\n  IdentityFile {}\n", path.display()),
        format!("  UserKnownHostsFile {}\n", known.display()),
    ];
    std::fs::write(&config, text.concat()).unwrap();
    let target = |name: &str| {
        ssh(connection::SshSettings { config_file: Some(config.clone()), ..connection::SshSettings::new(name) })
    };
    let pool = Pool::new();
    let (target_one, target_two) = (target("one"), target("two"));
    let (first, second) = tokio::join!(pool.get(&target_one), pool.get(&target_two));
    for connection in [first.unwrap(), second.unwrap()] {
        assert_eq!(connection.raw(raw("echo inside")).await.unwrap().stdout, b"inside\n");
    }
    assert_eq!((gate.connections(), one.connections(), two.connections()), (1, 1, 1));
    assert_eq!((gate.commands().len(), one.commands().len(), two.commands().len()), (0, 1, 1));
}

#[tokio::test]
async fn a_host_on_the_way_that_refuses_is_named() {
    let place = Place::new();
    let gate = Server::start(place.options()).await.unwrap();
    let config = place.path("config");
    let text = format!(
        "Host gate\n  HostName 127.0.0.1\n  Port {}\n  UserKnownHostsFile none\n  GlobalKnownHostsFile none\nHost inner\n  \
         ProxyJump gate\n",
        gate.address().port()
    );
    std::fs::write(&config, text).unwrap();
    let settings = connection::SshSettings { config_file: Some(config), ..connection::SshSettings::new("inner") };
    let error = Connection::open(&ssh(settings)).await.unwrap_err();
    assert!(matches!(error, ConnectError::HostKey { .. }));
    assert!(error.to_string().ends_with("Host key verification failed. (on the way through gate)"), "{error}");
}

#[tokio::test]
async fn a_proxy_command_that_fails_is_heard() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let mut settings = place.settings(&server);
    settings.options.extend(["-o".to_owned(), "ProxyCommand=echo no way to %h:%p >&2; false".to_owned()]);
    let text = Connection::open(&ssh(settings)).await.unwrap_err().to_string();
    assert!(text.contains("no way to 127.0.0.1:"), "{text}");
}

#[tokio::test]
async fn a_pool_keeps_one_connection_a_host_and_opens_a_new_one_after_a_reset_or_a_loss() {
    let place = Place::new();
    let server = Server::start(place.options()).await.unwrap();
    let (pool, target) = (Pool::new(), place.target(&server));
    let (one, two) = tokio::join!(pool.get(&target), pool.get(&target));
    let (one, _two) = (one.unwrap(), two.unwrap());
    assert_eq!(server.connections(), 1);
    pool.reset(&target).await;
    let again = pool.get(&target).await.unwrap();
    assert_eq!(server.connections(), 2);
    drop(one);
    server.drop_connections();
    let lost = again.raw(raw("sleep 60")).await.unwrap_err();
    assert!(lost.is_unreachable(), "{lost}");
    pool.get(&target).await.unwrap().raw(raw("true")).await.unwrap();
    assert_eq!(server.connections(), 3);
    pool.close().await;
}
