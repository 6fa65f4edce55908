//! `vault` and `unvault`: texts in vaults with a password of their own.
//!
//! Source: Ansible documentation, the filters `ansible.builtin.vault` and `ansible.builtin.unvault`.

use std::rc::Rc;

use jinja::{Call, Environment, Error, Str, Tags, Value};

use super::{Result, flag, given, or_none};
use crate::{
    template::Notice,
    vault::{Password, VaultSecrets, is_encrypted},
};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("vault", vault);
    env.add_filter_seeing_undefined("unvault", unvault);
}

/// The bytes of a text; `refusal` says what it is instead.
fn bytes(value: &Value, refusal: &str) -> Result<Vec<u8>> {
    match value {
        Value::Str(text) => Ok(text.as_bytes().to_vec()),
        Value::Bytes(bytes) => Ok(bytes.to_vec()),
        other => Err(Error::type_error(format!("{refusal}, instead we got {}.", super::class(other)))),
    }
}

/// The id of the vault; `vaultid` is its old name.
fn vault_id(call: &Call<'_>, id: Option<Value>, old: Option<Value>) -> Result<String> {
    let id = id.map_or_else(|| Ok("filter_default".to_owned()), |id| id.to_str())?;
    let Some(old) = given(old) else { return Ok(id) };
    Notice::deprecated("Use of undocumented `vaultid`.", "2.20").help("Use `vault_id` instead.").raise(call);
    if id == "filter_default" {
        return old.to_str();
    }
    Notice::warning("Ignoring vaultid as vault_id is already set.").raise(call);
    Ok(id)
}

fn vault(call: &mut Call<'_>) -> Result<Value> {
    let [data, secret, salt, id, wrap, old] =
        call.bind("do_vault", 2, ["data", "secret", "salt", "vault_id", "wrap_object", "vaultid"])?;
    let secret = or_none(secret);
    let password = bytes(&secret, "Secret passed is required to be a string")?;
    let data = bytes(&or_none(data), "Can only vault strings")?;
    let id = vault_id(call, id, old)?;
    let salt = given(salt).map(|salt| salt.to_str()).transpose()?;
    let mut secrets = VaultSecrets::new(false);
    secrets.push(id.as_str(), Password::new(password));
    let salt = salt.as_deref().filter(|salt| !salt.is_empty()).map(str::as_bytes);
    let vault =
        secrets.encrypt(&data, Some(&id), salt).map_err(|error| Error::other(format!("Unable to encrypt: {error}")))?;
    if !flag(wrap, false)? {
        return Ok(Value::from(vault));
    }
    // As ansible-core has it: it is the secret that is tagged, with Python's way of writing the vault's bytes.
    let text = secret.to_str()?;
    let envelope = format!("b{}", Value::from(vault).repr()?);
    let tags = Tags { vault: Some(Rc::from(envelope.as_str())), ..Tags::default() };
    Ok(Value::Str(Str::from(text).with_tags(tags)))
}

fn unvault(call: &mut Call<'_>) -> Result<Value> {
    let [vault, secret, id, old] = call.bind("do_unvault", 2, ["vault", "secret", "vault_id", "vaultid"])?;
    let (mut vault, secret) = (or_none(vault), or_none(secret));
    if let Value::Undefined(undefined) = &vault
        && let Some(envelope) = &undefined.vault
    {
        vault = Value::from(Rc::clone(envelope));
    }
    for value in [Some(&vault), Some(&secret), id.as_ref(), old.as_ref()].into_iter().flatten() {
        if value.is_undefined() {
            return Ok(value.clone());
        }
    }
    let password = bytes(&secret, "Secret passed is required to be as string")?;
    let mut data = bytes(&vault, "Vault should be in the form of a string")?;
    let id = vault_id(call, id, old)?;
    if let Value::Str(text) = &vault
        && let Some(envelope) = text.tags().and_then(|tags| tags.vault.as_ref())
    {
        data = envelope.as_bytes().to_vec();
    }
    if is_encrypted(&data) {
        let mut secrets = VaultSecrets::new(false);
        secrets.push(id, Password::new(password));
        let opened = secrets.decrypt(&data).map_err(|error| {
            let vault = Value::from(String::from_utf8_lossy(&data).into_owned());
            Error::other("Unable to decrypt.").because_of(Error::other(error.to_string()).about(&vault))
        })?;
        data = opened.to_vec();
    }
    String::from_utf8(data)
        .map(Value::from)
        .map_err(|error| Error::value_error(format!("the content of the vault is not UTF-8: {error}")))
}
