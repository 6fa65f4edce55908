//! `copy`: files and trees of the control node, or a text, to the host.
//!
//! The module on the host gets the checksum first and asks for the content only where it differs, so that a converged
//! file costs one exchange of a few hundred bytes. It says which way it went (`_step`), and what is there where a diff
//! is asked for; what Ansible's action does around its own modules is done here with that.
//!
//! Source: Ansible documentation, `ansible.builtin.copy`.

mod diff;
mod walk;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use connection::ContentSource;
use modules::support::checksum::Algorithm;
use protocol::{Data, Map, Outcome, arguments::python};

use self::diff::Coming;
use super::{ActionContext, ActionError, ActionOutcome, Local, files, local_name, module};
use crate::{diagnostic::Link, python_json};

/// A result, and whether a module gave it.
type Done = (Outcome, bool);

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let arguments = module::to_map(context.args)?;
        let (mut outcome, by_module) = copy(context, &arguments).await?;
        outcome.values.entry("invocation".to_owned()).or_insert_with(|| invocation(context, &arguments));
        Ok(ActionOutcome { outcome, by_module, ..ActionOutcome::default() })
    })
}

async fn copy(context: &ActionContext<'_>, arguments: &Map) -> Result<Done, ActionError> {
    for internal in ["_original_basename", "_diff_peek"] {
        if arguments.get(internal).is_some_and(|value| !value.is_null()) {
            return Err(ActionError::refused(format!("Invalid parameter specified: \"{internal}\"")));
        }
    }
    let given = |name: &str| arguments.get(name).filter(|value| !value.is_null());
    let src = given("src").map(python::str).filter(|text| !text.is_empty());
    let dest = given("dest").map(python::str).filter(|text| !text.is_empty());
    let content = given("content");
    let dest = match (&src, content, dest) {
        (None, None, _) => return Ok(refused("src (or content) is required")),
        (_, _, None) => return Ok(refused("dest is required")),
        (Some(_), Some(_), _) => return Ok(refused("src and content are mutually exclusive")),
        (_, Some(_), Some(dest)) if dest.ends_with('/') => return Ok(refused(CONTENT_INTO_FOLDER)),
        (_, _, Some(dest)) => dest,
    };
    if let Some(content) = content {
        let source = Source::content(context, content);
        return single(context, arguments, source, &dest).await;
    }
    let src = src.unwrap_or_default();
    if context.flag("remote_src", false) {
        return Ok((module::call(context, "copy", arguments.clone(), None).await?, true));
    }
    let path = files::find(context, "files", &src).map_err(|error| match error {
        ActionError::Failed(chain) => {
            let values = Map::from([("invocation".to_owned(), invocation(context, arguments))]);
            ActionError::Refused(chain.caused(Link::new("Unexpected AnsibleActionFail error.")), values)
        }
        other => other,
    })?;
    if path.is_dir() {
        return tree(context, arguments, &path, src.ends_with('/'), &dest).await;
    }
    match Source::file(context, &path, None)? {
        Found::Source(source) => single(context, arguments, source, &dest).await,
        Found::Refused(done) => Ok(*done),
    }
}

const CONTENT_INTO_FOLDER: &str = "can not use content with a dir as dest";

/// The action itself says that it failed.
fn refused(message: &str) -> Done {
    (Outcome { failed: true, msg: Some(message.to_owned()), ..Outcome::default() }, false)
}

/// The action itself says that it failed, with one file.
fn refused_file(message: &str) -> Done {
    let (mut outcome, by_module) = refused(message);
    outcome.set("diff", Vec::<Data>::new());
    (outcome, by_module)
}

/// What Ansible shows of the arguments where no module was called: themselves, and once more below `module_args`.
fn invocation(context: &ActionContext<'_>, arguments: &Map) -> Data {
    if context.settings.no_log {
        return Data::from("CENSORED: no_log is set");
    }
    let mut shown = arguments.clone();
    let mut module_args = arguments.clone();
    if shown.contains_key("content") {
        shown.insert("content".to_owned(), Data::from("CENSORED: content is a no_log parameter"));
    }
    if module_args.get("content").is_some_and(|content| !content.is_null()) {
        module_args.insert("content".to_owned(), Data::from("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"));
    }
    shown.insert("module_args".to_owned(), Data::Map(module_args));
    Data::Map(shown)
}

/// What one file gets.
pub(super) struct Source {
    /// Where its bytes are.
    content: Content,
    /// What it is called in results and diffs.
    name: String,
    /// Its own name, for a place that is a folder; empty where it has none.
    basename: String,
    /// Its mode, where `mode: preserve` asks for it.
    mode: Option<String>,
    /// It is the `content` option's.
    by_value: bool,
    /// It came out of a vault: it is not shown.
    secret: bool,
}

enum Content {
    Bytes(Vec<u8>),
    File(PathBuf),
}

enum Found {
    Source(Source),
    Refused(Box<Done>),
}

impl Source {
    /// `content`: text as it is, lists and dicts as JSON.
    fn content(context: &ActionContext<'_>, content: &Data) -> Self {
        let bytes = match content {
            Data::Map(_) | Data::List(_) => python_json::dumps(content, python_json::Style::default()).into_bytes(),
            other => python::str(other).into_bytes(),
        };
        Self {
            content: Content::Bytes(bytes),
            name: local_name::temporary(context.environment, ".").display().to_string(),
            basename: String::new(),
            mode: None,
            by_value: crate::python_repr::truth(content),
            secret: false,
        }
    }

    /// A rendered template, or another text that was made from the file of that name; `secret` where that is a vault.
    pub(super) fn made(context: &ActionContext<'_>, basename: String, bytes: Vec<u8>, secret: bool) -> Self {
        let name = local_name::temporary(context.environment, "tmp").join(&basename).display().to_string();
        Self { content: Content::Bytes(bytes), name, basename, mode: None, by_value: false, secret }
    }

    /// A file of the control node, out of its vault where it is in one. `relative` is its name in a tree.
    fn file(context: &ActionContext<'_>, path: &Path, relative: Option<&str>) -> Result<Found, ActionError> {
        if !path.is_file() {
            let name = path.display().to_string();
            let error = files::not_found(&name, "");
            let done = refused_file(&format!("could not find src={name}, {error}"));
            return Ok(Found::Refused(Box::new(done)));
        }
        let decrypt = context.flag("decrypt", true);
        let mode = preserved_mode(context, path)?;
        let basename = relative.map_or_else(
            || path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            str::to_owned,
        );
        let mut source = Self {
            content: Content::File(path.to_owned()),
            name: path.display().to_string(),
            basename,
            mode,
            by_value: false,
            secret: false,
        };
        if decrypt && let Some(plain) = files::open_vault(context, path)? {
            source.content = Content::Bytes(plain);
            source.name = local_name::temporary(context.environment, "tmp").display().to_string();
            source.secret = true;
        }
        Ok(Found::Source(source))
    }

    fn checksum(&self) -> Result<String, ActionError> {
        match &self.content {
            Content::Bytes(bytes) => Ok(Algorithm::Sha1.of_bytes(bytes)),
            Content::File(path) => Algorithm::Sha1.of_file(path).map_err(|error| files::unreadable(path, &error)),
        }
    }
}

/// The mode of a file of the control node, where `mode: preserve` asks for it.
///
/// # Errors
///
/// The file cannot be looked at.
pub(super) fn preserved_mode(context: &ActionContext<'_>, path: &Path) -> Result<Option<String>, ActionError> {
    if context.text("mode").as_deref() != Some("preserve") {
        return Ok(None);
    }
    let metadata = fs::metadata(path).map_err(|error| files::unreadable(path, &error))?;
    Ok(Some(format!("0{:03o}", metadata.permissions().mode() & 0o7777)))
}

/// Sends one file, which is all there is to do.
///
/// # Errors
///
/// The host cannot be reached, or cannot look at the place.
pub(super) async fn single(
    context: &ActionContext<'_>,
    arguments: &Map,
    source: Source,
    dest: &str,
) -> Result<Done, ActionError> {
    let name = source.name.clone();
    match send(context, arguments, source, dest, context.flag("follow", false)).await? {
        Sent::Done(outcome) => Ok((named_place(outcome), true)),
        Sent::Refused(done) => Ok(done),
        Sent::Kept { dest } => Ok((Outcome::changed(false).with("dest", dest).with("src", name), true)),
    }
}

/// Sends what was made of files, and says of it what Ansible's `copy` module alone says, without the action's work around
/// it: whether or not it is there already.
///
/// # Errors
///
/// The host cannot be reached, or cannot look at the place.
pub(super) async fn by_module(
    context: &ActionContext<'_>,
    arguments: &Map,
    bytes: Vec<u8>,
    secret: bool,
    dest: &str,
) -> Result<Outcome, ActionError> {
    let name = local_name::temporary(context.environment, "tmp").display().to_string();
    let source = Source::made(context, "src".to_owned(), Vec::new(), secret);
    let [checksum, md5sum] = [Algorithm::Sha1, Algorithm::Md5].map(|algorithm| algorithm.of_bytes(&bytes));
    let sent = copy_arguments(arguments, dest, &source, &checksum, context.flag("follow", false));
    let content = ContentSource::Bytes(bytes.clone().into());
    let mut outcome = module::call(context, "copy", sent, Some(content)).await?;
    let mut take = |key: &str| outcome.values.shift_remove(key).map(|value| python::str(&value));
    let (step, place, remote) = (take("_step").unwrap_or_default(), take("_place"), take("_source"));
    take("_dest");
    take("path");
    if step == "stat" {
        let (place, reason) = (place.unwrap_or_default(), outcome.msg.unwrap_or_default());
        return Err(ActionError::failed(format!("Failed to get information on remote file ({place}): {reason}")));
    }
    let mut there = diff::take_host_half(&mut outcome);
    outcome.diff.clear();
    if outcome.failed {
        return Ok(outcome);
    }
    for (key, value) in [("src", remote), ("md5sum", Some(md5sum)), ("checksum", Some(checksum))] {
        outcome.set(key, value);
    }
    if context.settings.diff {
        if step == "file"
            && let Some(place) = place
        {
            let shown = modules::support::text::shown(&bytes);
            there = Some(Map::from([
                ("before_header".to_owned(), Data::from(place)),
                ("before".to_owned(), Data::from(shown)),
            ]));
        }
        if let Some(there) = there {
            outcome.set("diff", diff::complete(context, there, Coming::Bytes(&bytes), &name, secret)?);
        }
    }
    Ok(outcome)
}

/// With the place under the name that `copy` has for it: the `file` module calls it `path`.
fn named_place(mut outcome: Outcome) -> Outcome {
    if let (false, Some(path), false) =
        (outcome.failed, outcome.values.get("path").cloned(), outcome.values.contains_key("dest"))
    {
        outcome.set("dest", path);
    }
    outcome
}

/// What came of sending a file.
enum Sent {
    /// The module's answer.
    Done(Outcome),
    /// The action's own.
    Refused(Done),
    /// `force` is off and something is there.
    Kept {
        /// The place, as it was given, with `~` put in.
        dest: String,
    },
}

/// Sends one file.
async fn send(
    context: &ActionContext<'_>,
    arguments: &Map,
    source: Source,
    dest: &str,
    follow: bool,
) -> Result<Sent, ActionError> {
    let checksum = source.checksum()?;
    let sent = copy_arguments(arguments, dest, &source, &checksum, follow);
    let content = match &source.content {
        Content::Bytes(bytes) => ContentSource::Bytes(bytes.clone().into()),
        Content::File(path) => ContentSource::File(path.clone()),
    };
    let mut outcome = module::call(context, "copy", sent, Some(content)).await?;
    let mut take = |key: &str| outcome.values.shift_remove(key).map(|value| python::str(&value)).unwrap_or_default();
    let (step, place, expanded) = (take("_step"), take("_place"), take("_dest"));
    take("_source");
    let mut diffs = Vec::new();
    match step.as_str() {
        "kept" => {
            return Ok(Sent::Kept { dest: if dest.starts_with('~') { expanded } else { dest.to_owned() } });
        }
        "stat" => {
            let reason = outcome.msg.unwrap_or_default();
            let message = format!("Failed to get information on remote file ({place}): {reason}");
            return Err(ActionError::failed(message));
        }
        "folder" => return Ok(Sent::Refused(refused_file(CONTENT_INTO_FOLDER))),
        "file" => {
            let mut shown = file_arguments(arguments, &[("state", "file".into()), ("path", place.into())]);
            shown.insert("dest".to_owned(), Data::from(dest));
            shown.insert("_original_basename".to_owned(), Data::from(source.basename.as_str()));
            if let Some(mode) = &source.mode {
                shown.insert("mode".to_owned(), Data::from(mode.as_str()));
            }
            outcome.set("invocation", module::invocation_of("file", shown));
        }
        _ => {
            if let Some(there) = diff::take_host_half(&mut outcome) {
                let coming = match &source.content {
                    Content::Bytes(bytes) => Coming::Bytes(bytes),
                    Content::File(path) => Coming::File(path),
                };
                let name = if source.by_value { &place } else { &source.name };
                diffs.push(diff::complete(context, there, coming, name, source.secret)?);
            }
        }
    }
    if outcome.diff.is_empty() {
        outcome.set("diff", diffs);
    }
    if step == "planned" {
        // What is there is no matter of a plan.
        outcome.values.retain(|key, _| key == "diff");
    } else if !outcome.values.get("checksum").is_some_and(crate::python_repr::truth) {
        outcome.set("checksum", checksum);
    }
    Ok(Sent::Done(outcome))
}

/// The arguments for the module on the host.
fn copy_arguments(arguments: &Map, dest: &str, source: &Source, checksum: &str, follow: bool) -> Map {
    let mut sent = arguments.clone();
    for control in ["src", "content", "decrypt"] {
        sent.shift_remove(control);
    }
    sent.insert("dest".to_owned(), Data::from(dest));
    sent.insert("_original_basename".to_owned(), Data::from(source.basename.as_str()));
    sent.insert("follow".to_owned(), Data::Bool(follow));
    if !sent.get("checksum").is_some_and(crate::python_repr::truth) {
        sent.insert("checksum".to_owned(), Data::from(checksum));
    }
    if let Some(mode) = &source.mode {
        sent.insert("mode".to_owned(), Data::from(mode.as_str()));
    }
    sent
}

/// The arguments of `copy` that the `file` module gets too, with these above them.
fn file_arguments(arguments: &Map, own: &[(&str, Data)]) -> Map {
    const SHARED: [&str; 10] =
        ["mode", "owner", "group", "seuser", "serole", "selevel", "setype", "attributes", "unsafe_writes", "force"];
    let shared = arguments.iter().filter(|(name, _)| SHARED.contains(&name.as_str()));
    let mut all: Map = shared.map(|(name, value)| (name.clone(), value.clone())).collect();
    all.insert("recurse".to_owned(), Data::Bool(false));
    all.extend(own.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    all
}

/// Sends a folder: its files, then its folders, then its links.
///
/// Ansible tells of the last of these alone where there is one file, and otherwise only whether anything changed.
async fn tree(
    context: &ActionContext<'_>,
    arguments: &Map,
    source: &Path,
    contents_only: bool,
    dest: &str,
) -> Result<Done, ActionError> {
    let unreadable = |error: std::io::Error| files::unreadable(source, &error);
    let name = source.display().to_string();
    let name = name.trim_end_matches('/');
    let prefix = match source.file_name() {
        Some(own) if !contents_only => format!("{}/", own.to_string_lossy()),
        _ => String::new(),
    };
    let local_follow = context.flag("local_follow", true);
    let found = walk::Tree::of(source, &prefix, local_follow).map_err(unreadable)?;
    let mut dest = if dest.ends_with('/') { dest.to_owned() } else { format!("{dest}/") };
    let follow = found.folders.is_empty() && context.flag("follow", false);
    let mut changed = false;
    let mut last = None;
    for (path, relative) in &found.files {
        let source = match Source::file(context, path, Some(relative))? {
            Found::Source(source) => source,
            Found::Refused(done) => return Ok(*done),
        };
        match send(context, arguments, source, &dest, follow).await? {
            Sent::Refused(done) => return Ok(done),
            Sent::Done(outcome) if outcome.failed => return Ok((outcome, true)),
            Sent::Done(outcome) => {
                changed |= outcome.changed.unwrap_or(false);
                last = Some(outcome);
            }
            Sent::Kept { dest: expanded } => dest = expanded,
        }
    }
    let mut made = Vec::new();
    for relative in &found.folders {
        let mode = arguments.get("directory_mode").cloned().unwrap_or_default();
        let own = [("path", format!("{dest}{relative}").into()), ("state", "directory".into()), ("mode", mode)];
        made.push(file_arguments(arguments, &own));
    }
    for (target, relative) in &found.links {
        let own = [
            ("path", format!("{dest}{relative}").into()),
            ("src", target.as_str().into()),
            ("state", "link".into()),
            ("force", true.into()),
        ];
        let mut link = file_arguments(arguments, &own);
        if !found.folders.is_empty() {
            link.insert("follow".to_owned(), Data::Bool(false));
        }
        if link.get("mode").and_then(Data::as_str) == Some("preserve") {
            link.shift_remove("mode");
        }
        made.push(link);
    }
    for arguments in made {
        let outcome = module::call(context, "file", arguments, None).await?;
        if outcome.failed {
            return Ok((outcome, true));
        }
        changed |= outcome.changed.unwrap_or(false);
        last = Some(outcome);
    }
    if let (Some(outcome), 1) = (last, found.files.len()) {
        return Ok((named_place(outcome), true));
    }
    let shown = if contents_only { format!("{name}/") } else { name.to_owned() };
    Ok((Outcome::changed(changed).with("dest", dest).with("src", shown), true))
}
