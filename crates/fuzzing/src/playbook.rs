//! Playbooks, and arguments in one line.

use std::{path::Path, rc::Rc};

use provision::playbook::{
    Ids, LoadOptions, Loader, NoTemplates, NoVault,
    arguments::{join_args, parse_kv, split_args},
};

use super::text;

/// Loads a playbook. It can name files in its own folder alone, which is not there.
pub fn playbook(data: &[u8]) {
    let Some(text) = text(data).filter(|text| !text.contains(['/', '\\', '~'])) else { return };
    if super::ends_libfuzzer(data) {
        return;
    }
    let mut loader = Loader::new(LoadOptions::default(), Rc::new(NoVault), Rc::new(NoTemplates), Ids::default());
    let path = Path::new("/nonexistent/site.yml");
    if loader.provide(path, text).is_err() {
        return;
    }
    if let Err(refused) = loader.load_playbook(path) {
        assert!(!refused.diagnostics.is_empty(), "a refusal says why");
    }
}

/// Splits `key=value` arguments.
pub fn key_values(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let _ = (parse_kv(text, false), parse_kv(text, true));
    if let Ok(words) = split_args(text) {
        let _ = split_args(&join_args(&words));
    }
}
