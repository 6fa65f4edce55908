//! `template`: what comes out of a template file.
//!
//! Source: Ansible documentation, `ansible.builtin.template` lookup.

use std::{path::PathBuf, rc::Rc};

use jinja::{Dict, Error, Kind, Origin, Scope, Str, Undefined, Value};

use super::{Answer, Request};
use crate::{
    template::{Templar, TemplateError, file_variables::file_variables},
    vars::Layer,
};

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let mut options = Templar::file_options();
    for (name, slot) in [
        ("variable_start_string", &mut options.variable_start_string),
        ("variable_end_string", &mut options.variable_end_string),
        ("comment_start_string", &mut options.comment_start_string),
        ("comment_end_string", &mut options.comment_end_string),
    ] {
        if let Some(given) = request.text(name)? {
            *slot = given;
        }
    }
    options.trim_blocks = request.flag("trim_blocks", true);
    let own = Dict::new();
    match request.option("template_vars") {
        Some(Value::Dict(variables)) => own.update(variables)?,
        None | Some(Value::None) => {}
        Some(other) => {
            return Err(Error::other(format!(
                "Config 'template_vars' for 'template' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'dictionary': {}",
                other.repr()?
            )));
        }
    }
    let mut found = Vec::new();
    for term in &request.terms {
        let Some(path) = request.find_or_warn(Some("templates"), term)? else {
            return Err(Error::other(format!(
                "the template file {} could not be found for the lookup",
                term.to_str()?
            )));
        };
        let mut search: Vec<PathBuf> = path.parent().map(PathBuf::from).into_iter().collect();
        search.extend(request.search_path()?.into_iter().flat_map(|folder| [folder.join("templates"), folder]));
        let managed = request.scope.lookup("ansible_managed").ok().flatten().is_some();
        let variables = file_variables(&term.to_str()?, &path, None, !managed);
        variables.update(&own)?;
        let scope = request.scope.with(Layer::Loop, variables);
        let name = path.display().to_string();
        let origin = Origin { file: name.as_str().into(), line: 1, column: 1 };
        let source = Str::trusted(request.read(&path)?, Some(origin));
        let rendered = request.scope.templar().render_file(&source, &name, &options, search, &scope);
        // What fails is a value whose use is the error, not a lookup that failed.
        found.push(rendered.unwrap_or_else(|error| {
            let error = Error { called: true, ..engine_error(&error) };
            Value::Undefined(Rc::new(Undefined::failed(error)))
        }));
    }
    Ok(found)
}

fn engine_error(error: &TemplateError) -> Error {
    let kind = if error.undefined { Kind::Undefined } else { Kind::Other };
    let mut said = Error::new(kind, error.message.clone());
    said.origin = error.origin.as_ref().map(|span| Origin {
        file: span.file.to_string().into(),
        line: span.line,
        column: span.column,
    });
    said
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{Place, refusal};

    #[test]
    fn a_file_is_rendered_with_the_variables_of_the_task() {
        let place = Place::with(&[
            ("templates/t.j2", "hi {{ nest }} {{ more | default('no more') }}\n"),
            ("templates/outer.j2", "{% include 't.j2' %}!\n"),
            ("other.j2", "[% web %] {{ web }}"),
        ]);
        assert_eq!(place.answer("lookup('template', 't.j2')"), "'hi a web b no more\\n'");
        assert_eq!(place.answer("lookup('template', 't.j2', template_vars={'more': 1})"), "'hi a web b 1\\n'");
        assert_eq!(place.answer("lookup('template', 'outer.j2')"), "'hi a web b no more!\\n'");
        assert_eq!(
            place.answer("lookup('template', 'other.j2', variable_start_string='[%', variable_end_string='%]')"),
            "'web {{ web }}'"
        );
    }

    #[test]
    fn what_is_undefined_in_a_template_stays_just_that() {
        let place = Place::with(&[("t.j2", "{{ nope }}")]);
        assert_eq!(place.refusal("lookup('template', 't.j2')"), "'nope' is undefined");
        assert_eq!(
            refusal("lookup('template', 'nope')"),
            "The lookup plugin 'template' failed: the template file nope could not be found for the lookup"
        );
    }
}
