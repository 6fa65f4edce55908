//! What `get_url` downloads, and when.

use serde_json::json;

use super::super::testing::Server;
use crate::{
    prelude::*,
    testing::{call, check, run},
};

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const SHA1: &str = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d";

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let dest = folder.path().join("f").to_str().unwrap().to_owned();
    (folder, dest)
}

#[test]
fn a_file_is_downloaded_once() {
    let server = Server::new(|request| {
        if request.contains("If-Modified-Since: ") {
            b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()
        } else {
            HELLO.as_bytes().to_vec()
        }
    });
    let (_folder, dest) = folder();
    let outcome = run("get_url", json!({"url": server.url("/x"), "dest": dest, "mode": "0640"}));
    assert_eq!((outcome.changed, outcome.msg.as_deref()), (Some(true), Some("OK (5 bytes)")), "{outcome:?}");
    let values = &outcome.values;
    assert_eq!(values["checksum_src"], Data::from(SHA1));
    assert_eq!(values["checksum_dest"], Data::Null);
    assert_eq!(values["md5sum"], Data::from("5d41402abc4b2a76b9719d911017c592"));
    assert_eq!((&values["status_code"], &values["mode"]), (&Data::Int(200), &Data::from("0640")));
    assert_eq!(std::fs::read(&dest).unwrap(), b"hello");
    let outcome = run("get_url", json!({"url": server.url("/x"), "dest": dest}));
    assert_eq!((outcome.changed, outcome.msg.as_deref()), (Some(false), Some("HTTP Error 304: Not Modified")));
}

#[test]
fn check_mode_asks_and_writes_nothing() {
    let server = Server::saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    let (_folder, dest) = folder();
    let outcome = check("get_url", json!({"url": server.url("/x"), "dest": dest}));
    assert_eq!((outcome.changed, outcome.failed), (Some(true), false), "{outcome:?}");
    assert!(server.requests()[0].starts_with("HEAD /x "));
    assert!(!std::path::Path::new(&dest).exists());
}

#[test]
fn a_checksum_is_demanded_and_saves_the_download() {
    let server = Server::saying(HELLO);
    let (folder, dest) = folder();
    let outcome = run("get_url", json!({"url": server.url("/x"), "dest": dest, "checksum": "sha1:00"}));
    assert!(outcome.msg.unwrap().ends_with(&format!(" did not match 00; it was {SHA1}.")));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let right = json!({"url": server.url("/x"), "dest": dest, "checksum": format!("sha1:{SHA1}")});
    assert_eq!(run("get_url", right.clone()).changed, Some(true));
    let outcome = run("get_url", right);
    assert_eq!((outcome.changed, outcome.msg.as_deref()), (Some(false), Some("file already exists")));
    assert_eq!(server.requests().len(), 2);
    for (checksum, want) in [
        ("abc", "The checksum parameter has to be in format <algorithm>:<checksum>"),
        ("sha1:xyz", "The checksum format is invalid"),
    ] {
        assert_eq!(run("get_url", json!({"url": "http://h/", "dest": dest, "checksum": checksum})).msg.unwrap(), want);
    }
}

#[test]
fn a_list_of_checksums_is_fetched() {
    let server = Server::new(|request| {
        if request.starts_with("GET /SUMS ") {
            format!("HTTP/1.1 200 OK\r\n\r\nff  other\n{SHA1} *x\n").into_bytes()
        } else {
            HELLO.as_bytes().to_vec()
        }
    });
    let (_folder, dest) = folder();
    let checksum = format!("sha1:{}", server.url("/SUMS"));
    let outcome = run("get_url", json!({"url": server.url("/x"), "dest": dest, "checksum": checksum}));
    assert_eq!((outcome.changed, outcome.failed), (Some(true), false), "{outcome:?}");
    let outcome = run("get_url", json!({"url": server.url("/y"), "dest": dest, "checksum": checksum}));
    let want = format!("Unable to find a checksum for file 'y' in '{}'", server.url("/SUMS"));
    assert_eq!(outcome.msg, Some(want));
}

#[test]
fn what_cannot_be_had_or_kept_is_said() {
    let server = Server::new(|request| match request.split(' ').nth(1) {
        Some("/short") => b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello".to_vec(),
        Some("/none") => b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec(),
        _ => HELLO.as_bytes().to_vec(),
    });
    let (folder, dest) = folder();
    let outcome = run("get_url", json!({"url": server.url("/none"), "dest": dest}));
    assert_eq!(outcome.msg.as_deref(), Some("Request failed"));
    assert_eq!(outcome.values["response"], Data::from("HTTP Error 404: Not Found"));
    let outcome = run("get_url", json!({"url": server.url("/short"), "dest": dest}));
    let want = "Incomplete read, (rsp.length=4, cl=9, st.st_size=5) failed to read remaining 4 bytes";
    assert_eq!(outcome.msg.as_deref(), Some(want));
    let outcome = run("get_url", json!({"url": server.url("/x"), "dest": "/no/such/folder/f"}));
    assert_eq!(outcome.msg.as_deref(), Some("Destination /no/such/folder does not exist"));
    let outcome = run("get_url", json!({"url": server.url("/x"), "dest": dest, "tmp_dest": "/no/such"}));
    assert_eq!(outcome.msg.as_deref(), Some("/no/such directory does not exist."));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_backup_is_kept_and_another_folder_serves_for_the_time_being() {
    let server = Server::saying(HELLO);
    let (_folder, dest) = folder();
    let spare = tempfile::tempdir().unwrap();
    std::fs::write(&dest, "old").unwrap();
    let arguments =
        json!({"url": server.url("/x"), "dest": dest, "backup": true, "tmp_dest": spare.path(), "force": true});
    let outcome = run("get_url", arguments);
    assert_eq!(outcome.changed, Some(true), "{outcome:?}");
    let backup = outcome.values["backup_file"].as_str().unwrap();
    assert_eq!((std::fs::read(backup).unwrap(), std::fs::read(&dest).unwrap()), (b"old".to_vec(), b"hello".to_vec()));
    assert_eq!(std::fs::read_dir(spare.path()).unwrap().count(), 0);
    assert!(server.requests()[0].contains("Cache-Control: no-cache\r\n"));
}

#[test]
fn a_folder_gets_the_file_under_its_own_name() {
    let server = Server::new(|request| match request.split(' ').nth(1) {
        Some("/named") => b"HTTP/1.1 200 OK\r\nContent-Disposition: x; filename=\"/etc/n\"\r\n\r\nhello".to_vec(),
        _ => HELLO.as_bytes().to_vec(),
    });
    let (folder, _) = folder();
    for (path, want) in [("/a/b?c", "b"), ("/named", "n"), ("/", "index.html")] {
        let outcome = run("get_url", json!({"url": server.url(path), "dest": folder.path()}));
        assert_eq!(outcome.values["dest"], Data::from(folder.path().join(want).to_str().unwrap()));
    }
}

#[test]
fn files_of_the_host_have_urls_too_and_ftp_has_not() {
    let (folder, dest) = folder();
    let source = folder.path().join("a b");
    std::fs::write(&source, "hello").unwrap();
    let url = format!("file://{}", source.to_str().unwrap().replace(' ', "%20"));
    let outcome = run("get_url", json!({"url": url, "dest": dest}));
    assert_eq!((outcome.changed, outcome.msg.as_deref()), (Some(true), Some("OK (5 bytes)")), "{outcome:?}");
    let outcome = run("get_url", json!({"url": "file:///no/such", "dest": dest}));
    let want = "Request failed: <urlopen error [Errno 2] No such file or directory: '/no/such'>";
    assert_eq!(outcome.msg.as_deref(), Some(want));
    let outcome = run("get_url", json!({"url": "ftp://h/f", "dest": dest}));
    assert!(outcome.msg.unwrap().contains("does not fetch by FTP"));
}

#[test]
fn gzipped_content_is_unpacked_unless_told() {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"hello").unwrap();
    let packed = packed.finish().unwrap();
    let mut answer =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len()).into_bytes();
    answer.extend(&packed);
    let server = Server::new(move |_| answer.clone());
    let (_folder, dest) = folder();
    run("get_url", json!({"url": server.url("/x"), "dest": dest}));
    assert_eq!(std::fs::read(&dest).unwrap(), b"hello");
    run("get_url", json!({"url": server.url("/x"), "dest": dest, "decompress": false, "force": true}));
    assert_eq!(std::fs::read(&dest).unwrap(), packed);
}

#[test]
fn user_and_password_of_netrc_are_sent() {
    let server = Server::saying(HELLO);
    let (folder, dest) = folder();
    let netrc = folder.path().join("netrc");
    std::fs::write(&netrc, "machine 127.0.0.1 login u password p").unwrap();
    let arguments = json!({"url": server.url("/x"), "dest": dest});
    call("get_url", arguments).env("NETRC", netrc.to_str().unwrap()).run();
    assert!(server.requests()[0].contains("Authorization: Basic dTpw\r\n"));
}
