//! Outside judges of what this PKI makes: openssl, certtool, pkilint. `tests/pki-judges` installs them.

mod support;

mod judges {
    use std::{
        fs,
        path::{Path, PathBuf},
        process::Command,
    };

    use pki::{
        authority::Authority,
        clock::{Clock, Moment, SystemClock},
        crl::{Entry, Reason},
        key::KeyKind,
        profile::Role,
        request::SigningRequest,
        subject::Subject,
    };

    use super::support::{Tiers, forge::Body, key, names, service, terms};

    /// The folder that tests/pki-judges prints.
    fn folder() -> PathBuf {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pki-judges");
        let made = Command::new(&script).output().unwrap();
        assert!(made.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&made.stderr));
        PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
    }

    /// What a judge said: whether it agrees, and its words.
    fn ask(folder: &Path, judge: &str, arguments: &[&str]) -> (bool, String) {
        let said = Command::new(folder.join("bin").join(judge)).args(arguments).output().unwrap();
        let words = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        (said.status.success(), format!("{judge} {}\n{words}", arguments.join(" ")))
    }

    /// Three tiers written to a folder, with a leaf of each role and kind of key, and both lists.
    struct Written {
        tiers: Tiers,
        folder: tempfile::TempDir,
        leaves: Vec<(&'static str, Role)>,
    }

    impl Written {
        fn new() -> Self {
            Self::at(Tiers::new())
        }

        fn at(tiers: Tiers) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let long = format!("{}.{}.example.org", "a".repeat(40), "b".repeat(40));
            let leaves = [
                (
                    "server",
                    KeyKind::P256,
                    Role::Server,
                    vec!["web.example.org", "www.example.org", "10.1.2.3", "2001:db8::7"],
                ),
                ("client", KeyKind::P256, Role::Client, vec!["web.example.org"]),
                ("both", KeyKind::P384, Role::Both, vec!["web.example.org", "xn--bcher-kva.example.org"]),
                ("rsa", KeyKind::Rsa(3072), Role::Both, vec!["web.example.org"]),
                ("nameless", KeyKind::P256, Role::Server, vec![long.as_str(), "web.example.org"]),
            ];
            for (file, kind, role, names) in &leaves {
                let pem = tiers.issue(*kind, *role, names).to_pem().unwrap();
                fs::write(folder.path().join(format!("{file}.pem")), pem).unwrap();
            }
            let written =
                Self { folder, leaves: leaves.iter().map(|(file, _, role, _)| (*file, *role)).collect(), tiers };
            written.write("root.pem", &written.tiers.root.certificate().to_pem().unwrap());
            written.write("intermediate.pem", &written.tiers.intermediate.certificate().to_pem().unwrap());
            written.lists(&[], &[]);
            written
        }

        fn lists(&self, root: &[Entry], intermediate: &[Entry]) {
            let (root, intermediate) = (self.tiers.root_list(root), self.tiers.intermediate_list(intermediate));
            self.write("root.crl", &root.to_pem().unwrap());
            self.write("intermediate.crl", &intermediate.to_pem().unwrap());
            self.write("both.crl", &(intermediate.to_pem().unwrap() + &root.to_pem().unwrap()));
        }

        fn write(&self, file: &str, text: &str) {
            fs::write(self.folder.path().join(file), text).unwrap();
        }

        fn path(&self, file: &str) -> String {
            self.folder.path().join(file).to_str().unwrap().to_owned()
        }

        fn openssl(&self, judges: &Path, leaf: &str, purpose: &str, more: &[&str]) -> (bool, String) {
            let time = self.tiers.now.unix().to_string();
            let (root, intermediate, lists, leaf) =
                (self.path("root.pem"), self.path("intermediate.pem"), self.path("both.crl"), self.path(leaf));
            let mut arguments = vec![
                "verify",
                "-x509_strict",
                "-purpose",
                purpose,
                "-attime",
                &time,
                "-crl_check_all",
                "-CRLfile",
                &lists,
            ];
            arguments.extend(["-CAfile", &root, "-untrusted", &intermediate]);
            arguments.extend(more);
            arguments.push(&leaf);
            ask(judges, "openssl", &arguments)
        }
    }

    #[test]
    fn openssl_accepts_each_role_for_its_purpose_and_no_other() {
        let (judges, written) = (folder(), Written::new());
        for (file, role) in &written.leaves {
            for (purpose, served) in [("sslserver", *role != Role::Client), ("sslclient", *role != Role::Server)] {
                let host: &[&str] = if purpose == "sslserver" { &["-verify_hostname", "web.example.org"] } else { &[] };
                let (accepted, words) = written.openssl(&judges, &format!("{file}.pem"), purpose, host);
                assert_eq!(accepted, served, "{words}");
            }
        }
        let (accepted, words) = written.openssl(&judges, "server.pem", "sslserver", &["-verify_ip", "10.1.2.3"]);
        assert!(accepted, "{words}");
        let (accepted, words) =
            written.openssl(&judges, "server.pem", "sslserver", &["-verify_hostname", "other.example.org"]);
        assert!(!accepted, "{words}");
    }

    #[test]
    fn openssl_refuses_what_is_revoked_on_either_level_and_a_list_that_is_missing_or_stale() {
        let (judges, written) = (folder(), Written::new());
        let leaf =
            pki::certificate::Certificate::from_pem(&fs::read_to_string(written.path("server.pem")).unwrap()).unwrap();
        let entry = |serial| Entry { serial, revoked: written.tiers.now, reason: Reason::KeyCompromise };
        written.lists(&[], &[entry(leaf.serial().unwrap())]);
        let (accepted, words) = written.openssl(&judges, "server.pem", "sslserver", &[]);
        assert!(!accepted && words.contains("certificate revoked"), "{words}");
        written.lists(&[entry(written.tiers.intermediate.certificate().serial().unwrap())], &[]);
        let (accepted, words) = written.openssl(&judges, "client.pem", "sslclient", &[]);
        assert!(!accepted && words.contains("certificate revoked"), "{words}");
        written.lists(&[], &[]);
        fs::copy(written.path("intermediate.crl"), written.path("both.crl")).unwrap();
        let (accepted, words) = written.openssl(&judges, "server.pem", "sslserver", &[]);
        assert!(!accepted && words.contains("unable to get certificate CRL"), "{words}");
        written.lists(&[], &[]);
        let later = written.tiers.now.after(8 * 86_400).unwrap().unix().to_string();
        let (accepted, words) = written.openssl(&judges, "server.pem", "sslserver", &["-attime", &later]);
        assert!(!accepted && words.contains("CRL has expired"), "{words}");
    }

    #[test]
    fn certtool_accepts_the_chains() {
        // This judge knows no other time than the machine's.
        let (judges, written) = (folder(), Written::at(Tiers::at(SystemClock.now().unwrap())));
        for (file, role) in &written.leaves {
            let chain = fs::read_to_string(written.path(&format!("{file}.pem"))).unwrap()
                + &fs::read_to_string(written.path("intermediate.pem")).unwrap();
            written.write("fullchain.pem", &chain);
            let purpose = if *role == Role::Client { "1.3.6.1.5.5.7.3.2" } else { "1.3.6.1.5.5.7.3.1" };
            let (root, chain) = (written.path("root.pem"), written.path("fullchain.pem"));
            let (accepted, words) = ask(
                &judges,
                "certtool",
                &[
                    "--verify",
                    "--load-ca-certificate",
                    &root,
                    "--verify-hostname",
                    "web.example.org",
                    "--verify-purpose",
                    purpose,
                    "--infile",
                    &chain,
                ],
            );
            assert!(accepted && words.contains("Verified. The certificate is trusted."), "{words}");
        }
        for (list, issuer) in [("root.crl", "root.pem"), ("intermediate.crl", "intermediate.pem")] {
            let (issuer, list) = (written.path(issuer), written.path(list));
            let (accepted, words) =
                ask(&judges, "certtool", &["--verify-crl", "--load-ca-certificate", &issuer, "--infile", &list]);
            assert!(accepted, "{words}");
        }
    }

    #[test]
    fn pkilint_finds_nothing_in_certificates_pairs_and_lists() {
        let (judges, written) = (folder(), Written::new());
        clean_for_pkilint(&judges, &written);
        let entries = [Reason::KeyCompromise, Reason::Unspecified, Reason::CessationOfOperation].map(|reason| Entry {
            serial: pki_serial(),
            revoked: written.tiers.now,
            reason,
        });
        written.lists(&entries, &entries);
        clean_lists(&judges, &written);
    }

    #[test]
    fn pkilint_finds_nothing_in_certificates_that_reach_beyond_2049() {
        let judges = folder();
        let written = Written::at(Tiers::at(Moment::parse("2049-12-01T00:00:00Z").unwrap()));
        clean_for_pkilint(&judges, &written);
    }

    #[test]
    fn pkilint_dislikes_wildcards_and_the_spiffe_scheme_and_nothing_else_of_them() {
        // Both are opted for. RFC 5280 section 4.2.1.6 leaves wildcards undefined; RFC 9525 section 6.3 defines them. For URIs
        // pkilint 0.13.3 asks the package `validators`, which knows nine schemes (ftp, http, ssh, ...).
        let (judges, written) = (folder(), Written::new());
        for (name, finding) in [
            (
                "spiffe://example.org/client",
                "pkix.invalid_uri_syntax (ERROR): Invalid URI syntax: \"spiffe://example.org/client\"",
            ),
            ("*.example.org", "pkix.invalid_domain_name_syntax (ERROR): Invalid domain name syntax: \"*.example.org\""),
        ] {
            let leaf = written.tiers.issue(KeyKind::P256, Role::Both, &["web.example.org", name]);
            written.write("opted.pem", &leaf.to_pem().unwrap());
            let (_, words) = ask(&judges, "lint_pkix_cert", &["lint", "-s", "WARNING", &written.path("opted.pem")]);
            let findings: Vec<_> = words.lines().filter(|line| line.starts_with("    ")).map(str::trim).collect();
            assert_eq!(findings, [finding], "{words}");
            for purpose in ["sslclient", "sslserver"] {
                let (accepted, words) = written.openssl(&judges, "opted.pem", purpose, &[]);
                assert!(accepted, "{words}");
            }
        }
    }

    #[test]
    fn openssl_and_we_read_each_others_requests() {
        let (judges, folder) = (folder(), tempfile::tempdir().unwrap());
        let path = |file: &str| folder.path().join(file).to_str().unwrap().to_owned();
        let ours = SigningRequest::build(
            &Subject::new("DE", "Example", "web"),
            Some(&names(&["web.example.org"])),
            &key(KeyKind::P256),
        )
        .unwrap();
        fs::write(path("ours.csr"), ours.to_pem().unwrap()).unwrap();
        let (accepted, words) =
            ask(&judges, "openssl", &["req", "-verify", "-noout", "-text", "-in", &path("ours.csr")]);
        assert!(accepted && words.contains("DNS:web.example.org"), "{words}");
        for algorithm in
            [["ec", "ec_paramgen_curve:P-256"], ["ec", "ec_paramgen_curve:P-384"], ["rsa", "rsa_keygen_bits:3072"]]
        {
            let (accepted, words) = ask(
                &judges,
                "openssl",
                &[
                    "req",
                    "-new",
                    "-newkey",
                    algorithm[0],
                    "-pkeyopt",
                    algorithm[1],
                    "-nodes",
                    "-keyout",
                    &path("key.pem"),
                    "-out",
                    &path("theirs.csr"),
                    "-subj",
                    "/CN=db",
                    "-addext",
                    "subjectAltName=DNS:db.example.org,IP:10.0.0.1",
                ],
            );
            assert!(accepted, "{words}");
            let theirs = SigningRequest::from_pem(&fs::read_to_string(path("theirs.csr")).unwrap()).unwrap();
            assert_eq!(
                theirs.names(pki::dns::Wildcards::Refused).unwrap(),
                Some(names(&["db.example.org", "10.0.0.1"]))
            );
            let read = pki::key::PrivateKey::from_pem(&fs::read_to_string(path("key.pem")).unwrap()).unwrap();
            assert_eq!(read.public_key(), theirs.public_key());
        }
    }

    #[test]
    fn requests_of_openssl_for_an_authority_or_with_weak_keys_are_refused_and_ed25519_serves_but_never_issues() {
        let (judges, written) = (folder(), Written::new());
        let request = |algorithm: &[&str], more: &[&str]| {
            let (key, csr) = (written.path("key.pem"), written.path("their.csr"));
            let mut arguments = vec!["req", "-new", "-newkey"];
            arguments.extend(algorithm);
            arguments.extend(["-nodes", "-keyout", &key, "-out", &csr, "-subj", "/CN=web"]);
            arguments.extend(more);
            let (made, words) = ask(&judges, "openssl", &arguments);
            assert!(made, "{words}");
            SigningRequest::from_pem(&fs::read_to_string(&csr).unwrap())
        };
        let profile = service(Role::Both, &["web.example.org"]);
        let terms = terms(written.tiers.now, 90);
        let draft = |request: &SigningRequest| profile.draft_for(&written.tiers.intermediate, request, &terms);
        let authority =
            request(&["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], &["-addext", "basicConstraints=critical,CA:TRUE"])
                .unwrap();
        assert!(draft(&authority).unwrap_err().to_string().contains("it asks for CA:TRUE"));
        for (weak, problem) in [
            (&["rsa:1024"][..], "its modulus has 1024 bits"),
            (&["ec", "-pkeyopt", "ec_paramgen_curve:secp521r1"], "is not known here"),
            (&["ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"], "it names no curve"),
        ] {
            let refusal = request(weak, &[]).unwrap_err().to_string();
            assert!(refusal.contains(problem), "{refusal}");
        }
        let small = request(&["rsa:2048"], &[]).unwrap();
        assert!(draft(&small).unwrap_err().to_string().contains("its key is RSA-2048"));
        let edwards = request(&["ed25519"], &[]).unwrap();
        let leaf = draft(&edwards).unwrap().sign(&written.tiers.intermediate_key).unwrap();
        written.write("edwards.pem", &leaf.to_pem().unwrap());
        let (accepted, words) = written.openssl(&judges, "edwards.pem", "sslserver", &[]);
        assert!(accepted, "{words}");
        let mut body = Body::of(written.tiers.intermediate.certificate());
        body.key = edwards.public_key().info().clone();
        let refusal = Authority::new(body.sign(&written.tiers.root_key)).unwrap_err().to_string();
        assert!(refusal.contains("an Ed25519 key must not issue"), "{refusal}");
    }

    fn pki_serial() -> pki::serial::Serial {
        pki::serial::Serial::generate(&mut pki::random::SystemRandom).unwrap()
    }

    fn clean_for_pkilint(judges: &Path, written: &Written) {
        let (root, intermediate) = (written.path("root.pem"), written.path("intermediate.pem"));
        let mut questions = vec![
            ("lint_pkix_cert", vec!["lint", "-s", "WARNING", &root]),
            ("lint_pkix_cert", vec!["lint", "-s", "WARNING", &intermediate]),
            ("lint_pkix_signer_signee_cert_chain", vec!["lint", "-s", "WARNING", &root, &intermediate]),
        ];
        let leaves: Vec<_> = written.leaves.iter().map(|(file, _)| written.path(&format!("{file}.pem"))).collect();
        for leaf in &leaves {
            questions.push(("lint_pkix_cert", vec!["lint", "-s", "WARNING", leaf]));
            questions.push(("lint_pkix_signer_signee_cert_chain", vec!["lint", "-s", "WARNING", &intermediate, leaf]));
        }
        for (judge, arguments) in questions {
            let (clean, words) = ask(judges, judge, &arguments);
            assert!(clean, "{words}");
        }
        clean_lists(judges, written);
    }

    fn clean_lists(judges: &Path, written: &Written) {
        for (kind, list) in [("ARL", "root.crl"), ("CRL", "intermediate.crl")] {
            let list = written.path(list);
            let (clean, words) = ask(judges, "lint_crl", &["lint", "-t", kind, "-p", "PKIX", "-s", "WARNING", &list]);
            assert!(clean, "{words}");
        }
    }
}
