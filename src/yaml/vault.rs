//! `!vault`: a text that is opened when it is first used.

use std::{any::Any, cell::OnceCell, fmt, rc::Rc};

use jinja::{Error, Object, Origin, Str, Tags, Undefined, Value, error::Kind};

/// Whoever can open a vault: the vault room's secrets.
pub trait Decrypt {
    /// The plain text of an envelope (`$ANSIBLE_VAULT;1.1;AES256` and its lines).
    ///
    /// # Errors
    ///
    /// Why not, in Ansible's words.
    fn decrypt(&self, envelope: &str) -> Result<String, String>;
}

/// A `!vault` value that nobody has used yet. Variables hand out its plain text ([`decrypt_value`]); it is an error to
/// use it where that did not happen.
pub struct Vaulted {
    envelope: Rc<str>,
    origin: Option<Origin>,
    plain: OnceCell<Result<Str, Error>>,
}

impl Vaulted {
    /// A value of an envelope and where it stands.
    #[must_use]
    pub fn new(envelope: Rc<str>, origin: Option<Origin>) -> Self {
        Self { envelope, origin, plain: OnceCell::new() }
    }

    /// The envelope.
    #[must_use]
    pub fn envelope(&self) -> &Rc<str> {
        &self.envelope
    }

    /// Where it stands.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The plain text: data, never templated, that knows it came out of a vault. It is opened once.
    ///
    /// # Errors
    ///
    /// No secret opens it.
    pub fn open(&self, decrypt: Option<&dyn Decrypt>) -> Result<Str, Error> {
        let open = || match decrypt {
            None => Err("Attempting to decrypt but no vault secrets found.".to_owned()),
            Some(decrypt) => decrypt.decrypt(&self.envelope),
        };
        self.plain
            .get_or_init(|| match open() {
                Ok(text) => {
                    let vault = Some(Rc::clone(&self.envelope));
                    Ok(Str::from(text).with_tags(Tags { origin: self.origin.clone(), vault, ..Tags::default() }))
                }
                Err(reason) => Err(self.error(&reason)),
            })
            .clone()
    }

    fn error(&self, reason: &str) -> Error {
        let mut error = Error::new(Kind::Value, format!("Attempt to use undecryptable variable: {reason}"));
        error.origin.clone_from(&self.origin);
        error
    }
}

/// The plain text of a vaulted value; `None` for other objects. Where no secret opens it, using it is the error.
pub fn decrypt_value(object: &dyn Object, decrypt: Option<&dyn Decrypt>) -> Option<Value> {
    let vaulted = object.as_any().downcast_ref::<Vaulted>()?;
    Some(match vaulted.open(decrypt) {
        Ok(text) => Value::Str(text),
        Err(error) => {
            let vault = Some(Rc::clone(&vaulted.envelope));
            Value::Undefined(Rc::new(Undefined { vault, ..Undefined::failed(error) }))
        }
    })
}

/// Shows neither plain text nor envelope.
impl fmt::Debug for Vaulted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Vaulted")
    }
}

impl Object for Vaulted {
    fn type_name(&self) -> &str {
        "str"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String, Error> {
        Err(self.error("it was not opened before it was used."))
    }

    fn truthy(&self) -> Result<bool, Error> {
        self.repr().map(|_| true)
    }

    fn finalize(&self) -> Result<Option<Value>, Error> {
        self.repr().map(|_| None)
    }

    fn equals(&self, _: &Value) -> Option<Result<bool, Error>> {
        self.repr().err().map(Err)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    struct Once(Cell<u32>);

    impl Decrypt for Once {
        fn decrypt(&self, envelope: &str) -> Result<String, String> {
            self.0.set(self.0.get() + 1);
            if envelope == "good" { Ok("{{ secret }}".into()) } else { Err("no.".into()) }
        }
    }

    #[test]
    fn a_vault_is_opened_once_and_its_text_is_never_a_template() {
        let (value, secrets) = (Vaulted::new("good".into(), None), Once(Cell::new(0)));
        for _ in 0..2 {
            let Some(Value::Str(text)) = decrypt_value(&value, Some(&secrets)) else { panic!() };
            assert_eq!(&*text, "{{ secret }}");
            assert!(!text.is_trusted());
            assert_eq!(text.tags().unwrap().vault.as_deref(), Some("good"));
        }
        assert_eq!(secrets.0.get(), 1);
        assert!(!format!("{value:?}").contains("secret"));
    }

    #[test]
    fn a_vault_that_no_secret_opens_is_an_error_at_its_place_when_it_is_used() {
        let origin = Origin { file: "v.yml".into(), line: 1, column: 4 };
        let error = Vaulted::new("bad".into(), Some(origin.clone())).open(None).unwrap_err();
        assert_eq!(
            error.message,
            "Attempt to use undecryptable variable: Attempting to decrypt but no vault secrets found."
        );
        assert_eq!(error.origin, Some(origin));
    }
}
