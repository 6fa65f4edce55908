//! `template`: renders a file of the control node and sends what comes out.
//!
//! Source: Ansible documentation, `ansible.builtin.template`.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use jinja::{Origin, Str};
use protocol::Outcome;

use super::{ActionContext, ActionError, ActionOutcome, Local, copy, files, module};
use crate::{
    template::{Templar, file_variables::file_variables},
    vars::Layer,
};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let failed = |message: &str| Outcome { failed: true, msg: Some(message.to_owned()), ..Outcome::default() };
        if context.arg("state").is_some() {
            return Ok(failed("'state' cannot be specified on a template").into());
        }
        let (Some(src), Some(dest)) = (context.text("src"), context.text("dest")) else {
            return Ok(failed("src and dest are required").into());
        };
        let newline = match context.text("newline_sequence").as_deref() {
            None | Some("\n" | "\\n") => "\n",
            Some("\r" | "\\r") => "\r",
            Some("\r\n" | "\\r\\n") => "\r\n",
            Some(_) => return Ok(failed("newline_sequence needs to be one of: \n, \r or \r\n").into()),
        };
        if let Some(encoding) = context.text("output_encoding")
            && !matches!(encoding.to_lowercase().as_str(), "utf-8" | "utf8" | "")
        {
            return Err(ActionError::failed(format!("output_encoding {encoding} is not done yet; utf-8 is")));
        }
        let source = files::find(context, "templates", &src)?;
        let text = read(context, &source)?;
        let mode = match context.text("mode") {
            Some(mode) if mode == "preserve" => {
                let metadata = fs::metadata(&source).map_err(|error| unreadable(&source, &error))?;
                Some(format!("0{:03o}", metadata.permissions().mode() & 0o7777))
            }
            _ => None,
        };
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
        let name = source.display().to_string();
        let origin = Origin { file: name.as_str().into(), line: 1, column: 1 };
        let scope = context.scope.with(
            Layer::Loop,
            file_variables(&src, &source, Some(&dest), context.scope.layers().raw("ansible_managed").is_none()),
        );
        let template = Str::trusted(text, Some(origin));
        let rendered =
            context.templar().render_file(&template, &name, &options, search_path(context, &source), &scope)?;
        let text = copy::rendered_text(&rendered)?;
        let mut arguments = module::to_map(context.args)?;
        for own in [
            "src",
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
        ] {
            arguments.shift_remove(own);
        }
        arguments.insert("follow".to_owned(), context.flag("follow", false).into());
        let basename = source.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let outcome = copy::send(context, &arguments, &dest, &basename, text.into_bytes(), mode).await?;
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> ActionError {
    ActionError::failed(format!("could not read src={}: {error}", path.display()))
}

fn read(context: &ActionContext<'_>, source: &Path) -> Result<String, ActionError> {
    let mut bytes = fs::read(source).map_err(|error| unreadable(source, &error))?;
    if bytes.starts_with(b"$ANSIBLE_VAULT;") {
        bytes = context.vault.open(&source.display().to_string(), &bytes).map_err(ActionError::failed)?;
    }
    String::from_utf8(bytes)
        .map_err(|_| ActionError::failed(format!("Template source files must be utf-8 encoded: {}", source.display())))
}

/// Where the template finds what it includes: `templates/` of each folder and the folder itself.
fn search_path(context: &ActionContext<'_>, source: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = context.search_path.to_vec();
    folders.push(context.playbook_dir.to_owned());
    folders.extend(source.parent().map(Path::to_owned));
    folders.into_iter().flat_map(|folder| [folder.join("templates"), folder]).collect()
}
