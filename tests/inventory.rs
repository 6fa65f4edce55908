//! Odd inventories, and what ansible-inventory 2.19 makes of them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use provision::{
    config::{Config, Environment},
    diagnostic::Diagnostic,
    inventory::{Error, Inventory, Layer, Order, list::Listing},
    vault::{Password, VaultSecrets},
};

/// A directory with files; those that begin with `#!` can be executed.
struct Place {
    dir: tempfile::TempDir,
    secrets: VaultSecrets,
}

/// An inventory and what was said about it.
struct Loaded {
    inventory: Inventory,
    said: Vec<String>,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for (name, content) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            if content.starts_with("#!") {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        Self { dir, secrets: VaultSecrets::default() }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn try_load(&self, sources: &[&str]) -> (Result<Inventory, Error>, Vec<String>) {
        let cwd = self.path().to_owned();
        let environment = Environment { home: cwd.join("home"), cwd, ..Environment::default() };
        let mut said = Vec::new();
        let mut warn = |warning: Diagnostic| {
            let cause = warning.cause.iter().map(|cause| format!(": {}", cause.message)).collect::<String>();
            said.push(format!("{}{cause}", warning.message).replace(&self.path().display().to_string(), "DIR"));
        };
        let config = Config::load(environment, &mut warn).unwrap();
        let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
        let inventory = Inventory::load(&sources, &config, &self.secrets, &mut warn);
        (inventory, said)
    }

    fn load(&self, sources: &[&str]) -> Loaded {
        let (inventory, said) = self.try_load(sources);
        Loaded { inventory: inventory.unwrap(), said }
    }
}

impl Loaded {
    fn hosts(&self, pattern: &str) -> String {
        let found = self.inventory.hosts_matching(&[pattern.to_owned()], &mut |_| ());
        found.map_or_else(|error| error.to_string(), |hosts| hosts.join(" "))
    }

    /// The variables of a host as JSON on one line, those of the run left out.
    fn vars(&mut self, host: &str) -> String {
        let text = Listing::default().host(&mut self.inventory, host, &mut |_| ()).unwrap();
        text.lines().map(str::trim).collect()
    }

    fn graph(&mut self) -> String {
        Listing::default().graph(&mut self.inventory, "all", false).unwrap()
    }
}

fn ini(text: &str) -> Loaded {
    Place::new(&[("hosts", text)]).load(&["hosts"])
}

#[test]
fn values_of_ini_are_python_literals_or_plain_text() {
    let mut inventory = ini(r#"
h a="x y" b='{"k": 1}' c=[1,2] d=yes e=True f=None g=1.0 h=0644 i='"quoted"' j=k=a=b k={{foo}} l=1,2 m=0x1F n=o#gone
[all:vars]
p="a\tb" # comment
q=C:\path\new
r='\u00e9'
s=foo "bar"
t=
u={1,}
v=1+2j
w=...
x="unterminated
y=123456789012345678901234567890
z=not True
"#);
    assert_eq!(
        inventory.vars("h"),
        concat!(
            r#"{"a": "x y","b": {"k": 1},"c": [1,2],"d": "yes","e": true,"f": null,"g": 1.0,"h": "0644","#,
            r#""i": "quoted","j": "k=a=b","k": "{{foo}}","l": [1,2],"m": 31,"n": "o","p": "a\tb","#,
            r#""q": "C:\\path\\new","r": "é","s": "foo \"bar\"","t": "","u": [1],"v": "(1+2j)","w": "...","#,
            r#""x": "\"unterminated","y": 123456789012345678901234567890,"z": "not True"}"#
        )
    );
}

#[test]
fn hosts_of_ini_have_ranges_ports_and_addresses() {
    let mut inventory = ini("web[01:03].x\ndb-[a:c]\nn[00:10:5]:22 x=1\n[fe80::1]:22\n::1\n2001:db8::[1:2]\n");
    assert_eq!(
        inventory.hosts("all"),
        "web01.x web02.x web03.x db-a db-b db-c n00 n05 n10 fe80::1 ::1 2001:db8::1 2001:db8::2"
    );
    assert_eq!(inventory.vars("n05"), r#"{"ansible_port": 22,"x": 1}"#);
    assert_eq!(inventory.vars("fe80::1"), r#"{"ansible_port": 22}"#);
}

#[test]
fn a_group_may_be_named_before_it_is_defined() {
    let mut inventory = ini("[a:children]\nb\nc\n[b:vars]\nx=1\n[b]\nh1\n[c:children]\nd\n[d]\nh2\n[d:vars]\nx=2\n");
    assert_eq!(
        inventory.graph(),
        "@all:\n  |--@ungrouped:\n  |--@a:\n  |  |--@b:\n  |  |  |--h1\n  |  |--@c:\n  |  |  |--@d:\n  |  |  |  |--h2"
    );
    assert_eq!((inventory.vars("h1"), inventory.vars("h2")), (r#"{"x": 1}"#.into(), r#"{"x": 2}"#.into()));
}

#[test]
fn broken_ini_is_warned_about_in_ansibles_words() {
    for (text, message) in [
        ("h1\nh2 h3\n", "Expected key=value host variable assignment, got: h3"),
        ("[a:foo]\n", "Section [a:foo] has unknown type: foo"),
        ("[a:children]\nb\n", "Section [a:children] includes undefined group 'b'."),
        ("[a:vars]\nb=1\n", "Section [a:vars] not valid for undefined group 'a'."),
        ("[a:children]\nb\n[b:children]\na\n", "Adding group 'a' as child to 'b' creates a recursive dependency loop."),
        ("[a:children]\na\n", "can't add group to itself"),
        ("h1 a='b\n", "Error parsing host definition 'h1 a='b': No closing quotation"),
        ("h[1-3]\n", "host range must be begin:end or begin:end:step"),
        ("[all:vars]\na={{ 1 }}\n", "unhashable type: 'set'"),
        ("[a]\nh\n[a:vars]\nansible_group_priority=x\n", "invalid literal for int() with base 10: 'x'"),
    ] {
        let said = ini(text).said;
        let want = format!("Failed to parse inventory with 'ini' plugin: Failed to parse inventory: {message}");
        assert!(said.contains(&want), "{text}: {said:?}");
        assert!(said.contains(&"Unable to parse DIR/hosts as an inventory source".to_owned()));
        assert_eq!(said.last().unwrap(), "No inventory was parsed, only implicit localhost is available");
    }
}

#[test]
fn a_fault_points_at_its_line() {
    let place = Place::new(&[("hosts", "[web]\n  h1 h2\n")]);
    let mut places = Vec::new();
    let cwd = place.path().to_owned();
    let config = Config::defaults(Environment { cwd, ..Environment::default() });
    let mut warn = |warning: Diagnostic| {
        let label = warning.cause.and_then(|cause| cause.labels.first().cloned());
        places.extend(label.map(|(span, _)| (span.line, span.column, span.length)));
    };
    Inventory::load(&["hosts".to_owned()], &config, &VaultSecrets::default(), &mut warn).unwrap();
    assert_eq!(places.last(), Some(&(2, 3, 5)));
}

#[test]
fn deeper_groups_win_then_priority_then_name() {
    let mut inventory = ini("[top:children]\nmid\n[mid:children]\nlow\n[low]\nh\n[other]\nh\n[zzz]\nh\n[prio]\nh\n\
        [top:vars]\nx=top\n[mid:vars]\nx=mid\n[low:vars]\nx=low\n[other:vars]\nx=other\ny=other\nz=other\n\
        [zzz:vars]\ny=zzz\nz=zzz\n[prio:vars]\nz=prio\nansible_group_priority=5\n");
    assert_eq!(inventory.vars("h"), r#"{"x": "low","y": "zzz","z": "prio"}"#);
}

#[test]
fn yaml_has_hosts_vars_children_and_every_scalar_of_yaml_1_1() {
    let place = Place::new(&[(
        "hosts.yml",
        "all:\n  hosts:\n    a[1:2]:22: {v: 1}\n  children:\n    web:\n      hosts:\n        w:\n          yes_: yes\n          \
         oct: 0644\n          sexa: 1:30\n          day: 2001-12-14\n          raw: !unsafe '{{ x }}'\n    last:\n      \
         hosts: only\n  vars: {g: 1}\n",
    )]);
    let mut inventory = place.load(&["hosts.yml"]);
    assert_eq!(inventory.said, [""; 0]);
    assert_eq!(inventory.hosts("all"), "a1 a2 w only");
    assert_eq!(
        inventory.vars("w"),
        r#"{"day": "2001-12-14","g": 1,"oct": 420,"raw": "{{ x }}","sexa": 90,"yes_": true}"#
    );
    let all = Listing::default().all(&mut inventory.inventory, &mut |_| ()).unwrap();
    assert!(all.contains("\"__ansible_unsafe\": \"{{ x }}\""), "text that is never templated says so: {all}");
}

#[test]
fn yaml_that_is_no_inventory_is_refused_as_ansible_refuses_it() {
    for (text, message) in [
        (
            "all:\n  hosts: [a]\n",
            "Invalid \"hosts\" entry for \"all\" group, requires a dictionary, found \"list\" instead.",
        ),
        ("all:\n  hosts:\n    1:\n", "Host pattern 1 must be a string. Enclose integers/floats in quotation marks."),
        ("---\n", "Parsed empty YAML file"),
        ("all:\n  children:\n    b: foo\n", "b is not a known host nor group"),
        ("all:\n  hosts:\n    a: foo\n", "Invalid data from file, expected dictionary and got:\n\nfoo"),
    ] {
        let said = Place::new(&[("hosts.yml", text)]).load(&["hosts.yml"]).said;
        let want = format!("Failed to parse inventory with 'yaml' plugin: {message}");
        assert!(said.contains(&want), "{text}: {said:?}");
    }
}

#[test]
fn a_source_of_a_plugin_that_is_not_there_is_refused_by_name() {
    let place = Place::new(&[("aws.yml", "plugin: amazon.aws.aws_ec2\n"), ("x.toml", "[all]\n")]);
    let error = place.try_load(&["aws.yml"]).0.unwrap_err();
    assert_eq!(error.to_string(), "the inventory plugin 'amazon.aws.aws_ec2' is not supported yet");
    assert_eq!(place.try_load(&["x.toml"]).0.unwrap_err().to_string(), "TOML inventories are not supported yet");
}

#[test]
fn scripts_are_asked_for_their_list_and_without_meta_for_every_host() {
    let with_meta = "#!/bin/sh\ncat <<'X'\n{\"g\": {\"hosts\": [\"a\", \"b\"], \"vars\": {\"x\": \"{{ y }}\"}, \
                     \"children\": [\"k\"]}, \"k\": [\"c\"], \"_meta\": {\"hostvars\": {\"a\": {\"v\": [1, null]}, \
                     \"zz\": {}}}}\nX\n";
    let without =
        "#!/bin/sh\nif [ \"$1\" = --list ]; then echo '{\"g\": [\"d\"]}'; else echo '{\"me\": \"'$2'\"}'; fi\n";
    let place = Place::new(&[("meta.sh", with_meta), ("plain.sh", without)]);
    let mut inventory = place.load(&["meta.sh", "plain.sh"]);
    assert_eq!(inventory.hosts("all"), "a b d c");
    assert_eq!(inventory.vars("a"), r#"{"v": [1,null],"x": "{{ y }}"}"#);
    assert_eq!(inventory.vars("d"), r#"{"me": "d","x": "{{ y }}"}"#);
    let vars = inventory.inventory.layers(inventory.inventory.host("a").unwrap()).unwrap();
    let x = vars.iter().find_map(|(_, vars)| vars.get("x")).unwrap().clone();
    let jinja::Value::Str(x) = x else { panic!("{x:?}") };
    assert!(x.is_trusted(), "the operator's script speaks for the operator");
}

#[test]
fn scripts_that_fail_or_talk_nonsense_are_warned_about() {
    for (script, message) in [
        ("#!/bin/sh\nexit 3\n", "Inventory script returned non-zero exit code 3."),
        (
            "#!/bin/sh\necho '{\"_meta\": {}, \"g\": [\"a\"]}'\n",
            "Value contains '_meta.hostvars' which is 'NoneType' instead of 'dict'.",
        ),
    ] {
        let said = Place::new(&[("s.sh", script)]).load(&["s.sh"]).said;
        let want = format!("Failed to parse inventory with 'script' plugin: {message}");
        assert!(said.contains(&want), "{said:?}");
    }
}

#[test]
fn a_directory_is_its_sources_by_name_without_what_is_to_be_passed_over() {
    let place = Place::new(&[
        ("inv/02.yml", "g: {hosts: {b: }}\n"),
        ("inv/01", "[g]\na\n"),
        ("inv/sub/c", "[g]\nc\n"),
        ("inv/x.cfg", "junk\n"),
        ("inv/x.retry", "junk\n"),
        ("inv/.hidden", "junk\n"),
        ("inv/README.md", "junk\n"),
        ("inv/old~", "junk\n"),
        ("inv/group_vars/g/a.yml", "x: 1\ny: 1\n"),
        ("inv/group_vars/g/b", "y: 2\n"),
        ("inv/group_vars/g/sub/c.json", "{\"z\": 3}"),
        ("inv/group_vars/g/sub.d/c.yml", "no: 1\n"),
        ("inv/group_vars/g/c.yml~", "no: 1\n"),
        ("inv/group_vars/g/d.txt", "no: 1\n"),
        ("inv/group_vars/g.yml", "no: a directory of the name comes first\n"),
        ("inv/sub/group_vars/g.yml", "no: 1\n"),
    ]);
    let mut inventory = place.load(&["inv"]);
    assert_eq!((inventory.hosts("all"), inventory.said.len()), ("a b c".to_owned(), 0));
    assert_eq!(inventory.vars("c"), r#"{"x": 1,"y": 2,"z": 3}"#);
}

#[test]
fn layers_go_from_all_to_the_host_and_from_the_source_to_the_playbook() {
    let place = Place::new(&[
        ("inv/hosts", "[web]\nh v=9\n[all:vars]\nv=1\n[web:vars]\nv=2\n"),
        ("inv/group_vars/all.yml", "v: 3\n"),
        ("inv/group_vars/web.yml", "v: 5\n"),
        ("inv/host_vars/h.yml", "v: 10\n"),
        ("play/group_vars/all.yml", "v: 4\n"),
        ("play/group_vars/web.yml", "v: 6\n"),
        ("play/host_vars/h.yml", "v: 11\n"),
    ]);
    let Loaded { mut inventory, .. } = place.load(&["inv/hosts"]);
    inventory.set_playbook_dirs(&[place.path().join("play")]);
    let layers = inventory.layers(inventory.host("h").unwrap()).unwrap();
    let found: Vec<_> = layers.iter().map(|(layer, vars)| (*layer, vars["v"].as_int().unwrap())).collect();
    assert_eq!(
        found,
        [
            (Layer::AllInventory, 1),
            (Layer::GroupsInventory, 2),
            (Layer::AllPluginsInventory, 3),
            (Layer::AllPluginsPlay, 4),
            (Layer::GroupsPluginsInventory, 5),
            (Layer::GroupsPluginsPlay, 6),
            (Layer::HostInventory, 9),
            (Layer::HostPluginsInventory, 10),
            (Layer::HostPluginsPlay, 11),
        ]
    );
}

#[test]
fn dicts_are_merged_only_where_the_configuration_says_so() {
    let hosts = "h d=\"{'x':1,'y':{'z':1}}\"\n[all:vars]\nd={'w':1,'y':{'q':1},'l':[1]}\n";
    let file = ("host_vars/h.yml", "d: {y: {z: 2}, l: [2]}\n");
    let place = Place::new(&[("hosts", hosts), file]);
    let mut replaced = place.load(&["hosts"]);
    assert_eq!(replaced.vars("h"), r#"{"d": {"l": [2],"y": {"z": 2}}}"#);
    let cfg = ("ansible.cfg", "[defaults]\nhash_behaviour=merge\n");
    let place = Place::new(&[("hosts", hosts), file, cfg]);
    let mut merged = place.load(&["hosts"]);
    assert_eq!(merged.vars("h"), r#"{"d": {"l": [2],"w": 1,"x": 1,"y": {"q": 1,"z": 2}}}"#);
}

#[test]
fn vaulted_files_are_opened_and_vaulted_values_stay_closed_in_listings() {
    let mut place = Place::new(&[("hosts", "h\n")]);
    place.secrets.push("default", Password::new("sesame"));
    let file = place.secrets.encrypt(b"a: 1\n", None, None).unwrap();
    let value = place.secrets.encrypt(b"x", None, Some(b"pepper")).unwrap();
    let value = value.lines().map(|line| format!("  {line}\n")).collect::<String>();
    fs::create_dir_all(place.path().join("group_vars")).unwrap();
    fs::write(place.path().join("group_vars/all.yml"), file).unwrap();
    fs::create_dir_all(place.path().join("host_vars")).unwrap();
    fs::write(place.path().join("host_vars/h.yml"), format!("b: !vault |\n{value}")).unwrap();
    let vars = place.load(&["hosts"]).vars("h");
    assert!(vars.starts_with(r#"{"a": 1,"b": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n37"#), "{vars}");

    place.secrets = VaultSecrets::default();
    let Loaded { inventory, .. } = place.load(&["hosts"]);
    let error = inventory.layers(inventory.host("h").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "Attempting to decrypt but no vault secrets found.");
    assert!(error.0.labels[0].0.file.ends_with("group_vars/all.yml"));
}

#[test]
fn a_file_of_variables_that_is_no_mapping_is_an_error_with_its_place() {
    let place = Place::new(&[("hosts", "[g]\nh\n"), ("group_vars/g.yml", "---\n- a\n")]);
    let Loaded { inventory, .. } = place.load(&["hosts"]);
    let error = inventory.layers(inventory.host("h").unwrap()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("group_vars/g.yml'. failed to combine variables, expected dicts but got a 'dict' and a 'list'.")
    );
    assert_eq!(error.0.labels[0].0.line, 2);
}

#[test]
fn lists_of_hosts_and_the_implicit_localhost() {
    let mut inventory = Place::new(&[]).load(&["a,b,a:22,c:33,[::1]:44,"]);
    assert_eq!(inventory.hosts("all"), "a b c ::1");
    assert_eq!(inventory.vars("c"), r#"{"ansible_port": 33}"#);
    assert_eq!(inventory.hosts("localhost"), "::1", "a source that has one of its names has the localhost");

    let inventory = Place::new(&[]).load(&["a,"]);
    assert_eq!((inventory.hosts("all"), inventory.hosts("localhost")), ("a".into(), "localhost".into()));
    assert!(inventory.inventory.host("localhost").unwrap().implicit);
}

#[test]
fn patterns_mean_what_they_mean_to_ansible() {
    let inventory = ini("alone.example.com\n[web]\nweb[01:10]\n[db]\ndb-[a:c].x\nweb01\n[v6]\nfe80::1\n\
        2001:db8::1\n[prod:children]\nweb\ndb\n[empty]\n");
    for (pattern, want) in [
        ("web:&db", "web01"),
        ("db:!web", "db-a.x db-b.x db-c.x"),
        ("!prod", "alone.example.com fe80::1 2001:db8::1"),
        ("&db", "web01 db-a.x db-b.x db-c.x"),
        ("web[0]", "web01"),
        ("web[-1]", "web10"),
        ("web[8:]", "web09 web10"),
        ("web[1:0]", "web02"),
        ("web[8:100]", "web09 web10"),
        ("web[10]", "No hosts matched the subscripted pattern 'web[10]'"),
        ("~(db|web)-?[a0]*1", "web01 web10"),
        // A subscript, of a host named web0: there is none.
        ("web0[1-3]", ""),
        ("web[!0]*", "web10"),
        ("*.x", "db-a.x db-b.x db-c.x"),
        ("web01:web02,web01", "web01:web02 web01"),
        ("web01, db-a.x", "web01 db-a.x"),
        ("web02 web01", "web02 web01"),
        ("fe80::1", "fe80::1"),
        // No address: taken apart at its colons, and `*` is every host.
        (
            "2001:db8::*",
            "alone.example.com fe80::1 2001:db8::1 web01 web02 web03 web04 web05 web06 web07 web08 web09 web10 db-a.x \
             db-b.x db-c.x",
        ),
        ("WEB", ""),
        ("empty", ""),
        // Taken apart at the bracket that nothing closes.
        ("~web0[1", "web01 web02 web03 web04 web05 web06 web07 web08 web09"),
        ("~web(", "Invalid host list pattern: ~web("),
    ] {
        // Commas make colons part of names.
        let want = if pattern == "web01:web02,web01" { "web01" } else { want };
        assert_eq!(inventory.hosts(pattern), want, "{pattern}");
    }
    let mut said = Vec::new();
    for _ in 0..2 {
        inventory.inventory.hosts_matching(&["nope".to_owned()], &mut |warning| said.push(warning.message)).unwrap();
    }
    assert_eq!(said, ["Could not match supplied host pattern, ignoring: nope"]);
}

#[test]
fn a_limit_may_name_a_file_and_holds_for_every_answer() {
    let place = Place::new(&[("hosts", "[web]\nw1\nw2\nw3\n"), ("lim", "w2\n\n w3 \n!w3\n")]);
    let mut loaded = place.load(&["hosts"]);
    let file = place.path().join("lim").display().to_string();
    loaded.inventory.set_limit(Some(&format!("@{file}"))).unwrap();
    assert_eq!(loaded.hosts("all"), "w2");
    let error = loaded.inventory.set_limit(Some("@nope")).unwrap_err();
    assert_eq!(error.to_string(), "Unable to find limit file b'nope'");
    let error = loaded.inventory.hosts_to_target("all", Some("!all"), &mut |_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Specified inventory, host pattern and/or --limit leaves us with no hosts to target."
    );
}

#[test]
fn hosts_come_in_the_order_that_a_play_asks_for() {
    let mut hosts = ["b", "c", "a"].map(std::rc::Rc::from);
    Order::named("sorted").unwrap().apply(&mut hosts);
    assert_eq!(hosts.join(""), "abc");
    Order::named("reverse_inventory").unwrap().apply(&mut hosts);
    assert_eq!(hosts.join(""), "cba");
    let error = Order::named("random").unwrap_err();
    assert_eq!(error.to_string(), "Invalid 'order' specified for inventory hosts: random");
}

#[test]
fn tasks_add_hosts_and_groups_and_a_refresh_keeps_them() {
    let place = Place::new(&[("hosts", "a\n")]);
    let mut loaded = place.load(&["hosts"]);
    let groups = ["new".to_owned()];
    let vars = [("x".into(), jinja::Value::Int(1))].into();
    assert!(loaded.inventory.add_host("b", &groups, &vars).unwrap());
    assert!(!loaded.inventory.add_host("b", &groups, &vars).unwrap(), "nothing new, nothing changed");
    assert!(loaded.inventory.add_to_group("a", "os_debian", &["os".to_owned()]).unwrap());
    assert!(!loaded.inventory.add_to_group("a", "os_debian", &["os".to_owned()]).unwrap());
    for _ in 0..2 {
        assert_eq!(
            (loaded.hosts("new"), loaded.hosts("os"), loaded.hosts("ungrouped")),
            ("b".into(), "a".into(), String::new())
        );
        assert_eq!(loaded.vars("b"), r#"{"x": 1}"#);
        loaded.inventory.refresh(&mut |_| ()).unwrap();
    }
}

#[test]
fn the_list_is_what_an_inventory_script_prints() {
    let mut loaded = ini("[web]\nw1 x=1\n[web:vars]\ny=2\n");
    let listing = Listing { export: true, ..Listing::default() };
    let want = r#"{
    "_meta": {
        "hostvars": {
            "w1": {
                "x": 1
            }
        },
        "profile": "inventory_legacy"
    },
    "all": {
        "children": [
            "ungrouped",
            "web"
        ]
    },
    "web": {
        "hosts": [
            "w1"
        ],
        "vars": {
            "y": 2
        }
    }
}"#;
    assert_eq!(listing.all(&mut loaded.inventory, &mut |_| ()).unwrap(), want);
}

#[test]
fn yaml_listings_print_what_hosts_share_once() {
    let mut loaded = ini("[web]\nw1 x='a: b'\nw2\n[web:vars]\nd={'a':'x'}\nn=None\n");
    let listing = Listing { yaml: true, ..Listing::default() };
    assert_eq!(
        listing.all(&mut loaded.inventory, &mut |_| ()).unwrap(),
        "all:\n  children:\n    web:\n      hosts:\n        w1:\n          d: &id001\n            a: x\n          n: null\n          \
         x: 'a: b'\n        w2:\n          d: *id001\n          n: null"
    );
    let graph = Listing::default().graph(&mut loaded.inventory, "web", true).unwrap();
    assert_eq!(
        graph,
        "@web:\n  |--w1\n  |  |--{d = {'a': 'x'}}\n  |  |--{n = None}\n  |  |--{x = a: b}\n  |--w2\n  |  |--{d = {'a': 'x'}}\n  \
         |  |--{n = None}\n  |--{d = {'a': 'x'}}\n  |--{n = None}"
    );
}
