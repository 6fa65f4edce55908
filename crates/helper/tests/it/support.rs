//! The helper as the control node meets it: the program, its standard input and output.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use modules::Bundle;
use protocol::{
    Data, Invocation, Map, Outcome,
    frame::{FromHelper, ToHelper, VERSION, decode, decode_length, encode},
};

/// The program of a bundle.
pub(crate) fn program(bundle: Bundle) -> &'static str {
    match bundle {
        Bundle::Base => env!("CARGO_BIN_EXE_provision-helper-base"),
        Bundle::Web => env!("CARGO_BIN_EXE_provision-helper-web"),
        Bundle::Crypto => env!("CARGO_BIN_EXE_provision-helper-crypto"),
    }
}

/// A call of a module with arguments.
pub(crate) fn invocation<const N: usize>(module: &str, arguments: [(&str, &str); N]) -> Invocation {
    let arguments: Map = arguments.into_iter().map(|(name, value)| (name.to_owned(), Data::from(value))).collect();
    Invocation { module: module.to_owned(), arguments, ..Invocation::default() }
}

/// A running helper that has said hello.
pub(crate) struct Helper {
    pub(crate) child: Child,
    pub(crate) input: Option<ChildStdin>,
    output: ChildStdout,
}

impl Helper {
    pub(crate) fn start(bundle: Bundle) -> Self {
        let mut child = Command::new(program(bundle)).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        let mut helper = Self { child, input, output };
        match helper.receive() {
            FromHelper::Hello(hello) => assert_eq!(hello.protocol, VERSION),
            other => panic!("no hello but {other:?}"),
        }
        helper
    }

    pub(crate) fn send(&mut self, frame: &ToHelper) {
        self.input.as_mut().unwrap().write_all(&encode(frame).unwrap()).unwrap();
    }

    pub(crate) fn run(&mut self, id: u32, after: Option<u32>, invocation: Invocation) {
        self.send(&ToHelper::Run { id, after, invocation: Box::new(invocation) });
    }

    pub(crate) fn receive(&mut self) -> FromHelper {
        let mut prefix = [0; 4];
        self.output.read_exact(&mut prefix).unwrap();
        let mut bytes = vec![0; decode_length(prefix).unwrap()];
        self.output.read_exact(&mut bytes).unwrap();
        decode(&bytes).unwrap()
    }

    pub(crate) fn done(&mut self, want: u32) -> Outcome {
        match self.receive() {
            FromHelper::Done { id, outcome } if id == want => *outcome,
            other => panic!("call {want} is not done but {other:?}"),
        }
    }

    /// Ends the input and waits for the helper's end.
    pub(crate) fn hang_up(mut self) -> bool {
        self.input = None;
        self.child.wait().unwrap().success()
    }
}
