//! `vault_encrypted`, `vaulted_file`.
//!
//! Source: Ansible documentation, the tests `ansible.builtin.vault_encrypted` and `ansible.builtin.vaulted_file`.

use std::{fs::File, io::Read as _};

use jinja::{Environment, Error, Value};

use super::super::filters::only;
use crate::vault::is_encrypted;

/// As much of a file as tells whether it is a vault.
const HEADER: u64 = 14;

pub(super) fn add(env: &mut Environment) {
    env.add_test_seeing_undefined("vault_encrypted", |call| match only(call, "vault_encrypted", "value")? {
        Value::Undefined(undefined) => match &undefined.vault {
            Some(envelope) => Ok(is_encrypted(envelope.as_bytes())),
            None => Err(undefined.error()),
        },
        Value::Str(text) => {
            let envelope = text.tags().and_then(|tags| tags.vault.as_ref());
            Ok(envelope.is_some_and(|envelope| is_encrypted(envelope.as_bytes())))
        }
        _ => Ok(false),
    });
    env.add_test("vaulted_file", |call| {
        let path = only(call, "vaulted_file", "value")?;
        let mut start = Vec::new();
        match File::open(path.to_str()?).and_then(|file| file.take(HEADER).read_to_end(&mut start)) {
            Ok(_) => Ok(is_encrypted(&start)),
            Err(error) => {
                let (shown, reason) = (path.repr()?, modules::module::os_error_bytes(&error, &path.to_str()?));
                Err(Error::other(format!("Cannot test if the file {shown} is a vault: {reason}")))
            }
        }
    });
}
