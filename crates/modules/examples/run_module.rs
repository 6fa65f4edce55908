//! Runs one module on this machine and prints its result as Ansible's modules do:
//! `cargo run -p provision-modules --example run_module -- [--check] [--diff] MODULE '{"option": "value"}'`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::{env, error::Error, sync::Arc};

use modules::{Cancellation, NoLink, registry, support::job_file};
use protocol::{Data, Invocation, Map};

fn main() -> Result<(), Box<dyn Error>> {
    let mut invocation = Invocation::default();
    let mut words = Vec::new();
    for word in env::args().skip(1) {
        match word.as_str() {
            "--check" => invocation.check_mode = true,
            "--diff" => invocation.diff_mode = true,
            _ => words.push(word),
        }
    }
    let [module, arguments] = words.as_slice() else {
        return Err("a module and its arguments as JSON are needed".into());
    };
    invocation.module.clone_from(module);
    if let Data::Map(map) = Data::from_json(serde_json::from_str(arguments)?) {
        invocation.arguments = map;
    }
    let outcome = registry::ALL.run(&invocation, Arc::new(NoLink), Cancellation::default());
    let mut result = job_file::to_map(&outcome);
    if !outcome.msg.as_deref().is_some_and(|msg| msg.starts_with("Task failed: ")) {
        let arguments = registry::ALL.module_args(&invocation, &outcome);
        result.insert("invocation".to_owned(), Map::from([("module_args".to_owned(), Data::Map(arguments))]).into());
    }
    println!("{}", job_file::to_json(Data::Map(result)));
    Ok(())
}
