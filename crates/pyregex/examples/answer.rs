//! Answers cases (JSON, one a line) with what the engine finds, for comparison with Python's `re`.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::io::BufRead;

#[path = "../tests/common/mod.rs"]
mod common;

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        if let Ok(case) = serde_json::from_str(&line) {
            println!("{}", common::answer_case(&case));
        }
    }
}
