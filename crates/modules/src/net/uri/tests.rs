//! What `uri` sends and what it makes of answers.

use serde_json::json;

use super::super::testing::Server;
use crate::{
    prelude::*,
    testing::{call, check, run},
};

const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Two-Words: a\r\nx-two-words: b\r\n\
                    Set-Cookie: c=1; path=/\r\nContent-Length: 11\r\n\r\n{\"a\": [1.5]}";

#[test]
fn an_answer_becomes_keys_that_variables_can_have() {
    let server = Server::saying(&JSON.replace("11", "12"));
    let outcome = run("uri", json!({"url": server.url("/x")}));
    assert!(!outcome.failed, "{outcome:?}");
    let values = &outcome.values;
    assert_eq!(outcome.msg.as_deref(), Some("OK (12 bytes)"));
    assert_eq!(values["x_two_words"], Data::from("a, b"));
    assert_eq!(values["status"], Data::Int(200));
    assert_eq!(values["cookies_string"], Data::from("c=1"));
    assert_eq!(values["redirected"], Data::Bool(false));
    assert_eq!(values["json"], Data::from_json(json!({"a": [1.5]})));
    assert!(!values.contains_key("content"));
    assert_eq!(outcome.changed, Some(false));
}

#[test]
fn a_request_is_written_as_python_writes_it() {
    let server = Server::saying("HTTP/1.1 201 Created\r\n\r\n");
    let port = server.url("").rsplit_once(':').unwrap().1.to_owned();
    let outcome = run(
        "uri",
        json!({"url": server.url("/p?q"), "method": "post", "body": {"k": [1, "ü"]}, "body_format": "json",
               "headers": {"x-custom-name": 7}, "status_code": 201}),
    );
    assert!(!outcome.failed, "{outcome:?}");
    let want = format!(
        "POST /p?q HTTP/1.1\r\nAccept-Encoding: identity\r\nContent-Length: 20\r\nHost: 127.0.0.1:{port}\r\n\
         User-Agent: ansible-httpget\r\nX-Custom-Name: 7\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
         {{\"k\": [1, \"\\u00fc\"]}}"
    );
    assert_eq!(server.requests(), [want]);
}

#[test]
fn another_status_is_a_failure_that_says_which() {
    let server = Server::saying("HTTP/1.1 404 Not here\r\nContent-Length: 4\r\n\r\ngone");
    let outcome = run("uri", json!({"url": server.url("/"), "return_content": true}));
    assert!(outcome.failed);
    assert_eq!(outcome.msg.as_deref(), Some("Status code was 404 and not [200]: HTTP Error 404: Not here"));
    assert_eq!(outcome.values["content"], Data::from("gone"));
    let outcome = run("uri", json!({"url": server.url("/"), "status_code": [200, 404]}));
    assert!(!outcome.failed);
}

#[test]
fn no_way_to_the_server_is_said_in_pythons_words() {
    let said = |url: &str| run("uri", json!({"url": url, "timeout": 2})).msg.unwrap();
    assert_eq!(
        said("http://127.0.0.1:1/"),
        "Status code was -1 and not [200]: Request failed: <urlopen error [Errno 111] Connection refused>"
    );
    assert_eq!(said("nonsense"), "unknown url type: 'nonsense'");
    assert_eq!(
        said("gopher://x"),
        "Status code was -1 and not [200]: Request failed: <urlopen error unknown url type: gopher>"
    );
    assert_eq!(said("http:///x"), "Status code was -1 and not [200]: Request failed: <urlopen error no host given>");
}

#[test]
fn redirects_are_followed_as_told() {
    let server = Server::new(|request| {
        let to = |code: u16| {
            format!("HTTP/1.1 {code} Elsewhere\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n").into_bytes()
        };
        match request.split(' ').nth(1) {
            Some("/302") => to(302),
            Some("/307") => to(307),
            Some("/loop") => b"HTTP/1.1 302 Loop\r\nLocation: /loop\r\n\r\n".to_vec(),
            _ => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec(),
        }
    });
    let status = |method: &str, path: &str, follow: &str| {
        let arguments = json!({"url": server.url(path), "method": method, "body": "b", "follow_redirects": follow});
        run("uri", arguments).values["status"].clone()
    };
    for (method, path, follow, want) in [
        ("GET", "/302", "safe", 200),
        ("POST", "/302", "safe", 302),
        ("POST", "/302", "all", 200),
        ("POST", "/302", "urllib2", 200),
        ("POST", "/307", "urllib2", 307),
        ("POST", "/307", "all", 200),
        ("GET", "/302", "none", 302),
    ] {
        assert_eq!(status(method, path, follow), Data::Int(want), "{method} {path} {follow}");
    }
    let last = server.requests().into_iter().rev().nth(1).unwrap();
    assert!(last.starts_with("POST /new ") && last.ends_with("\r\n\r\nb"), "{last}");

    let outcome = run("uri", json!({"url": server.url("/loop")}));
    assert!(outcome.msg.unwrap().ends_with("infinite loop.\nThe last 30x error message was:\nLoop"));
    let outcome = run("uri", json!({"url": server.url("/302")}));
    assert_eq!(outcome.values["redirected"], Data::Bool(true));
    assert_eq!(outcome.values["url"], Data::from(server.url("/new")));
}

#[test]
fn a_password_is_sent_when_asked_or_forced_and_never_shown() {
    let server = Server::new(|request| {
        if request.contains("Authorization: Basic dTpzM2NyM3Q=") {
            b"HTTP/1.1 200 OK\r\nX-Echo: s3cr3t\r\n\r\n".to_vec()
        } else {
            b"HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"r\"\r\n\r\n".to_vec()
        }
    });
    let arguments = json!({"url": server.url("/"), "user": "u", "password": "s3cr3t"});
    let outcome = run("uri", arguments.clone());
    assert_eq!(outcome.values["status"], Data::Int(200));
    assert!(!format!("{outcome:?}").contains("s3cr3t"));
    assert_eq!(server.requests().len(), 2);
    let mut forced = arguments;
    forced["force_basic_auth"] = json!(true);
    run("uri", forced);
    assert_eq!(server.requests().len(), 3);
    let url = server.url("/").replace("http://", "http://u:s3cr3t@");
    assert_eq!(run("uri", json!({"url": url})).values["status"], Data::Int(200));
}

#[test]
fn content_is_written_to_a_file_with_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::saying("HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=../n.txt\r\n\r\nhello");
    let folder = tempfile::tempdir().unwrap();
    let dest = folder.path().join("f");
    let outcome = run("uri", json!({"url": server.url("/"), "dest": dest, "mode": "0600"}));
    assert_eq!((outcome.changed, outcome.failed), (Some(true), false), "{outcome:?}");
    assert_eq!(std::fs::read(&dest).unwrap(), b"hello");
    assert_eq!(std::fs::metadata(&dest).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(outcome.values["path"], Data::from(dest.to_str().unwrap()));
    assert!(server.requests()[0].contains("GET / "));
    run("uri", json!({"url": server.url("/"), "dest": folder.path()}));
    assert_eq!(std::fs::read(folder.path().join("n.txt")).unwrap(), b"hello");
    run("uri", json!({"url": server.url("/"), "dest": dest}));
    assert!(server.requests()[2].contains("If-Modified-Since: "));
}

#[test]
fn a_file_is_sent_from_the_call_or_the_host() {
    let server = Server::saying("HTTP/1.1 200 OK\r\n\r\n");
    let arguments = json!({"url": server.url("/"), "src": "/no/such", "method": "PUT"});
    let outcome = call("uri", arguments.clone()).content(b"from afar").run();
    assert!(!outcome.failed, "{outcome:?}");
    assert!(server.requests()[0].ends_with("\r\n\r\nfrom afar"), "{:?}", server.requests());
    assert_eq!(run("uri", arguments).msg.as_deref(), Some("Unable to open source file /no/such"));
}

#[test]
fn a_proxy_from_the_environment_is_asked() {
    let proxy = Server::saying("HTTP/1.1 200 OK\r\n\r\n");
    let arguments = json!({"url": "http://nowhere.invalid/x"});
    let outcome = call("uri", arguments.clone()).env("http_proxy", &proxy.url("/")).run();
    assert!(!outcome.failed, "{outcome:?}");
    assert!(proxy.requests()[0].starts_with("GET http://nowhere.invalid/x HTTP/1.1\r\n"));
    let outcome = call("uri", arguments).env("http_proxy", &proxy.url("/")).env("no_proxy", "nowhere.invalid").run();
    assert!(outcome.msg.unwrap().ends_with("<urlopen error [Errno -2] Name or service not known>"));
}

#[test]
fn a_body_that_ends_too_early_is_a_failure() {
    let server = Server::saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    let outcome = run("uri", json!({"url": server.url("/"), "return_content": true}));
    let want = format!("HTTP Error while fetching {}: IncompleteRead(5 bytes read, 4 more expected)", server.url("/"));
    assert_eq!(outcome.msg, Some(want));
}

#[test]
fn creates_and_removes_decide_and_check_mode_skips() {
    let outcome = run("uri", json!({"url": "http://127.0.0.1:1/", "creates": "/"}));
    assert_eq!(outcome.values["stdout"], Data::from("skipped, since '/' exists"));
    let outcome = run("uri", json!({"url": "http://127.0.0.1:1/", "removes": "/no/such"}));
    assert_eq!(outcome.values["stdout"], Data::from("skipped, since '/no/such' does not exist"));
    assert!(check("uri", json!({"url": "http://127.0.0.1:1/"})).skipped);
}
