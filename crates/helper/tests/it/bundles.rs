//! The programs, one a bundle: each answers for its own modules, and the one that every host gets stays small.

use modules::{Bundle, registry::MODULES};

use crate::support::{Helper, invocation, program};

#[test]
fn each_program_answers_for_the_modules_of_its_bundle_and_for_no_others() {
    for bundle in Bundle::ALL {
        let mut helper = Helper::start(bundle);
        for (id, entry) in (1..).zip(MODULES) {
            // Refused before the module does anything, so that every one of them can be asked.
            let module = entry.specification.module;
            helper.run(id, None, invocation(module, [("no such option", "")]));
            let msg = helper.done(id).msg.unwrap();
            let unknown = msg == format!("the module {module} is not one of the helper's");
            assert_eq!(unknown, entry.bundle != bundle, "{module} in the {} bundle: {msg}", bundle.name());
        }
        assert!(helper.hang_up());
    }
}

#[test]
fn the_program_that_every_host_gets_carries_no_tls() {
    // What rustls says of a certificate that it does not take.
    let tls = b"invalid peer certificate";
    let carries = |bundle: Bundle| {
        let bytes = std::fs::read(program(bundle)).unwrap();
        bytes.windows(tls.len()).any(|window| window == tls)
    };
    assert!(
        !carries(Bundle::Base),
        "a module of the base bundle reaches TLS: its row in the registry wants Bundle::Web"
    );
    assert!(carries(Bundle::Web));
}
