//! `copy`: files and trees of the control node, or a text, to the host.
//!
//! The module on the host gets the checksum first and asks for the content only where it differs, so that a converged
//! file costs one exchange of a few hundred bytes.
//!
//! Source: Ansible documentation, `ansible.builtin.copy`.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use connection::ContentSource;
use jinja::Value;
use protocol::{Data, Map, Outcome, outcome::Diff};
use sha1::{Digest, Sha1};

use super::{ActionContext, ActionError, ActionOutcome, Local, files, module};
use crate::{python_json, template::data::to_data};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let arguments = module::to_map(context.args)?;
        let outcome = copy(context, arguments).await?;
        // What was refused here shows its arguments beside `module_args`.
        let refused = matches!(outcome.values.get("invocation"), Some(Data::Map(shown)) if shown.len() > 1);
        let by_module = !refused;
        Ok(ActionOutcome { outcome, by_module, ..ActionOutcome::default() })
    })
}

async fn copy(context: &ActionContext<'_>, arguments: Map) -> Result<Outcome, ActionError> {
    for internal in ["_original_basename", "_diff_peek"] {
        if arguments.get(internal).is_some_and(|value| !value.is_null()) {
            return Err(ActionError::failed(format!("Invalid parameter specified: \"{internal}\"")));
        }
    }
    let given = |name: &str| arguments.get(name).filter(|value| !value.is_null());
    let src = given("src").map(text_of).filter(|text| !text.is_empty());
    let dest = given("dest").map(text_of).filter(|text| !text.is_empty());
    let content = given("content");
    let refuse = |message: &str| {
        let mut outcome = Outcome { failed: true, msg: Some(message.to_owned()), ..Outcome::default() };
        let mut invocation = arguments.clone();
        invocation.insert("module_args".to_owned(), Data::Map(arguments.clone()));
        outcome.set("invocation", invocation);
        outcome
    };
    let dest = match (&src, content, dest) {
        (None, None, _) => return Ok(refuse("src (or content) is required")),
        (_, _, None) => return Ok(refuse("dest is required")),
        (Some(_), Some(_), _) => return Ok(refuse("src and content are mutually exclusive")),
        (_, Some(_), Some(dest)) if dest.ends_with('/') => {
            return Ok(refuse("can not use content with a dir as dest"));
        }
        (_, _, Some(dest)) => dest,
    };
    if let Some(content) = content {
        let bytes = content_bytes(content)?;
        return send(context, &arguments, &dest, "", bytes, None).await;
    }
    let src = src.unwrap_or_default();
    if context.flag("remote_src", false) {
        return module::call(context, "copy", arguments, None).await;
    }
    let path = files::find(context, "files", &src)?;
    if path.is_dir() {
        return tree(context, &arguments, &path, src.ends_with('/'), &dest).await;
    }
    file(context, &arguments, &path, &dest, None).await
}

fn text_of(value: &Data) -> String {
    match value {
        Data::Str(text) => text.clone(),
        other => protocol::arguments::python::str(other),
    }
}

/// `content`: text as it is, lists and dicts as JSON.
fn content_bytes(content: &Data) -> Result<Vec<u8>, ActionError> {
    Ok(match content {
        Data::Str(text) => text.clone().into_bytes(),
        Data::Map(_) | Data::List(_) => python_json::dumps(content, python_json::Style::default()).into_bytes(),
        other => text_of(other).into_bytes(),
    })
}

/// Sends text that was made on the control node (`content`, a rendered template). `basename` is the name of the file
/// where `dest` is a folder.
///
/// # Errors
///
/// The host cannot be reached.
pub(super) async fn send(
    context: &ActionContext<'_>,
    arguments: &Map,
    dest: &str,
    basename: &str,
    bytes: Vec<u8>,
    mode: Option<String>,
) -> Result<Outcome, ActionError> {
    let checksum = hex(&Sha1::digest(&bytes));
    let arguments = copy_arguments(arguments, dest, basename, checksum, mode);
    let shown = context.settings.diff.then(|| bytes.clone());
    let mut outcome = module::call(context, "copy", arguments, Some(ContentSource::Bytes(bytes.into()))).await?;
    if let Some(bytes) = shown {
        complete_diff(&mut outcome, &bytes, dest);
    }
    Ok(outcome)
}

/// Puts what comes into a difference of which the host gave what is there.
fn complete_diff(outcome: &mut Outcome, content: &[u8], name: &str) {
    let Ok(text) = std::str::from_utf8(content) else { return };
    for diff in &mut outcome.diff {
        if let Diff::Text { after, after_header, .. } = diff
            && after.is_empty()
        {
            text.clone_into(after);
            after_header.get_or_insert_with(|| name.to_owned());
        }
    }
}

/// Sends one file.
async fn file(
    context: &ActionContext<'_>,
    arguments: &Map,
    path: &Path,
    dest: &str,
    relative: Option<&str>,
) -> Result<Outcome, ActionError> {
    let unreadable =
        |error: std::io::Error| ActionError::failed(format!("could not read src={}: {error}", path.display()));
    let mode = match context.text("mode") {
        Some(mode) if mode == "preserve" => {
            let metadata = fs::metadata(path).map_err(unreadable)?;
            Some(format!("0{:03o}", metadata.permissions().mode() & 0o7777))
        }
        _ => None,
    };
    let basename = relative.map_or_else(
        || path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        str::to_owned,
    );
    let (checksum, encrypted) = checksum_of(path).map_err(unreadable)?;
    if encrypted && context.flag("decrypt", true) {
        let envelope = fs::read(path).map_err(unreadable)?;
        let plain = context.vault.open(&path.display().to_string(), &envelope).map_err(ActionError::failed)?;
        return send(context, arguments, dest, &basename, plain, mode).await;
    }
    let arguments = copy_arguments(arguments, dest, &basename, checksum, mode);
    let mut outcome = module::call(context, "copy", arguments, Some(ContentSource::File(path.to_owned()))).await?;
    if context.settings.diff && outcome.diff.iter().any(|diff| matches!(diff, Diff::Text { .. })) {
        complete_diff(&mut outcome, &fs::read(path).map_err(unreadable)?, &path.display().to_string());
    }
    Ok(outcome)
}

/// The arguments for the module on the host.
fn copy_arguments(arguments: &Map, dest: &str, basename: &str, checksum: String, mode: Option<String>) -> Map {
    let mut sent = arguments.clone();
    for control in ["src", "content", "decrypt", "local_follow", "raw"] {
        sent.shift_remove(control);
    }
    sent.insert("dest".to_owned(), Data::from(dest));
    sent.insert("_original_basename".to_owned(), Data::from(basename));
    if sent.get("checksum").is_none_or(|given| given.is_null()) {
        sent.insert("checksum".to_owned(), Data::from(checksum));
    }
    if let Some(mode) = mode {
        sent.insert("mode".to_owned(), Data::from(mode));
    }
    sent
}

/// SHA-1 of a file, and whether it is a vault.
fn checksum_of(path: &Path) -> std::io::Result<(String, bool)> {
    use std::io::Read as _;
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha1::new();
    let mut buffer = vec![0; 128 * 1024];
    let mut first = true;
    let mut encrypted = false;
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        if first {
            encrypted = bytes.starts_with(b"$ANSIBLE_VAULT;");
            first = false;
        }
        hasher.update(bytes);
    }
    Ok((hex(&hasher.finalize()), encrypted))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a tree holds, with names relative to what is copied.
#[derive(Default)]
struct Tree {
    files: Vec<(PathBuf, String)>,
    folders: Vec<(PathBuf, String)>,
    links: Vec<(String, String)>,
}

/// Sends a folder: its files, empty folders, links.
async fn tree(
    context: &ActionContext<'_>,
    arguments: &Map,
    source: &Path,
    contents_only: bool,
    dest: &str,
) -> Result<Outcome, ActionError> {
    let local_follow = context.flag("local_follow", true);
    let mut found = Tree::default();
    let prefix = if contents_only {
        String::new()
    } else {
        source.file_name().map(|name| format!("{}/", name.to_string_lossy())).unwrap_or_default()
    };
    let metadata =
        fs::metadata(source).map_err(|error| ActionError::failed(format!("{}: {error}", source.display())))?;
    if !contents_only {
        found.folders.push((source.to_owned(), prefix.trim_end_matches('/').to_owned()));
    }
    let mut parents = vec![(metadata.dev(), metadata.ino())];
    walk(source, &prefix, local_follow, &mut parents, &mut found)
        .map_err(|error| ActionError::failed(format!("{}: {error}", source.display())))?;
    let dest = if dest.ends_with('/') { dest.to_owned() } else { format!("{dest}/") };
    let mut changed = false;
    let mut implied: Vec<String> = Vec::new();
    let mut last: Option<Outcome> = None;
    for (path, relative) in &found.files {
        let mut single = arguments.clone();
        single.insert("follow".to_owned(), Data::Bool(false));
        let outcome = file(context, &single, path, &dest, Some(relative)).await?;
        if outcome.failed {
            return Ok(outcome);
        }
        changed |= outcome.changed.unwrap_or(false);
        let mut parent = relative.as_str();
        while let Some((folder, _)) = parent.rsplit_once('/') {
            implied.push(folder.to_owned());
            parent = folder;
        }
        last = Some(outcome);
    }
    for (_, relative) in &found.folders {
        if implied.contains(relative) && !arguments.contains_key("directory_mode") {
            continue;
        }
        let mut file_arguments = file_arguments(arguments);
        file_arguments.insert("path".to_owned(), Data::from(format!("{dest}{relative}")));
        file_arguments.insert("state".to_owned(), Data::from("directory"));
        file_arguments.insert("recurse".to_owned(), Data::Bool(false));
        file_arguments.insert("mode".to_owned(), arguments.get("directory_mode").cloned().unwrap_or_default());
        let outcome = module::call(context, "file", file_arguments, None).await?;
        if outcome.failed {
            return Ok(outcome);
        }
        changed |= outcome.changed.unwrap_or(false);
    }
    for (target, relative) in &found.links {
        let mut file_arguments = file_arguments(arguments);
        file_arguments.insert("path".to_owned(), Data::from(format!("{dest}{relative}")));
        file_arguments.insert("src".to_owned(), Data::from(target.as_str()));
        file_arguments.insert("state".to_owned(), Data::from("link"));
        file_arguments.insert("force".to_owned(), Data::Bool(true));
        file_arguments.insert("follow".to_owned(), Data::Bool(false));
        if file_arguments.get("mode").and_then(Data::as_str) == Some("preserve") {
            file_arguments.shift_remove("mode");
        }
        let outcome = module::call(context, "file", file_arguments, None).await?;
        if outcome.failed {
            return Ok(outcome);
        }
        changed |= outcome.changed.unwrap_or(false);
    }
    if let (Some(mut outcome), 1) = (last, found.files.len()) {
        outcome.changed = Some(changed);
        if let (Some(path), false) = (outcome.values.get("path").cloned(), outcome.values.contains_key("dest")) {
            outcome.set("dest", path);
        }
        return Ok(outcome);
    }
    let mut outcome = Outcome::changed(changed);
    outcome.set("dest", dest);
    let shown = if contents_only {
        format!("{}/", source.display().to_string().trim_end_matches('/'))
    } else {
        source.display().to_string()
    };
    outcome.set("src", shown);
    let mut invocation = arguments.clone();
    invocation.insert("module_args".to_owned(), Data::Map(arguments.clone()));
    outcome.set("invocation", invocation);
    Ok(outcome)
}

/// The arguments of `copy` that `file` knows.
fn file_arguments(arguments: &Map) -> Map {
    const SHARED: [&str; 11] = [
        "mode",
        "owner",
        "group",
        "seuser",
        "serole",
        "selevel",
        "setype",
        "attributes",
        "attr",
        "unsafe_writes",
        "follow",
    ];
    arguments
        .iter()
        .filter(|(name, _)| SHARED.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Collects a folder. A link to a folder around it stays a link.
fn walk(
    folder: &Path,
    prefix: &str,
    follow: bool,
    parents: &mut Vec<(u64, u64)>,
    found: &mut Tree,
) -> std::io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let relative = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let is_link = entry.file_type()?.is_symlink();
        if is_link && (!follow || fs::metadata(&path).is_err()) {
            found.links.push((fs::read_link(&path)?.to_string_lossy().into_owned(), relative));
            continue;
        }
        let metadata = fs::metadata(&path)?;
        if !metadata.is_dir() {
            found.files.push((path, relative));
            continue;
        }
        let identity = (metadata.dev(), metadata.ino());
        if is_link && parents.contains(&identity) {
            found.links.push((fs::read_link(&path)?.to_string_lossy().into_owned(), relative));
            continue;
        }
        found.folders.push((path.clone(), relative.clone()));
        parents.push(identity);
        walk(&path, &format!("{relative}/"), follow, parents, found)?;
        parents.pop();
    }
    Ok(())
}

/// A rendered value as the text of a file.
pub(super) fn rendered_text(value: &Value) -> Result<String, ActionError> {
    match to_data(value)? {
        Data::Null => Ok(String::new()),
        Data::Str(text) => Ok(text),
        other => Ok(protocol::arguments::python::str(&other)),
    }
}
