//! `password`: a random password, kept in a file of the control node.
//!
//! Source: Ansible documentation, `ansible.builtin.password` lookup.

use std::{
    fs::{self, DirBuilder},
    io::Write,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

use jinja::{Error, List, Value};

use super::{Answer, Request, options, python_random::PythonRandom};
use crate::{
    playbook::arguments::parse_kv,
    template::password_hash::{self, Settings},
};

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const WHITESPACE: &str = " \t\n\r\u{b}\u{c}";

/// A random number below `limit`, which is more than zero, from the system.
pub(super) fn below(limit: usize) -> Result<usize, Error> {
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    // Numbers above the last whole multiple would favour the small ones.
    let bound = u32::MAX - u32::MAX % limit.max(1);
    loop {
        let mut bytes = [0; 4];
        let read = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
            .map_err(|error| Error::other(format!("no random numbers: {error}")))?;
        let number = u32::from_ne_bytes(bytes);
        if read == bytes.len() && number < bound {
            return Ok((number % limit.max(1)) as usize);
        }
    }
}

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let given = request.options.clone();
    let mut found = Vec::new();
    for term in request.terms.clone() {
        request.options.clone_from(&given);
        let name = parameters(request, &term.to_str()?)?;
        let password = password(request, &name)?;
        found.push(Value::from(password));
    }
    Ok(found)
}

/// Takes `length=20 chars=digits` off a term, into the options; the path is left.
fn parameters(request: &mut Request<'_>, term: &str) -> Result<String, Error> {
    let Some((first, rest)) = term.split_once(' ') else { return Ok(term.to_owned()) };
    let pairs = parse_kv(rest, false).map_err(|error| Error::other(error.to_string()))?;
    let mut path = first.to_owned();
    if let Some(more) = pairs.raw {
        // The path has spaces.
        path = format!("{path} {more}");
        if !term.starts_with(&path) {
            return Err(Error::other("Unrecognized value after key=value parameters given to password lookup"));
        }
    }
    let mut unknown = Vec::new();
    for (key, value) in pairs.options {
        match key.as_str() {
            "length" | "encrypt" | "chars" | "ident" | "seed" => request.set(&key, Value::from(value)),
            _ => unknown.push(key),
        }
    }
    if unknown.is_empty() {
        return Ok(path);
    }
    Err(Error::other(format!("Unrecognized parameter(s) given to password lookup: {}", unknown.join(", "))))
}

fn password(request: &Request<'_>, name: &str) -> Result<String, Error> {
    let encrypt = request.text("encrypt")?.filter(|algorithm| !algorithm.is_empty());
    let asked_ident = request.text("ident")?.filter(|ident| !ident.is_empty());
    let path = request.registry.config.environment.resolve(name, Some(&request.basedir()?));
    let keep = path != Path::new("/dev/null");
    let known = if keep && path.exists() { Some(read(&path)?) } else { None };
    let mut changed = known.is_none();
    let mut content = match known {
        Some(known) => known,
        None => Content { password: make(request)?, salt: None, ident: None },
    };
    if let Some(algorithm) = &encrypt
        && content.salt.is_none()
    {
        content.salt = Some(password_hash::random_salt(algorithm)?);
        changed = true;
    }
    match (&content.ident, &asked_ident) {
        (Some(stored), Some(asked)) if stored != asked => {
            return Err(Error::other(format!(
                "The ident parameter provided ({stored}) does not match the stored one ({asked})."
            )));
        }
        (None, Some(_)) => content.ident = asked_ident,
        _ => {}
    }
    if content.ident.is_none() && encrypt.as_deref() == Some("bcrypt") {
        content.ident = Some("2b".to_owned());
        changed = true;
    }
    if changed && keep {
        write(&path, &content.written()).map_err(|error| unusable(&path, &error))?;
    }
    let Some(algorithm) = encrypt else { return Ok(content.password) };
    let settings =
        Settings { salt: content.salt.map(Value::from), ident: content.ident.map(Value::from), ..Settings::default() };
    password_hash::hash_password(&Value::from(content.password), &algorithm, &settings)
}

/// What a file of a password holds: the password itself, and how it is hashed.
struct Content {
    password: String,
    salt: Option<String>,
    ident: Option<String>,
}

impl Content {
    fn parse(text: &str) -> Self {
        let text = text.trim_end();
        let Some((password, rest)) = text.rsplit_once(" salt=") else {
            return Self { password: text.to_owned(), salt: None, ident: None };
        };
        let (salt, ident) = rest.rsplit_once(" ident=").map_or((rest, None), |(salt, ident)| (salt, Some(ident)));
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self { password: password.to_owned(), salt: given(salt), ident: ident.and_then(given) }
    }

    fn written(&self) -> String {
        match (&self.salt, &self.ident) {
            (None, _) => self.password.clone(),
            (Some(salt), None) => format!("{} salt={salt}", self.password),
            (Some(salt), Some(ident)) => format!("{} salt={salt} ident={ident}", self.password),
        }
    }
}

fn read(path: &Path) -> Result<Content, Error> {
    let bytes = fs::read(path).map_err(|error| unusable(path, &error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::other(format!("The password file '{}' is not UTF-8", path.display())))?;
    Ok(Content::parse(&text))
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::other(format!("The password file '{}' cannot be used: {error}", path.display()))
}

fn make(request: &Request<'_>) -> Result<String, Error> {
    let length = match request.option("length") {
        Some(value) if !value.is_none() => options::integer("password", "length", value)?,
        _ => 20,
    };
    let letters: Vec<char> = letters(request.option("chars"))?.chars().collect();
    if letters.is_empty() {
        return Err(Error::new(jinja::Kind::Index, "Cannot choose from an empty sequence"));
    }
    let mut seeded = request.text("seed")?.map(|seed| PythonRandom::of_text(&seed));
    let mut made = String::new();
    for _ in 0..length {
        let index = match &mut seeded {
            Some(random) => random.below(u32::try_from(letters.len()).unwrap_or(u32::MAX)) as usize,
            None => below(letters.len())?,
        };
        made.extend(letters.get(index));
    }
    Ok(made)
}

/// The letters that `chars` names: Python's sets by their names, everything else as it is.
fn letters(chars: Option<&Value>) -> Result<String, Error> {
    let names: Vec<String> = match chars {
        None | Some(Value::None) => ["ascii_letters", "digits", ".,:-_"].map(str::to_owned).to_vec(),
        Some(Value::List(list)) => list_of_text(list)?,
        Some(text) => {
            let text = text.to_str()?;
            let comma = text.contains(",,").then(|| ",".to_owned());
            let words = text.replace(",,", ",");
            comma.into_iter().chain(words.split(',').filter(|word| !word.is_empty()).map(str::to_owned)).collect()
        }
    };
    let mut letters = String::new();
    for name in names {
        match name.as_str() {
            "ascii_letters" => letters.extend([LOWERCASE, UPPERCASE]),
            "ascii_lowercase" => letters.push_str(LOWERCASE),
            "ascii_uppercase" => letters.push_str(UPPERCASE),
            "digits" => letters.push_str(DIGITS),
            "hexdigits" => letters.extend([DIGITS, "abcdefABCDEF"]),
            "octdigits" => letters.push_str("01234567"),
            "punctuation" => letters.push_str(PUNCTUATION),
            "whitespace" => letters.push_str(WHITESPACE),
            "printable" => letters.extend([DIGITS, LOWERCASE, UPPERCASE, PUNCTUATION, WHITESPACE]),
            other => letters.push_str(other),
        }
    }
    letters.retain(|letter| letter != '"' && letter != '\'');
    Ok(letters)
}

fn list_of_text(list: &List) -> Result<Vec<String>, Error> {
    list.values()?.iter().map(Value::to_str).collect()
}

/// Keeps a password, for its owner alone. Whoever comes second reads what the first one wrote.
fn write(path: &Path, password: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
    writeln!(file, "{password}")?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::testing::{Place, answer, refusal};

    #[test]
    fn a_seed_gives_the_password_that_ansible_core_gives() {
        assert_eq!(answer("lookup('password', '/dev/null', seed='abc')"), "'6TTuIhBjbajOIpXYV3o6'");
    }

    #[test]
    fn a_password_is_kept_for_its_owner_alone() {
        let place = Place::with(&[]);
        let first = place.answer("lookup('password', 'new/pw length=8 chars=digits')");
        assert_eq!(first.len(), 10);
        assert!(first.trim_matches('\'').chars().all(|letter| letter.is_ascii_digit()));
        assert_eq!(place.answer("lookup('password', 'new/pw')"), first);
        let mode = |name: &str| fs::metadata(place.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("new"), mode("new/pw")), (0o700, 0o600));
    }

    #[test]
    fn a_password_is_hashed_alike_each_time_and_kept_in_clear_with_its_salt() {
        let place = Place::with(&[("pw", "secret\n"), ("old", "secret salt=abcdefgh\n")]);
        let first = place.answer("lookup('password', 'pw encrypt=md5_crypt')");
        assert_eq!(place.answer("lookup('password', 'pw', encrypt='md5_crypt')"), first);
        assert_eq!(place.answer("lookup('password', 'pw')"), "'secret'");
        let content = fs::read_to_string(place.path().join("pw")).unwrap();
        assert_eq!(content.strip_prefix("secret salt=").unwrap().trim_end().len(), 8);
        assert_eq!(place.answer("lookup('password', 'old encrypt=md5_crypt')"), "'$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1'");
        let content = Content::parse("a salt=b ident=2b");
        assert_eq!((content.written().as_str(), content.ident.as_deref()), ("a salt=b ident=2b", Some("2b")));
    }

    #[test]
    fn what_is_written_wrong_is_refused() {
        assert_eq!(
            refusal("lookup('password', '/dev/null length=x')"),
            "The lookup plugin 'password' failed: Config 'length' for 'password' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'integer': 'x'"
        );
        assert_eq!(
            refusal("lookup('password', '/dev/null size=3')"),
            "The lookup plugin 'password' failed: Unrecognized parameter(s) given to password lookup: size"
        );
        assert_eq!(
            refusal("lookup('password', '/dev/null length=3 more')"),
            "The lookup plugin 'password' failed: Unrecognized value after key=value parameters given to password lookup"
        );
    }
}
