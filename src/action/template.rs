//! `template`: renders a file of the control node and sends what comes out.
//!
//! Source: Ansible documentation, `ansible.builtin.template`.

use std::path::{Path, PathBuf};

use jinja::{Origin, Str, Value};
use modules::support::text::Encoding;
use protocol::Data;

use super::{
    ActionContext, ActionError, ActionOutcome, Local,
    copy::{self, Source},
    files, module,
};
use crate::{
    diagnostic::{ErrorChain, Link},
    template::{Templar, TemplateError, data::to_data, file_variables::file_variables},
    vars::Layer,
};

/// Options that are the template's own and not sent on.
const OWN: [&str; 10] = [
    "newline_sequence",
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "trim_blocks",
    "lstrip_blocks",
    "output_encoding",
];

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        if context.arg("state").is_some() {
            return Err(ActionError::refused("'state' cannot be specified on a template"));
        }
        let (Some(src), Some(dest)) = (context.text("src"), context.text("dest")) else {
            return Err(ActionError::refused("src and dest are required"));
        };
        let newline = match context.text("newline_sequence").as_deref() {
            None | Some("\n" | "\\n") => "\n",
            Some("\r" | "\\r") => "\r",
            Some("\r\n" | "\\r\\n") => "\r\n",
            Some(_) => return Err(ActionError::refused("newline_sequence needs to be one of: \n, \r or \r\n")),
        };
        let path = files::find(context, "templates", &src).map_err(|error| match error {
            ActionError::Failed(chain) => {
                let link = Link::new(chain.brief()).while_handling();
                ActionError::Refused(ErrorChain::new(link), protocol::Map::new())
            }
            other => other,
        })?;
        let mode = copy::preserved_mode(context, &path)?;
        let (text, secret) = read(context, &path)?;
        let rendered = render(context, &src, &path, &dest, text, newline)?;
        let bytes = encode(context, &rendered)?;

        let mut arguments = module::to_map(context.args)?;
        arguments.retain(|name, _| !OWN.contains(&name.as_str()));
        if let Some(mode) = mode {
            arguments.insert("mode".to_owned(), Data::from(mode));
        }
        arguments.insert("follow".to_owned(), context.flag("follow", false).into());
        let basename = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let source = Source::made(context, basename, bytes, secret);
        let (outcome, by_module) = copy::single(context, &arguments, source, &dest).await?;
        Ok(ActionOutcome { outcome, by_module, ..ActionOutcome::default() })
    })
}

/// The text of a template, and whether it comes out of a vault. What is no UTF-8 travels as private characters.
fn read(context: &ActionContext<'_>, path: &Path) -> Result<(String, bool), ActionError> {
    let bytes = std::fs::read(path).map_err(|error| files::unreadable_text(path, &error))?;
    let decrypted = files::plain_of(context, path, &bytes)?;
    let secret = decrypted.is_some();
    Ok((Encoding::Utf8.decode(&decrypted.unwrap_or(bytes)), secret))
}

fn render(
    context: &ActionContext<'_>,
    src: &str,
    path: &Path,
    dest: &str,
    text: String,
    newline: &str,
) -> Result<String, ActionError> {
    let mut options = Templar::file_options();
    newline.clone_into(&mut options.newline_sequence);
    options.trim_blocks = context.flag("trim_blocks", true);
    options.lstrip_blocks = context.flag("lstrip_blocks", false);
    for (name, slot) in [
        ("block_start_string", &mut options.block_start_string),
        ("block_end_string", &mut options.block_end_string),
        ("variable_start_string", &mut options.variable_start_string),
        ("variable_end_string", &mut options.variable_end_string),
        ("comment_start_string", &mut options.comment_start_string),
        ("comment_end_string", &mut options.comment_end_string),
    ] {
        if let Some(given) = context.text(name) {
            *slot = given;
        }
    }
    let name = path.display().to_string();
    let origin = Origin { file: name.as_str().into(), line: 1, column: 1 };
    let managed = context.scope.layers().raw("ansible_managed").is_none();
    let scope = context.scope.with(Layer::Loop, file_variables(src, path, Some(dest), managed));
    let template = Str::trusted(text, Some(origin));
    let rendered = context
        .templar()
        .render_file(&template, &name, &options, search_path(context, path), &scope)
        .map_err(|error| without_line(error, &name))?;
    rendered_text(&rendered)
}

/// Ansible knows of no lines within a template's file.
fn without_line(mut error: TemplateError, name: &str) -> TemplateError {
    if let Some(span) = error.origin.as_mut().filter(|span| *span.file == *name) {
        (span.line, span.column) = (0, 0);
    }
    error
}

/// A rendered value as the text of a file.
fn rendered_text(value: &Value) -> Result<String, ActionError> {
    match to_data(value)? {
        Data::Null => Ok(String::new()),
        other => Ok(protocol::arguments::python::str(&other)),
    }
}

fn encode(context: &ActionContext<'_>, text: &str) -> Result<Vec<u8>, ActionError> {
    let name = context.text("output_encoding").filter(|name| !name.is_empty()).unwrap_or_else(|| "utf-8".to_owned());
    let encoding = Encoding::named(&name).ok_or_else(|| ActionError::failed(format!("unknown encoding: {name}")))?;
    encoding.encode(text).map_err(|error| ActionError::failed(error.to_string()))
}

/// Where the template finds what it includes: `templates/` of each folder and the folder itself.
fn search_path(context: &ActionContext<'_>, source: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = context.search_path.to_vec();
    folders.push(context.playbook_dir.to_owned());
    folders.extend(source.parent().map(Path::to_owned));
    folders.into_iter().flat_map(|folder| [folder.join("templates"), folder]).collect()
}
