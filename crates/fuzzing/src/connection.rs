//! OpenSSH's files.

use connection::fuzzing;

/// Reads a known_hosts file.
pub fn known_hosts(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for (host, port) in [("web1.example.com", 22), ("10.0.0.1", 2222)] {
        let _ = fuzzing::known_hosts(&text, host, port);
    }
}

/// Reads an ssh_config file.
pub fn ssh_config(data: &[u8]) {
    match fuzzing::ssh_config(&String::from_utf8_lossy(data), "web1.example.com") {
        Ok((_, port)) => assert_ne!(port, 0, "no host listens on port 0"),
        Err(error) => assert!(!error.is_empty(), "a refusal says why"),
    }
}
