//! `deb822_repository`: a source of packages, in apt's style of paragraphs, is there or is not there.

use std::{fs, path::Path};

use crate::{
    module::os_error,
    prelude::*,
    support::{atomic, web},
};

/// Where keys that are downloaded go.
const KEYRINGS: &str = "/etc/apt/keyrings";

/// Whether a source is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Presence {
    /// It is to be there.
    Present,
    /// It is not to be there.
    Absent,
}

/// What a source has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Type {
    /// Packages.
    Deb,
    /// Sources of packages.
    #[choice("deb-src")]
    DebSrc,
}

/// Adds and removes APT repositories in the format of deb822(5).
///
/// A source has a file of its own, `/etc/apt/sources.list.d/NAME.sources`. The options are the fields of sources.list(5). A key
/// that `signed_by` names by a URL is downloaded to `/etc/apt/keyrings`. The lists of packages are not got anew.
#[derive(Debug, Arguments)]
pub struct Deb822RepositoryArgs {
    /// Allow what was once trusted to become insecure.
    allow_downgrade_to_insecure: Option<bool>,
    /// Allow a repository that is not signed.
    allow_insecure: Option<bool>,
    /// Allow weak checksums.
    allow_weak: Option<bool>,
    /// The architectures to get.
    architectures: Option<Vec<String>>,
    /// Get lists by their checksum.
    by_hash: Option<bool>,
    /// Whether the time of the release file counts at all.
    check_date: Option<bool>,
    /// Whether a release file may expire.
    check_valid_until: Option<bool>,
    /// The components, such as `main`.
    components: Option<Vec<String>>,
    /// How many seconds a release file may come from the future.
    date_max_future: Option<i64>,
    /// Whether apt uses it.
    enabled: Option<bool>,
    /// The path of the signed release file, from the top of the suite.
    inrelease_path: Option<String>,
    /// The languages of descriptions.
    languages: Option<Vec<String>>,
    /// What the source is called; its file is named after it.
    #[arg(required)]
    name: String,
    /// Get what changed in the lists instead of all of them.
    pdiffs: Option<bool>,
    /// The key: a URL, a path on the host, a fingerprint, or the key itself in ASCII armour.
    signed_by: Option<String>,
    /// The suites, such as `bookworm`; one that ends in a slash is a path.
    suites: Option<Vec<String>>,
    /// What to download beside packages.
    targets: Option<Vec<String>>,
    /// Take it as trusted, or not, whatever its signature says.
    trusted: Option<bool>,
    /// Packages, their sources, or both.
    #[arg(default = ["deb"])]
    types: Option<Vec<Type>>,
    /// The addresses.
    uris: Option<Vec<String>>,
    /// The permissions of the file.
    #[arg(default = "0644")]
    mode: Data,
    /// Whether the source is to be there.
    #[arg(default = "present")]
    state: Presence,
}

/// The module.
pub struct Deb822Repository;

impl Module for Deb822Repository {
    type Args = Deb822RepositoryArgs;
    const NAME: &'static str = "deb822_repository";
    const EXAMPLES: &'static str = "\
- name: Have a repository with a key of its own
  ansible.builtin.deb822_repository:
    name: example
    types: deb
    uris: https://download.example.org/debian
    suites: bookworm
    components: stable
    signed_by: https://download.example.org/debian/gpg

- name: Remove a repository
  ansible.builtin.deb822_repository:
    name: example
    state: absent
";

    fn run(args: Deb822RepositoryArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let slug = slug(&args.name);
        let dest = format!("/etc/apt/sources.list.d/{slug}.sources");
        if args.state == Presence::Absent {
            return removed(&slug, &dest, ctx);
        }
        let mut changed = false;
        let mut key = None;
        let mut signed_by = args.signed_by.clone();
        if let Some(given) = &args.signed_by {
            let found = Key::find(given, &slug, ctx)?;
            changed = found.changed;
            signed_by = Some(found.path.clone().unwrap_or_else(|| given.clone()));
            key = found.path;
        }
        let repo = args.paragraph(signed_by);
        changed |= put(&dest, repo.as_bytes(), args.mode.clone(), ctx)?;
        Ok(Outcome::changed(changed).with("repo", repo).with("dest", dest).with("key_filename", key))
    }
}

/// What the files are called after a name.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    let mut was_gap = false;
    for letter in name.to_lowercase().chars() {
        let is_gap = letter == '_' || letter.is_whitespace();
        match letter {
            _ if is_gap && !was_gap => slug.push('-'),
            'a'..='z' | '0'..='9' | '-' => slug.push(letter),
            _ => {}
        }
        was_gap = is_gap;
    }
    slug
}

/// Removes the source and its keys.
fn removed(slug: &str, dest: &str, ctx: &Context) -> Result<Outcome, Failure> {
    let mut changed = false;
    let keys = ["asc", "gpg"].map(|ending| format!("{KEYRINGS}/{slug}.{ending}"));
    for path in std::iter::once(dest).chain(keys.iter().map(String::as_str)) {
        if Path::new(path).exists() {
            if !ctx.check_mode {
                fs::remove_file(path).map_err(|error| Failure::raised(&os_error(&error, Some(path)), None))?;
            }
            changed = true;
        }
    }
    let [_, last] = keys;
    Ok(Outcome::changed(changed).with("repo", Data::Null).with("dest", dest).with("key_filename", last))
}

/// Writes a file where it differs; true where anything of it does.
fn put(path: &str, bytes: &[u8], mode: Data, ctx: &Context) -> Result<bool, Failure> {
    let attributes = FileAttributes { mode, ..FileAttributes::default() };
    let differs = fs::read(path).ok().as_deref() != Some(bytes);
    if differs && !ctx.check_mode {
        atomic::write(ctx, path, bytes, &attributes)?;
        return Ok(true);
    }
    Ok(attributes.apply(ctx, path, None)? || differs)
}

/// The key that signs a source.
struct Key {
    /// Its file; none where `signed_by` is no file but the key itself, or its fingerprint.
    path: Option<String>,
    changed: bool,
}

impl Key {
    fn find(given: &str, slug: &str, ctx: &Context) -> Result<Self, Failure> {
        if Path::new(given).is_file() {
            return Ok(Self { path: Some(given.to_owned()), changed: false });
        }
        if !has_scheme(given) {
            return Ok(Self { path: None, changed: false });
        }
        let mut bytes = Vec::new();
        web::download(ctx, given, true, &mut bytes).map_err(|why| {
            let why = why.strip_prefix("Request failed: ").unwrap_or(&why);
            Failure::new(format!("Could not fetch signed_by key: {why}"))
        })?;
        if bytes.is_empty() {
            return Ok(Self { path: Some(given.to_owned()), changed: false });
        }
        const ARMOUR: &[u8] = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";
        let is_armoured = bytes.windows(ARMOUR.len()).any(|window| window == ARMOUR);
        let path = format!("{KEYRINGS}/{slug}.{}", if is_armoured { "asc" } else { "gpg" });
        let mut changed = false;
        if fs::read(&path).ok().as_deref() != Some(&bytes) {
            changed = make_keyrings(ctx)?;
        }
        changed |= put(&path, &bytes, "0644".into(), ctx)?;
        Ok(Self { path: Some(path), changed })
    }
}

/// Has the folder of keys, for everybody to read.
fn make_keyrings(ctx: &Context) -> Result<bool, Failure> {
    let is_there = Path::new(KEYRINGS).is_dir();
    if !is_there && !ctx.check_mode {
        fs::create_dir(KEYRINGS).map_err(|error| Failure::raised(&os_error(&error, Some(KEYRINGS)), None))?;
    }
    let attributes = FileAttributes {
        mode: "0755".into(),
        owner: Some("root".to_owned()),
        group: Some("root".to_owned()),
        ..FileAttributes::default()
    };
    Ok(attributes.apply(ctx, KEYRINGS, None)? || !is_there)
}

/// Whether it is a URL, as Python's `urlparse` sees one.
fn has_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

impl Deb822RepositoryArgs {
    /// The source as a paragraph, in the order of the options' names.
    fn paragraph(&self, signed_by: Option<String>) -> String {
        let flag = |value: Option<bool>| value.map(|on| if on { "yes" } else { "no" }.to_owned());
        let list = |value: &Option<Vec<String>>| value.as_ref().map(|words| words.join(" "));
        let types: Option<Vec<&str>> = self.types.as_ref().map(|types| types.iter().map(|one| one.name()).collect());
        let fields = [
            ("Allow-Downgrade-To-Insecure", flag(self.allow_downgrade_to_insecure)),
            ("Allow-Insecure", flag(self.allow_insecure)),
            ("Allow-Weak", flag(self.allow_weak)),
            ("Architectures", list(&self.architectures)),
            ("By-Hash", flag(self.by_hash)),
            ("Check-Date", flag(self.check_date)),
            ("Check-Valid-Until", flag(self.check_valid_until)),
            ("Components", list(&self.components)),
            ("Date-Max-Future", self.date_max_future.map(|seconds| seconds.to_string())),
            ("Enabled", flag(self.enabled)),
            ("Inrelease-Path", self.inrelease_path.clone()),
            ("Languages", list(&self.languages)),
            ("X-Repolib-Name", Some(self.name.clone())),
            ("Pdiffs", flag(self.pdiffs)),
            ("Signed-By", signed_by),
            ("Suites", list(&self.suites)),
            ("Targets", list(&self.targets)),
            ("Trusted", flag(self.trusted)),
            ("Types", types.map(|types| types.join(" "))),
            ("URIs", list(&self.uris)),
        ];
        let lines = fields.into_iter().filter_map(|(name, value)| {
            let value = value?;
            let value = if value.contains('\n') { indented(&value) } else { value };
            let blank = if value.is_empty() || value.starts_with('\n') { "" } else { " " };
            Some(format!("{name}:{blank}{value}\n"))
        });
        lines.collect()
    }
}

/// A value of several lines, as a field has it: on lines of their own, an empty one as a full stop.
fn indented(value: &str) -> String {
    let line = |line: &str| match line.trim() {
        "" => "\n    .".to_owned(),
        text => format!("\n    {text}"),
    };
    value.trim().lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::check;

    #[test]
    fn a_source_is_a_paragraph_in_the_order_of_its_options() {
        let outcome = check(
            "deb822_repository",
            json!({"name": "Test of_it !", "types": ["deb", "deb-src"], "uris": "https://example.org", "suites": "stable",
                "components": ["main", "extra"], "enabled": false, "date_max_future": 10,
                "signed_by": "-----BEGIN\n\nabc\n-----END\n"}),
        );
        let repo = "Components: main extra\nDate-Max-Future: 10\nEnabled: no\nX-Repolib-Name: Test of_it !\nSigned-By:\n    \
            -----BEGIN\n    .\n    abc\n    -----END\nSuites: stable\nTypes: deb deb-src\nURIs: https://example.org\n";
        assert_eq!(outcome.values["repo"], Data::from(repo), "{outcome:?}");
        assert_eq!(outcome.values["dest"], Data::from("/etc/apt/sources.list.d/test-of-it-.sources"));
        assert_eq!((outcome.changed, &outcome.values["key_filename"]), (Some(true), &Data::Null));
    }

    #[test]
    fn a_key_that_is_a_file_is_named_and_one_that_cannot_be_had_is_told() {
        let arguments = |key: &str| json!({"name": "x", "signed_by": key});
        let outcome = check("deb822_repository", arguments("/etc/passwd"));
        assert_eq!(outcome.values["key_filename"], Data::from("/etc/passwd"));
        let outcome = check("deb822_repository", arguments("http://127.0.0.1:1/key"));
        let want = "Could not fetch signed_by key: <urlopen error [Errno 111] Connection refused>";
        assert_eq!(outcome.msg.as_deref(), Some(want));
        assert!(!has_scheme("ABCD 0123") && !has_scheme("-----BEGIN: x") && has_scheme("https://x"));
    }

    #[test]
    fn what_is_not_there_is_not_removed() {
        let outcome = check("deb822_repository", json!({"name": "no such thing", "state": "absent"}));
        assert_eq!(outcome.changed, Some(false));
        assert_eq!(outcome.values["key_filename"], Data::from("/etc/apt/keyrings/no-such-thing.gpg"));
    }
}
