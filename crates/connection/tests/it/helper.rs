//! The helper: how it comes to a host, and calls over it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, time::Duration};

use crate::support::{Place, second_standin, standin};
use connection::{
    CallError, ConnectError, Connection, ContentSource, HelperBinary, Kind, Step, Target, testing::Server,
};
use protocol::{Data, Invocation};

fn module(name: &str) -> Invocation {
    Invocation { module: name.to_owned(), ..Invocation::default() }
}

fn cached(place: &Place, binary: &HelperBinary) -> PathBuf {
    place.path(".cache/provision").join(format!("helper-{}-{}", binary.name, binary.sha256_hex))
}

#[tokio::test]
async fn a_helper_is_sent_once_and_cached_where_nobody_else_can_write() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    for _ in 0..2 {
        let connection = Connection::open(&place.target(&server)).await.unwrap();
        let helper = connection.helper(None, &binary).await.unwrap();
        let mut invocation = module("echo");
        invocation.arguments.insert("a".to_owned(), Data::Int(1));
        let outcome = helper.call(invocation.clone(), None).await.unwrap();
        assert_eq!(outcome.values, invocation.arguments);
        connection.close().await;
    }
    let file = cached(&place, &binary);
    let folder = file.parent().unwrap();
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o7777, 0o700);
    let names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names, [file]);
}

#[tokio::test]
async fn a_cached_file_that_is_not_the_helper_is_replaced_and_never_run() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let file = cached(&place, &binary);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    let proof = place.path("was-run");
    fs::write(&file, format!("#!/bin/sh\ntouch {}\n", proof.display())).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    connection.helper(None, &binary).await.unwrap();
    assert!(!proof.exists());
    assert_eq!(fs::metadata(&file).unwrap().len(), binary.size);
}

#[tokio::test]
async fn a_second_helper_comes_with_the_first_call_that_needs_it_and_works_beside_the_first() {
    let (place, base, web) = (Place::new(), standin(), second_standin());
    let server = Server::start(place.options()).await.unwrap();
    for _ in 0..2 {
        let before = server.commands().len();
        let connection = Connection::open(&place.target(&server)).await.unwrap();
        let one = connection.helper(None, &base).await.unwrap();
        let waiting = one.start(module("hang"), None, None).await.unwrap();
        assert_eq!(server.commands().len(), before + 1);
        let two = connection.helper(None, &web).await.unwrap();
        two.call(module("echo"), None).await.unwrap();
        assert_ne!(one.hello().pid, two.hello().pid);
        assert_eq!(connection.helper(None, &web).await.unwrap().hello().pid, two.hello().pid);
        assert_eq!(server.commands().len(), before + 2);
        waiting.cancel();
        assert_eq!(waiting.outcome().await.unwrap().msg.as_deref(), Some("cancelled"));
        connection.close().await;
        assert_eq!((running(&cached(&place, &base)), running(&cached(&place, &web))), (0, 0));
    }
}

#[tokio::test]
async fn when_the_connection_drops_all_its_helpers_end() {
    let (place, base, web) = (Place::new(), standin(), second_standin());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let mut waiting = Vec::new();
    for binary in [&base, &web] {
        let helper = connection.helper(None, binary).await.unwrap();
        waiting.push(helper.start(module("hang"), None, None).await.unwrap());
    }
    let files = [&base, &web].map(|binary| cached(&place, binary).canonicalize().unwrap());
    assert_eq!(files.each_ref().map(|file| running(file)), [1, 1]);
    server.drop_connections();
    for call in waiting {
        assert!(matches!(call.outcome().await.unwrap_err(), CallError::Unreachable(_)));
    }
    while files.iter().any(|file| running(file) > 0) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn storing_a_helper_removes_old_ones_of_its_name_and_leaves_other_helpers() {
    let (place, base, web) = (Place::new(), standin(), second_standin());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    connection.helper(None, &web).await.unwrap();
    let old = cached(&place, &HelperBinary { sha256_hex: "0".repeat(64).into(), ..base.clone() });
    fs::write(&old, "").unwrap();
    let long_ago = std::time::SystemTime::now() - Duration::from_hours(24 * 40);
    for file in [&old, &cached(&place, &web)] {
        fs::File::open(file).unwrap().set_modified(long_ago).unwrap();
    }
    connection.helper(None, &base).await.unwrap();
    assert!(!old.exists());
    assert!(cached(&place, &base).exists() && cached(&place, &web).exists());
}

/// A place whose commands find an `xz` that does what this line says, before the machine's own.
async fn server_with_xz(place: &Place, line: &str) -> Server {
    let program = place.path("bin/xz");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, format!("#!/bin/sh\necho \"$@\" >>{}\n{line}\n", place.path("xz-was-run").display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut options = place.options();
    options.prelude = format!("PATH={}:$PATH", place.path("bin").display());
    Server::start(options).await.unwrap()
}

#[tokio::test]
async fn xz_unpacks_the_helper_where_the_host_has_it() {
    let (place, mut binary) = (Place::new(), standin());
    // This xz is gzip, and what is carried for it is gzipped; the form that gzip itself would get is broken.
    binary.bytes_xz = std::mem::replace(&mut binary.bytes_gz, vec![0; 10].into());
    let server = server_with_xz(&place, "exec gzip -dc").await;
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    connection.helper(None, &binary).await.unwrap().call(module("echo"), None).await.unwrap();
    assert_eq!(fs::read_to_string(place.path("xz-was-run")).unwrap(), "-dc\n");
}

#[tokio::test]
async fn an_xz_that_cannot_unpack_the_helper_is_made_up_for_by_gzip_in_the_same_command() {
    let (place, mut binary) = (Place::new(), standin());
    // Longer than any pipe is deep: what it leaves unread would be taken for the gzipped form.
    binary.bytes_xz = vec![7; 1_000_000].into();
    let server = server_with_xz(&place, "exit 1").await;
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    connection.helper(None, &binary).await.unwrap().call(module("echo"), None).await.unwrap();
    assert!(place.path("xz-was-run").exists());
    assert_eq!(server.commands().len(), 1);
}

#[tokio::test]
async fn a_folder_that_others_can_write_is_left_alone() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let folder = place.path(".cache/provision");
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    connection.helper(None, &binary).await.unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let spare = place.path(&format!("spare/provision-{}", rustix::process::getuid().as_raw()));
    assert_eq!(fs::read_dir(spare).unwrap().count(), 1);
}

#[tokio::test]
async fn noise_of_the_login_shell_does_not_disturb_and_appears_where_the_start_fails() {
    let (place, binary) = (Place::new(), standin());
    let mut options = place.options();
    options.prelude = "echo 'welcome to web1'; printf 'no newline'; echo complaint >&2".to_owned();
    let server = Server::start(options).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let helper = connection.helper(None, &binary).await.unwrap();
    assert_eq!(helper.call(module("echo"), None).await.unwrap().changed, Some(false));
    let mut broken = place.options();
    broken.prelude = "echo 'this account is closed'; exit 1".to_owned();
    let server = Server::start(broken).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let error = connection.helper(None, &binary).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "The helper ended on web1 before it said anything (exit code 1): this account is closed"
    );
}

#[tokio::test]
async fn a_helper_that_does_not_run_on_the_host_is_said_so_and_not_kept() {
    let (place, mut binary) = (Place::new(), standin());
    let program = place.path("broken");
    fs::write(&program, "exit 9\n").unwrap();
    binary.clone_from(&connection::testing::helper_from(&program).unwrap());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let error = connection.helper(None, &binary).await.unwrap_err();
    assert!(matches!(error, ConnectError::Helper { .. }));
    let text = error.to_string();
    assert!(text.contains("it does not run on this host (") && text.contains("exit code 9"), "{text}");
    assert!(!cached(&place, &binary).exists());
}

#[tokio::test]
async fn bash_starts_a_helper_as_well_as_dash() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let mut target = place.target(&server);
    target.shell = "/bin/bash".to_owned();
    for _ in 0..2 {
        let connection = Connection::open(&target).await.unwrap();
        let helper = connection.helper(None, &binary).await.unwrap();
        helper.call(module("echo"), None).await.unwrap();
    }
    assert!(cached(&place, &binary).exists());
}

#[tokio::test]
async fn a_host_without_room_says_which_folders_were_tried_and_why_not() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    // Files where folders should be: nobody can make a folder there, root neither.
    fs::write(place.path(".cache"), "").unwrap();
    fs::write(place.path("full"), "").unwrap();
    let mut target = place.target(&server);
    target.spare_folders = vec![place.path("full").to_str().unwrap().to_owned()];
    let connection = Connection::open(&target).await.unwrap();
    let text = connection.helper(None, &binary).await.unwrap_err().to_string();
    let home = place.folder.path().display();
    assert!(
        text.starts_with("The helper cannot be started on web1: there is no folder where it can be stored and run")
    );
    assert!(text.contains(&format!("{home}/.cache/provision: ")) && text.contains(&format!("{home}/full/provision-")));
}

#[tokio::test]
async fn whoever_asks_for_the_same_users_helper_gets_the_same_one() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let (one, two) = tokio::join!(connection.helper(None, &binary), connection.helper(None, &binary));
    assert_eq!(one.unwrap().hello().pid, two.unwrap().hello().pid);
    assert_eq!(server.commands().len(), 1);
}

#[tokio::test]
async fn small_content_goes_along_and_large_content_is_streamed() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let helper = connection.helper(None, &binary).await.unwrap();
    let file = place.path("large");
    fs::write(&file, vec![7; 3_000_001]).unwrap();
    for (source, length) in [
        (ContentSource::Bytes(vec![1; 10].into()), 10),
        (ContentSource::Bytes(vec![1; 1_000_000].into()), 1_000_000),
        (ContentSource::File(file), 3_000_001),
        (ContentSource::Reader { length: 5, reader: Box::new(&b"hello"[..]) }, 5),
    ] {
        let outcome = helper.call(module("put"), Some(source)).await.unwrap();
        assert_eq!(outcome.values["length"], Data::Int(length));
    }
}

#[tokio::test]
async fn a_file_of_the_host_comes_in_chunks_as_fast_as_they_are_taken() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let helper = connection.helper(None, &binary).await.unwrap();
    let mut call = helper.start(module("send"), None, None).await.unwrap();
    let mut length = 0;
    loop {
        match call.next_chunk().await.unwrap() {
            Step::Chunk(bytes) => length += bytes.len(),
            Step::Done(outcome) => break assert_eq!(outcome.changed, Some(false)),
        }
    }
    assert_eq!(length, 40_000);
}

#[tokio::test]
async fn many_calls_are_in_flight_at_once_and_one_can_be_cancelled() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let helper = connection.helper(None, &binary).await.unwrap();
    let waiting = helper.start(module("hang"), None, None).await.unwrap();
    for number in 0..50 {
        let mut invocation = module("echo");
        invocation.arguments.insert("number".to_owned(), Data::Int(number));
        let outcome = helper.call(invocation, None).await.unwrap();
        assert_eq!(outcome.values["number"], Data::Int(number));
    }
    waiting.cancel();
    assert_eq!(waiting.outcome().await.unwrap().msg.as_deref(), Some("cancelled"));
    assert_eq!(helper.call(module("refuse"), None).await.unwrap_err(), CallError::NotRun);
}

#[tokio::test]
async fn when_the_helper_dies_every_call_hears_what_it_said_last_and_the_next_one_gets_a_new_helper() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let helper = connection.helper(None, &binary).await.unwrap();
    let waiting = helper.start(module("hang"), None, None).await.unwrap();
    let died = CallError::Unreachable(
        "Connection to host web1 was lost: the helper ended with exit code 7: out of luck".to_owned(),
    );
    assert_eq!(helper.call(module("die"), None).await.unwrap_err(), died);
    assert_eq!(waiting.outcome().await.unwrap_err(), died);
    assert_eq!(helper.call(module("echo"), None).await.unwrap_err(), died);
    let again = connection.helper(None, &binary).await.unwrap();
    again.call(module("echo"), None).await.unwrap();
}

#[tokio::test]
async fn when_the_connection_drops_in_mid_call_the_call_is_unreachable() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let helper = connection.helper(None, &binary).await.unwrap();
    let waiting = helper.start(module("hang"), None, None).await.unwrap();
    server.drop_connections();
    let error = waiting.outcome().await.unwrap_err();
    assert!(matches!(&error, CallError::Unreachable(text) if text.starts_with("Connection to host web1 was lost: ")));
    assert!(connection.is_closed());
}

/// The processes that run a file.
fn running(file: &std::path::Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|process| fs::read_link(process.path().join("exe")).is_ok_and(|exe| exe == file)).count()
}

#[tokio::test]
async fn closing_ends_the_helper() {
    let (place, binary) = (Place::new(), standin());
    let server = Server::start(place.options()).await.unwrap();
    let connection = Connection::open(&place.target(&server)).await.unwrap();
    let helper = connection.helper(None, &binary).await.unwrap();
    let file = cached(&place, &binary).canonicalize().unwrap();
    assert_eq!(running(&file), 1);
    connection.close().await;
    assert_eq!(running(&file), 0);
    let error = helper.call(module("echo"), None).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable(_)));
}

#[tokio::test]
async fn this_machine_is_reached_in_the_same_way() {
    let binary = standin();
    let connection = Connection::open(&Target::new("localhost", Kind::Local)).await.unwrap();
    let helper = connection.helper(None, &binary).await.unwrap();
    assert_eq!(helper.hello().uid, rustix::process::getuid().as_raw());
    let outcome = helper.call(module("put"), Some(ContentSource::Bytes(vec![0; 5_000_000].into()))).await.unwrap();
    assert_eq!(outcome.values["length"], Data::Int(5_000_000));
    let program = fs::read_link(format!("/proc/{}/exe", helper.hello().pid)).unwrap();
    helper.close(Duration::from_secs(5)).await;
    assert!(helper.is_dead());
    fs::remove_file(program).unwrap();
}
