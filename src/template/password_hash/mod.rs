//! Passwords as hashes for `/etc/shadow` and the like: what ansible-core makes with Python's passlib.
//!
//! Source: Ansible documentation, the filter `ansible.builtin.password_hash`;
//! <https://passlib.readthedocs.io/en/stable/lib/passlib.hash.html>.

mod base64;
mod bcrypt;
mod md5_crypt;
mod sha_crypt;

use jinja::{Error, Value};

/// Longer passwords are refused: their hash takes too long.
const LONGEST_SECRET: usize = 4096;

type Result<T> = std::result::Result<T, Error>;

/// How a password is to be hashed. What is none, or empty, or 0, has a default.
#[derive(Debug, Default, Clone)]
pub struct Settings {
    /// The salt; without one it is drawn.
    pub salt: Option<Value>,
    /// How many letters are drawn for a salt.
    pub salt_size: Option<Value>,
    /// How often it is hashed (bcrypt: two to the power of it).
    pub rounds: Option<Value>,
    /// Which form of bcrypt: `2`, `2a`, `2b`, `2y`.
    pub ident: Option<Value>,
}

/// An algorithm and its limits.
struct Algorithm {
    name: &'static str,
    /// The fewest and the most letters of a salt; a drawn one has the most.
    salt: (usize, usize),
    /// The default, the least and the largest number of rounds.
    rounds: Option<(i64, i64, i64)>,
}

const ALGORITHMS: [Algorithm; 4] = [
    Algorithm { name: "md5_crypt", salt: (0, 8), rounds: None },
    Algorithm { name: "bcrypt", salt: (22, 22), rounds: Some((12, 4, 31)) },
    Algorithm { name: "sha256_crypt", salt: (0, 16), rounds: Some((535_000, 1000, 999_999_999)) },
    Algorithm { name: "sha512_crypt", salt: (0, 16), rounds: Some((656_000, 1000, 999_999_999)) },
];

/// The hash of a password. `algorithm` is passlib's name of it: `md5_crypt`, `bcrypt`, `sha256_crypt`, `sha512_crypt`.
///
/// # Errors
///
/// The algorithm is another, the password is no text, or a setting is out of bounds: in Ansible's words.
pub fn hash_password(secret: &Value, algorithm: &str, settings: &Settings) -> Result<String> {
    let Some(algorithm) = ALGORITHMS.iter().find(|known| known.name == algorithm) else {
        let known: Vec<&str> = ALGORITHMS.iter().map(|known| known.name).collect();
        return Err(Error::other(format!(
            "The hash algorithm '{algorithm}' is not known; these are: {}.",
            known.join(", ")
        )));
    };
    let salt = algorithm.given_salt(settings)?;
    let salt_size = settings.salt_size.as_ref().filter(|size| !size.is_none());
    if salt_size.is_some_and(|size| size.as_bigint().is_none()) {
        return Err(Error::type_error("salt_size must be an integer"));
    }
    let salt_size = algorithm.salt_size(salt_size.and_then(Value::as_int).unwrap_or(0))?;
    let rounds = algorithm.rounds(set(settings.rounds.as_ref())?)?;
    let ident = match set(settings.ident.as_ref())? {
        Some(ident) if algorithm.name == "bcrypt" => bcrypt::ident(ident)?,
        _ => "2b",
    };
    let salt = match salt {
        Some(salt) => algorithm.checked_salt(salt)?,
        None => {
            let salt = base64::draw(salt_size)?;
            if algorithm.name == "bcrypt" { base64::without_unused_bits(&salt)? } else { salt }
        }
    };
    let secret = secret_bytes(secret, algorithm.name)?;
    Ok(match algorithm.name {
        "md5_crypt" => md5_crypt::hash(&secret, &salt),
        "sha256_crypt" => sha_crypt::sha256(&secret, &salt, rounds)?,
        "sha512_crypt" => sha_crypt::sha512(&secret, &salt, rounds)?,
        _ => bcrypt::hash(&secret, &salt, rounds, ident),
    })
}

/// A salt as long as an algorithm takes it.
///
/// # Errors
///
/// The system gives no random numbers.
pub fn random_salt(algorithm: &str) -> Result<String> {
    let known = ALGORITHMS.iter().find(|known| known.name == algorithm);
    base64::draw(known.map_or(8, |known| known.salt.1))
}

/// What was given and is true in Python's sense.
fn set(value: Option<&Value>) -> Result<Option<&Value>> {
    Ok(match value {
        Some(value) if value.truthy()? => Some(value),
        _ => None,
    })
}

fn refused(message: impl std::fmt::Display) -> Error {
    Error::other(format!("Could not hash the secret: {message}"))
}

fn secret_bytes(secret: &Value, algorithm: &str) -> Result<Vec<u8>> {
    let bytes = match secret {
        Value::Str(text) => text.as_bytes().to_vec(),
        Value::Bytes(bytes) => bytes.to_vec(),
        other => {
            let name = if other.is_none() { "None" } else { other.type_name() };
            return Err(Error::type_error(format!("secret must be unicode or bytes, not {name}")));
        }
    };
    if bytes.len() > LONGEST_SECRET {
        return Err(refused("password exceeds maximum allowed size"));
    }
    if bytes.contains(&0) {
        return Err(refused(match algorithm {
            "bcrypt" => "bcrypt does not allow NULL bytes in password",
            _ => "null character in secret",
        }));
    }
    Ok(bytes)
}

impl Algorithm {
    fn given_salt(&self, settings: &Settings) -> Result<Option<String>> {
        let Some(salt) = set(settings.salt.as_ref())? else { return Ok(None) };
        let salt = salt.to_str()?;
        Ok(Some(if self.name == "bcrypt" { base64::without_unused_bits(&salt)? } else { salt }))
    }

    fn salt_size(&self, size: i64) -> Result<usize> {
        let (least, most) = self.salt;
        let name = self.name;
        let number = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
        match size {
            0 => Ok(most),
            size if least == most && size != number(most) => {
                Err(refused(format!("{name}: salt_size ({size}) must be exactly {most}")))
            }
            size if size < number(least) => {
                Err(refused(format!("{name}: salt_size ({size}) below min_salt_size ({least})")))
            }
            size if size > number(most) => {
                Err(refused(format!("{name}: salt_size ({size}) above max_salt_size ({most})")))
            }
            size => Ok(usize::try_from(size).unwrap_or(most)),
        }
    }

    fn checked_salt(&self, salt: String) -> Result<String> {
        let (least, most) = self.salt;
        let (name, length) = (self.name, salt.chars().count());
        if !salt.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/')) {
            return Err(refused(format!("invalid characters in {name} salt")));
        }
        let bound = if least == most { "exactly" } else { "<=" };
        if length < least {
            return Err(refused(format!("salt too small ({name} requires {bound} {least} chars)")));
        }
        if length > most {
            return Err(refused(format!("salt too large ({name} requires {bound} {most} chars)")));
        }
        Ok(salt)
    }

    fn rounds(&self, given: Option<&Value>) -> Result<u32> {
        let name = self.name;
        let Some((default, least, most)) = self.rounds else {
            return match given {
                None => Ok(0),
                Some(_) => Err(Error::type_error("MinimalHandler.using() got an unexpected keyword argument 'rounds'")),
            };
        };
        let rounds = match given {
            None => default,
            Some(Value::Str(text)) => text.trim().replace('_', "").parse().map_err(|_| {
                let said = given.and_then(|value| value.repr().ok()).unwrap_or_default();
                refused(format!("invalid literal for int() with base 10: {said}"))
            })?,
            Some(other) => other.as_int().ok_or_else(|| {
                Error::type_error(format!("min_desired_rounds must be integer, not {}", other.type_name()))
            })?,
        };
        if rounds < least {
            return Err(refused(format!("{name}: min_desired_rounds ({rounds}) is too low, must be at least {least}")));
        }
        if rounds > most {
            return Err(refused(format!(
                "{name}: min_desired_rounds ({rounds}) is too large, cannot be more than {most}"
            )));
        }
        Ok(u32::try_from(rounds).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(algorithm: &str, secret: impl Into<Value>, salt: &str, rounds: i64) -> String {
        let rounds = (rounds != 0).then(|| rounds.into());
        let settings = Settings { salt: Some(salt.into()), rounds, ..Settings::default() };
        hash_password(&secret.into(), algorithm, &settings).unwrap_or_else(|error| error.message)
    }

    #[test]
    fn hashes_are_passlibs() {
        for (algorithm, salt, rounds, wanted) in [
            ("md5_crypt", "abcdefgh", 0, "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1"),
            (
                "sha512_crypt",
                "abcdefgh",
                5000,
                "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.",
            ),
            (
                "sha512_crypt",
                "abcdefgh",
                5001,
                "$6$rounds=5001$abcdefgh$gBfGjMLWpHDeDevwO6uT.NIA2ebJzNCJ52lJMLlx5mnM2IlDbRs7sY70/koKfEzwZ62vi0qnQIv3qrUbBqyQ9.",
            ),
            ("sha256_crypt", "abcdefgh", 5000, "$5$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM."),
            ("sha256_crypt", "abcdefgh", 1000, "$5$rounds=1000$abcdefgh$XIppta5rT8zJUu4vAOKQXrwq9uY4Ijlz6VjyOmkx5i4"),
            ("bcrypt", "1234567890123456789012", 5, "$2b$05$123456789012345678901u.97m5mwuxOR3RvRKYm9sasohx5Mnzwq"),
        ] {
            assert_eq!(hash(algorithm, "secret", salt, rounds), wanted);
        }
        assert_eq!(hash("md5_crypt", "", "abc", 0), "$1$abc$Or2rbeUYTvt12aiVzMuS/.");
        assert_eq!(hash("md5_crypt", "0123456789abcdef0123", "abc", 0), "$1$abc$rY5v9m29PtNi1IRxBgNkW/");
        let long = "x".repeat(80);
        assert_eq!(
            hash("bcrypt", long.as_str(), "1234567890123456789012", 4),
            "$2b$04$123456789012345678901uEcbKRRJw4pAJmO1u1x0Xvr7B982j7p2"
        );
        assert_eq!(
            hash("bcrypt", "", "1234567890123456789012", 4),
            "$2b$04$123456789012345678901uVTVpbHniVAv2CmG4UV2sJqSWa2e9QRu"
        );
    }

    #[test]
    fn the_old_form_of_bcrypt_repeats_the_password() {
        let hash = |secret: &str, ident: &str| {
            let settings = Settings {
                salt: Some("1234567890123456789012".into()),
                rounds: Some(5.into()),
                ident: Some(ident.into()),
                salt_size: None,
            };
            hash_password(&secret.into(), "bcrypt", &settings).unwrap_or_else(|error| error.message)
        };
        assert_eq!(hash("secret", "2"), "$2$05$123456789012345678901uuH8UPzh7neOBgnWVoT.nlJ4JF6MynkS");
        assert_eq!(hash("secret", "$2y$"), "$2y$05$123456789012345678901u.97m5mwuxOR3RvRKYm9sasohx5Mnzwq");
        assert_eq!(hash("secret", "2x"), "Could not hash the secret: invalid ident: '2x'");
    }

    #[test]
    fn settings_out_of_bounds_are_refused_in_passlibs_words() {
        for (got, wanted) in [
            (hash("md5_crypt", "x", "abcdefghi", 0), "salt too large (md5_crypt requires <= 8 chars)"),
            (hash("md5_crypt", "x", "ab$c", 0), "invalid characters in md5_crypt salt"),
            (hash("bcrypt", "x", "12345678901234567890", 4), "salt too small (bcrypt requires exactly 22 chars)"),
            (
                hash("sha256_crypt", "x", "a", 1),
                "sha256_crypt: min_desired_rounds (1) is too low, must be at least 1000",
            ),
            (
                hash("bcrypt", "x", "1234567890123456789012", 32),
                "bcrypt: min_desired_rounds (32) is too large, cannot be more than 31",
            ),
            (hash("sha512_crypt", "a\0b", "a", 1000), "null character in secret"),
            (hash("sha512_crypt", "x".repeat(5000).as_str(), "a", 1000), "password exceeds maximum allowed size"),
        ] {
            assert_eq!(got, format!("Could not hash the secret: {wanted}"));
        }
        assert_eq!(hash("bcrypt", "x", "123456789012345678901", 4), "source length must != 1 mod 4");
        assert_eq!(hash("bcrypt", "x", "123456789012345678901$", 4), "substring not found");
        assert_eq!(hash("md5_crypt", Value::None, "abc", 0), "secret must be unicode or bytes, not None");
        assert_eq!(
            hash("md5_crypt", "x", "abc", 4),
            "MinimalHandler.using() got an unexpected keyword argument 'rounds'"
        );
        let sized = |algorithm: &str, size: i64| {
            let settings = Settings { salt_size: Some(size.into()), ..Settings::default() };
            hash_password(&"x".into(), algorithm, &settings).unwrap_or_else(|error| error.message)
        };
        assert_eq!(
            sized("md5_crypt", 9),
            "Could not hash the secret: md5_crypt: salt_size (9) above max_salt_size (8)"
        );
        assert_eq!(
            sized("md5_crypt", -1),
            "Could not hash the secret: md5_crypt: salt_size (-1) below min_salt_size (0)"
        );
        assert_eq!(sized("bcrypt", 4), "Could not hash the secret: bcrypt: salt_size (4) must be exactly 22");
        assert_eq!(sized("md5_crypt", 4).split('$').nth(2).unwrap().len(), 4);
    }

    #[test]
    fn salts_are_drawn_anew() {
        let drawn = || hash("md5_crypt", "x", "", 0);
        assert_ne!(drawn(), drawn());
    }
}
