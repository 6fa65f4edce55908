//! `hash`, `checksum`, `sha1`, `md5`.

use jinja::{Call, Environment, Error, Value};
use sha1::Digest as _;

use super::{Result, only, or_none};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("hash", hash);
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
        _ => return Err(Error::other(format!("unsupported hash type {kind}"))),
    })
}

fn hash(call: &mut Call<'_>) -> Result<Value> {
    let [data, kind] = call.bind("get_hash", 1, ["data", "hashtype"])?;
    let kind = kind.map_or_else(|| Ok("sha1".to_owned()), |kind| kind.to_str())?;
    digest(&kind, &bytes(&or_none(data))?)
}
