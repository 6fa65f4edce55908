//! Becoming another user, with programs that talk as sudo and su do.

use std::{fs, os::unix::fs::PermissionsExt as _};

use connection::{Become, ConnectError, Connection, RawRequest, testing::Server};
use protocol::Invocation;

use crate::support::{Place, second_standin, standin};

/// A sudo that asks for a password unless `-n` is given, and runs the command as whoever runs it, in a home of its own.
const SUDO: &str = r#"#!/bin/sh
prompt= ask=yes
while [ $# -gt 0 ]; do
  case $1 in
    -n) ask=no; shift;;
    -p) prompt=$2; shift 2;;
    -u) user=$2; shift 2;;
    -*) shift;;
    *) break;;
  esac
done
if [ $ask = no ]; then echo "sudo: a password is required" >&2; exit 1; fi
for try in 1 2 3; do
  printf %s "$prompt" >&2
  IFS= read -r given
  if [ "$given" = secret ]; then mkdir -p "$HOME/$user"; HOME=$HOME/$user; export HOME; exec "$@"; fi
  echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2
exit 1
"#;

/// A su that asks on standard error, as util-linux's does without a terminal.
const SU: &str = r#"#!/bin/sh
printf 'Password: ' >&2
IFS= read -r given
echo >&2
if [ "$given" = secret ]; then shift; exec sh "$@"; fi
echo "su: Authentication failure" >&2
exit 1
"#;

async fn place(program: &str) -> (Place, Server, String) {
    let place = Place::new();
    let path = place.path("program");
    fs::write(&path, program).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let mut options = place.options();
    options.environment.retain(|(name, _)| name != "XDG_CACHE_HOME");
    options.environment.push(("XDG_CACHE_HOME".to_owned(), place.path("of-the-login-user").display().to_string()));
    fs::create_dir(place.path("of-the-login-user")).unwrap();
    let server = Server::start(options).await.unwrap();
    let exe = path.to_str().unwrap().to_owned();
    (place, server, exe)
}

fn with(mut become_: Become, exe: &str, password: Option<&str>) -> Become {
    become_.exe = Some(exe.to_owned());
    become_.password = password.map(Into::into);
    become_
}

#[tokio::test]
async fn each_user_has_a_helper_and_a_cache_of_his_own() {
    let (place, server, exe) = place(SUDO).await;
    let (binary, other) = (standin(), second_standin());
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let carol = with(Become::sudo("carol"), &exe, Some("secret"));
    let mine = connection.helper(None, &binary).await.unwrap();
    let his = connection.helper(Some(&carol), &binary).await.unwrap();
    let his_other = connection.helper(Some(&carol), &other).await.unwrap();
    assert_ne!(his_other.hello().pid, his.hello().pid);
    assert_ne!(mine.hello().pid, his.hello().pid);
    his.call(Invocation { module: "echo".to_owned(), ..Invocation::default() }, None).await.unwrap();
    let name = format!("provision/helper-base-{}", binary.sha256_hex);
    assert!(place.path("of-the-login-user").join(&name).exists());
    assert!(place.path("carol/.cache").join(&name).exists());
    assert!(place.path("carol/.cache/provision").join(format!("helper-web-{}", other.sha256_hex)).exists());
}

#[tokio::test]
async fn a_wrong_and_a_missing_password_are_said_in_ansibles_words() {
    for (program, become_, name) in [(SUDO, Become::sudo("carol"), "sudo"), (SU, Become::su("carol"), "su")] {
        let (place, server, exe) = place(program).await;
        let connection = Connection::open(&place.target(&server)).await.unwrap();
        for (password, word) in [(Some("wrong"), "Incorrect"), (None, "Missing")] {
            let become_ = with(become_.clone(), &exe, password);
            let message = format!("{word} {name} password");
            let wanted = ConnectError::Become { host: "web1".to_owned(), message };
            assert_eq!(connection.helper(Some(&become_), &standin()).await.unwrap_err(), wanted);
            let request = RawRequest { command: "id".to_owned(), become_: Some(become_), ..RawRequest::default() };
            assert_eq!(connection.raw(request).await.unwrap_err(), wanted);
            assert!(!wanted.is_unreachable());
        }
    }
}

#[tokio::test]
async fn su_takes_its_password_where_there_is_no_terminal() {
    let (place, server, exe) = place(SU).await;
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let become_ = with(Become::su("carol"), &exe, Some("secret"));
    connection.helper(Some(&become_), &standin()).await.unwrap();
}

#[tokio::test]
async fn a_raw_command_of_another_user_shows_nothing_of_the_conversation_and_gets_its_input() {
    let (place, server, exe) = place(SUDO).await;
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let request = RawRequest {
        command: "cat; echo 'it'\"'\"'s done' >&2; exit 4".to_owned(),
        become_: Some(with(Become::sudo("carol"), &exe, Some("secret"))),
        stdin: Some("input\n".into()),
        ..RawRequest::default()
    };
    let output = connection.raw(request).await.unwrap();
    assert_eq!((output.rc, &*output.stdout, &*output.stderr), (4, &b"input\n"[..], &b"it's done\n"[..]));
}

#[tokio::test]
async fn a_program_that_refuses_for_another_reason_is_quoted() {
    let (place, server, exe) = place("#!/bin/sh\necho 'carol is not in the sudoers file.' >&2\nexit 1\n").await;
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let become_ = with(Become::sudo("carol"), &exe, None);
    let error = connection.helper(Some(&become_), &standin()).await.unwrap_err();
    assert_eq!(error.to_string(), "sudo to carol failed on web1 (exit code 1): carol is not in the sudoers file.");
}
