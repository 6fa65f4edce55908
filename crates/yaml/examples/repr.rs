//! Reads documents (hexadecimal, one a line) and prints what each is: for comparison with PyYAML.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::io::BufRead;

#[path = "../tests/common/mod.rs"]
mod common;

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let bytes: Vec<u8> = (0..line.len() / 2)
            .filter_map(|index| u8::from_str_radix(line.get(index * 2..index * 2 + 2)?, 16).ok())
            .collect();
        println!("{}", common::answer(&bytes));
    }
}
