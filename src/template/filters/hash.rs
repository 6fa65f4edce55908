//! `hash`, `checksum`, `sha1`, `md5`, `password_hash`.

use jinja::{Call, Environment, Error, Value};
use sha1::Digest as _;

use super::{Result, given, only, or_none};
use crate::template::password_hash::{Settings, hash_password};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("hash", hash);
    env.add_filter("password_hash", password_hash);
    env.add_filter("md5", |call| {
        let data = only(call, "md5s", "data")?;
        digest("md5", &bytes(&data)?)
    });
    for name in ["sha1", "checksum"] {
        env.add_filter(name, |call| {
            let [data, kind] = call.bind("secure_hash_s", 1, ["data", "hash_func"])?;
            if kind.is_some() {
                return Err(Error::type_error("'str' object is not callable"));
            }
            digest("sha1", &bytes(&or_none(data))?)
        });
    }
}

fn bytes(value: &Value) -> Result<Vec<u8>> {
    Ok(match value {
        Value::Bytes(bytes) => bytes.to_vec(),
        value => value.to_str()?.into_bytes(),
    })
}

fn hex(bytes: &[u8]) -> Value {
    Value::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn digest(kind: &str, data: &[u8]) -> Result<Value> {
    Ok(match kind.to_lowercase().as_str() {
        "md5" => hex(&md5::Md5::digest(data)),
        "sha1" => hex(&sha1::Sha1::digest(data)),
        "sha224" => hex(&sha2::Sha224::digest(data)),
        "sha256" => hex(&sha2::Sha256::digest(data)),
        "sha384" => hex(&sha2::Sha384::digest(data)),
        "sha512" => hex(&sha2::Sha512::digest(data)),
        _ => return Err(Error::other(format!("unsupported hash type {kind}")).while_handling()),
    })
}

fn hash(call: &mut Call<'_>) -> Result<Value> {
    let [data, kind] = call.bind("get_hash", 1, ["data", "hashtype"])?;
    let kind = kind.map_or_else(|| Ok("sha1".to_owned()), |kind| kind.to_str())?;
    digest(&kind, &bytes(&or_none(data))?)
}

/// Ansible's names of hashes, and passlib's.
const PASSWORD_HASHES: [(&str, &str); 4] =
    [("md5", "md5_crypt"), ("blowfish", "bcrypt"), ("sha256", "sha256_crypt"), ("sha512", "sha512_crypt")];

fn password_hash(call: &mut Call<'_>) -> Result<Value> {
    let [password, kind, salt, salt_size, rounds, ident] =
        call.bind("get_encrypted_password", 1, ["password", "hashtype", "salt", "salt_size", "rounds", "ident"])?;
    let kind = kind.map_or_else(|| Ok("sha512".to_owned()), |kind| kind.to_str())?;
    let known = PASSWORD_HASHES.iter().find(|(name, algorithm)| *name == kind || *algorithm == kind);
    let Some((_, algorithm)) = known else {
        let names = PASSWORD_HASHES.map(|(name, _)| name).join(", ");
        return Err(Error::other(format!("{kind} is not in the list of supported passlib algorithms: {names}")));
    };
    let settings =
        Settings { salt: given(salt), salt_size: given(salt_size), rounds: given(rounds), ident: given(ident) };
    hash_password(&or_none(password), algorithm, &settings).map(Value::from)
}
