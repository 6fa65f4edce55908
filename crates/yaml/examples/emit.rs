//! Reads options and a JSON document a line (tab between) and prints it as YAML, hexadecimal: for comparison with
//! PyYAML.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::io::BufRead;

#[path = "../tests/common/emitted.rs"]
mod emitted;

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        if let Some(text) = line.split_once('\t').and_then(|(options, json)| emitted::emitted(options, json)) {
            println!("{}", text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
    }
}
