//! `first_found`: the first file that is there.
//!
//! Source: Ansible documentation, `ansible.builtin.first_found` lookup.

use jinja::{Error, Value};

use super::{Answer, Request, options::is_true};
use crate::template::Notice;

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    // A loop looks beside the task's own kind of files.
    let folder = request.action.map(|action| {
        let kind = ["template", "var", "file"].into_iter().find(|kind| action.contains(kind)).unwrap_or("file");
        format!("{kind}s")
    });
    let mut terms = std::mem::take(&mut request.terms);
    if terms.is_empty() {
        terms = list(request.option("files"))?;
    }
    let mut skip = request.flag("skip", false);
    let paths = list(request.option("paths"))?;
    let mut candidates = Vec::new();
    for term in &terms {
        collect(request, term, &paths, request.action.is_some(), &mut skip, &mut candidates)?;
    }
    for name in &candidates {
        if let Some(path) = request.find(folder.as_deref(), &Value::from(name.as_str()))? {
            let path = request.registry.config.environment.resolve(&path.display().to_string(), None);
            return Ok(vec![Value::from(path.display().to_string())]);
        }
    }
    if skip { Ok(Vec::new()) } else { Err(Error::other("No file was found when using first_found.")) }
}

fn list(value: Option<&Value>) -> Result<Vec<Value>, Error> {
    match value {
        None | Some(Value::None) => Ok(Vec::new()),
        Some(Value::List(list)) => list.values(),
        Some(other) => Ok(vec![other.clone()]),
    }
}

fn split(request: &Request<'_>, target: &str, values: &[Value], separators: &str) -> Result<Vec<String>, Error> {
    let mut words = Vec::new();
    for value in values {
        if let Value::List(list) = value {
            words.extend(split(request, target, &list.values()?, separators)?);
        }
        if let Value::Undefined(undefined) = value {
            return Err(undefined.error());
        }
        if let Value::Str(text) = value {
            if text.contains(|letter| separators.contains(letter)) {
                let message = format!("Automatic splitting of {target} on '{separators}' is deprecated.");
                let notice = Notice::deprecated(message, "2.23").by_plugin("lookup", "first_found").about(value);
                request.scope.notice(notice.help(format!("Provide a list of paths for {target} instead.")));
            }
            words.extend(text.split(|letter| separators.contains(letter)).map(str::to_owned));
        }
    }
    Ok(words)
}

fn collect(
    request: &Request<'_>,
    term: &Value,
    paths: &[Value],
    in_loop: bool,
    skip: &mut bool,
    candidates: &mut Vec<String>,
) -> Result<(), Error> {
    let (description, files, of_term) = match term {
        Value::Undefined(_) if in_loop => return Ok(()),
        Value::Undefined(undefined) => return Err(undefined.error()),
        Value::List(terms) => {
            for term in terms.values()? {
                collect(request, &term, paths, in_loop, skip, candidates)?;
            }
            return Ok(());
        }
        Value::Dict(options) => {
            // The last term's options are those that stay, `skip` with them.
            *skip = options.get("skip")?.is_some_and(|value| is_true(&value));
            ("the 'files' option", list(options.get("files")?.as_ref())?, Some(list(options.get("paths")?.as_ref())?))
        }
        Value::Str(_) => ("files", vec![term.clone()], None),
        other => {
            let message =
                format!("Invalid term supplied. A string, dict or list is required, not '{}').", other.type_name());
            return Err(Error::other(message));
        }
    };
    let files = split(request, description, &files, ",;")?;
    let paths = split(request, "the \"paths\" option", of_term.as_deref().unwrap_or(paths), ",:;")?;
    if paths.is_empty() {
        candidates.extend(files);
    } else {
        for path in &paths {
            candidates.extend(files.iter().map(|file| {
                if file.starts_with('/') { file.clone() } else { format!("{}/{file}", path.trim_end_matches('/')) }
            }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{Place, refusal};

    #[test]
    fn the_first_file_that_is_there_is_the_answer() {
        let place = Place::with(&[("b.yml", ""), ("sub/c.yml", "")]);
        assert_eq!(place.answer("lookup('first_found', ['a.yml', 'b.yml'])"), "'PLACE/b.yml'");
        assert_eq!(
            place.answer("lookup('first_found', {'files': ['a.yml', 'c.yml'], 'paths': ['nope', 'sub']})"),
            "'PLACE/sub/c.yml'"
        );
        assert_eq!(place.answer("lookup('first_found', files=['c.yml'], paths='sub')"), "'PLACE/sub/c.yml'");
    }

    #[test]
    fn none_of_them_is_an_error_unless_it_may_be_skipped() {
        let message = "The lookup plugin 'first_found' failed: No file was found when using first_found.";
        assert_eq!(refusal("lookup('first_found', ['a', 'b'])"), message);
        assert_eq!(Place::with(&[]).answer("q('first_found', ['a'], skip=true)"), "[]");
        assert_eq!(Place::with(&[]).answer("q('first_found', {'files': 'a', 'skip': true})"), "[]");
    }
}
