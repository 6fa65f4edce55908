//! What a user sees of a wrong playbook, and what a right one becomes.

use std::{fmt::Write, fs, path::Path, rc::Rc};

use jinja::Value;

use super::{Loader, Refused};
use crate::{
    diagnostic::Diagnostic,
    playbook::{Block, Entry, Ids, LoadOptions, NoTemplates, NoVault, Play, Playbook, Task, Written},
};

fn loader() -> Loader {
    Loader::new(LoadOptions::default(), Rc::new(NoVault), Rc::new(NoTemplates), Ids::default())
}

/// Loads `site.yml` among these files.
fn load(files: &[(&str, &str)]) -> (Result<Playbook, Refused>, Vec<Diagnostic>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut loader = loader();
    let result = loader.load_playbook(&folder.path().join("site.yml"));
    (result, loader.take_warnings(), folder)
}

fn load_well(files: &[(&str, &str)]) -> Playbook {
    load(files).0.unwrap_or_else(|refused| panic!("{refused}"))
}

fn show(out: &mut String, diagnostics: &[Diagnostic], folder: &Path) {
    for diagnostic in diagnostics {
        let _ = writeln!(out, "{}", diagnostic.message.replace(&*folder.to_string_lossy(), "DIR"));
        for (span, label) in &diagnostic.labels {
            let file = span.file.replace(&*folder.to_string_lossy(), "DIR");
            let _ = writeln!(out, "  {file}:{}:{} +{} {label}", span.line, span.column, span.length);
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
}

/// What is said of a list of tasks.
fn tasks(list: &str) -> String {
    let indented: String = list.lines().map(|line| format!("    {line}\n")).collect();
    format!("- hosts: all\n  tasks:\n{indented}")
}

#[test]
fn what_ansible_refuses_is_refused_with_its_place_and_cure() {
    let task_cases = [
        "- debug: msg=hi\n  whenn: x",
        "- name: x\n  dbug: msg=hi",
        "- name: x\n  when: true",
        "- debug: msg=hi\n  command: ls",
        "- block:\n    - debug:\n  loop: [1]",
        "- rescue:\n    - debug:",
        "- block:\n    debug:",
        "- block:",
        "- foo",
        "- debug:\n  vars: {a-b: 1}",
        "- debug:\n  vars: [a: 1]",
        "- import_tasks: nope.yml",
        "- import_tasks: '{{ x }}.yml'",
        "- import_tasks: site.yml\n  loop: [1]",
        "- import_tasks:",
        "- include_tasks:\n    file: a.yml\n    fil: 1",
        "- import_tasks:\n    file: a.yml\n    apply: {tags: x}",
        "- include_tasks: a.yml\n  become: true",
        "- include: a.yml",
        "- include_role:\n    tasks_from: x",
        "- include_role:\n    name: x\n    task_from: y",
        "- include_role:\n    name: x\n    tasks_from: 1",
        "- import_role:\n    name: x\n  loop: [1]",
        "- import_role:\n    name: x",
        "- debug:\n  listen: x",
        "- meta: end_role",
        "- debug:\n  loop: [1]\n  with_items: [1]",
        "- debug:\n  with_items:",
        "- debug:\n  with_foo: [1]",
        "- debug:\n  loop: [1]\n  loop_control: x",
        "- debug:\n  loop: [1]\n  loop_control: {loopvar: x}",
        "- debug:\n  register: a-b",
        "- debug:\n  register: 1",
        "- debug:\n  tags: 1",
        "- debug:\n  name: {a: b}",
        "- action: debug\n  local_action: debug",
        "- action: [debug]",
        "- debug:\n  args: [a]",
        "- debug: [a]",
        "- debug: msg={{ foo",
        "- debug: _ansible_foo=1",
        "- community.general.ufw: {state: enabled}",
        "- mymodule: {}",
        "- debug:\n  debugger: always",
        "- include_tasks: a.yml\n  static: true",
        "- debug: msg: x",
        "- debug:\n  1: x",
    ];
    let play_cases = [
        "",
        "[]",
        "hosts: all",
        "- foo",
        "- hosts: all\n  taskss: []",
        "- tasks: []",
        "- debug: msg=hi\n  when: x",
        "- hosts:",
        "- hosts: [a, 1]",
        "- hosts: {a: b}",
        "- hosts: all\n  user: a\n  remote_user: b",
        "- hosts: all\n  vars: [a]",
        "- hosts: all\n  roles: [nope]",
        "- hosts: all\n  roles: ['a,b', {foo: x}, [a]]",
        "- hosts: all\n  roles: a",
        "- hosts: all\n  tasks: foo",
        "- hosts: all\n  handlers:\n   - import_role: name=x",
        "- hosts: all\n  handlers:\n   - debug:\n     listen: [1]",
        "- hosts: all\n  module_defaults: foo",
        "- hosts: all\n  module_defaults: {nope: {a: b}}",
        "- hosts: all\n  vars_prompt: [{prompt: x}, {name: x, privat: y}]",
        "- hosts: all\n  gather_facts: nope",
        "- hosts: all\n  vars_files: 1",
        "- hosts: all\n  collections: [1]",
        "- import_playbook: nope.yml",
        "- import_playbook: site.yml",
        "- import_playbook: x.yml\n  hosts: all",
        "- import_playbook:",
    ];
    let mut out = String::new();
    for text in task_cases.iter().map(|list| tasks(list)).chain(play_cases.iter().map(|text| (*text).to_owned())) {
        let (result, _, folder) = load(&[("site.yml", &text)]);
        let shown = text.strip_prefix("- hosts: all\n  tasks:\n").unwrap_or(&text);
        let _ = writeln!(out, "----\n{}\n", shown.trim_end());
        match result {
            Ok(_) => out.push_str("it was taken\n"),
            Err(refused) => {
                show(&mut out, &refused.diagnostics, folder.path());
                let _ = writeln!(out, "  exit code {}", refused.exit_code);
            }
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let (result, _, folder) = load(&[
        (
            "site.yml",
            "- hosts: all\n  foo: 1\n  roles: [r]\n  tasks:\n    - import_tasks: more.yml\n    - debug:\n      whn: x\n- hosts: all\n  bar: 1\n",
        ),
        ("more.yml", "- name: x\n- debug:\n  loop_control: 1\n"),
        ("roles/r/tasks/main.yml", "- coppy: {}\n"),
        ("roles/r/handlers/main.yml", "a: b\n"),
        ("roles/r/vars/main.yml", "- b\n"),
        ("roles/r/meta/main.yml", "dependencie: []\n"),
    ]);
    let mut out = String::new();
    show(&mut out, &result.err().unwrap().diagnostics, folder.path());
    insta::assert_snapshot!(out);
}

fn all_tasks(play: &Play) -> Vec<Rc<Task>> {
    play.compile(false, &Ids::default()).iter().flat_map(|block| block.tasks()).filter(|task| !task.implicit).collect()
}

fn name_of(task: &Task) -> String {
    match &task.directives.name {
        Some(Written { value: Value::Str(text), .. }) => text.as_str().to_owned(),
        _ => String::new(),
    }
}

fn task<'a>(tasks: &'a [Rc<Task>], name: &str) -> &'a Rc<Task> {
    tasks.iter().find(|task| name_of(task) == name).unwrap()
}

#[test]
fn the_closest_keyword_wins_and_lists_are_collected() {
    let playbook = load_well(&[(
        "site.yml",
        "- hosts: all
  become: true
  remote_user: play
  tags: [p]
  environment: {A: play}
  vars: {v: play}
  tasks:
    - block:
        - name: inner
          debug:
          remote_user: task
          when: c
          tags: t
          environment: {A: task}
          vars: {w: task}
      when: [a, b]
      become: false
      tags: b
      vars: {v: block, w: block}
",
    )]);
    let tasks = all_tasks(playbook.plays.first().unwrap());
    let inner = task(&tasks, "inner");
    let effective = inner.effective();
    assert_eq!(effective.remote_user, Some(Value::from("task").into()));
    assert_eq!(effective.r#become, Some(Value::Bool(false).into()));
    assert_eq!(inner.inherited().remote_user, Some(Value::from("play").into()));
    assert_eq!(format!("{:?}", effective.when), "['a', 'b', 'c']");
    assert_eq!(format!("{:?}", effective.tags), "['t', 'b', 'p']");
    assert_eq!(format!("{:?}", effective.environment), "[{'A': 'play'}, {'A': 'task'}]");
    assert_eq!(format!("{:?}", Value::Dict(inner.vars())), "{'v': 'block', 'w': 'task'}");
}

#[test]
fn an_import_passes_its_keywords_on_and_an_include_only_its_variables() {
    let files = [
        (
            "site.yml",
            "- hosts: all
  tasks:
    - import_tasks: more.yml
      become: true
      when: c
      tags: i
      vars: {v: import}
    - block:
        - name: the include
          include_tasks:
            file: more.yml
            apply: {become: true, tags: applied}
          tags: only-the-include
          vars: {v: include}
      remote_user: block
",
        ),
        ("more.yml", "- name: more\n  debug:\n"),
    ];
    let (playbook, _, folder) = load(&files);
    let playbook = playbook.unwrap();
    let tasks = all_tasks(playbook.plays.first().unwrap());
    let imported = task(&tasks, "more");
    assert_eq!(imported.effective().r#become, Some(Value::Bool(true).into()));
    assert_eq!(format!("{:?}", imported.effective().when), "['c']");
    assert_eq!(format!("{:?}", Value::Dict(imported.vars())), "{'v': 'import'}");
    assert!(imported.include_params().is_empty());

    let include = task(&tasks, "the include");
    let vars = jinja::Dict::from_iter([("item", Value::Int(1))]);
    let met = Rc::new(include.met(&vars, "more.yml"));
    let path = Loader::find_included_file(&met, "more.yml");
    assert_eq!(path, folder.path().canonicalize().unwrap().join("more.yml"));
    let included = loader().load_tasks(&path, &met).unwrap();
    let tasks: Vec<Rc<Task>> = included.blocks.iter().flat_map(|block| block.tasks()).collect();
    let more = task(&tasks, "more");
    assert_eq!(more.effective().r#become, Some(Value::Bool(true).into()));
    assert_eq!(more.effective().remote_user, Some(Value::from("block").into()));
    assert_eq!(format!("{:?}", more.effective().tags), "['applied']");
    assert_eq!(format!("{:?}", Value::Dict(more.vars())), "{'v': 'include', 'item': 1}");
    assert_eq!(format!("{:?}", Value::Dict(more.include_params())), "{'v': 'include', 'item': 1}");
    assert!(!more.all_parents_static());
}

#[test]
fn roles_bring_their_dependencies_first_and_their_variables_in_layers() {
    let playbook = load_well(&[
        (
            "site.yml",
            "- hosts: all\n  roles:\n    - {role: web, size: 80, tags: w, vars: {v: line}}\n    - web\n    - web\n",
        ),
        ("roles/web/meta/main.yml", "dependencies: [{role: base, tags: d}]\nallow_duplicates: false\n"),
        ("roles/web/defaults/main.yml", "a: web\n"),
        ("roles/web/vars/main/one.yml", "b: one\nc: one\n"),
        ("roles/web/vars/main/two.yml", "c: two\n"),
        ("roles/web/tasks/main.yml", "- name: web task\n  debug:\n"),
        ("roles/web/handlers/main.yml", "- name: reload\n  debug:\n  listen: topic\n"),
        ("roles/base/defaults/main.yml", "a: base\nz: base\n"),
        ("roles/base/tasks/main.yaml", "- name: base task\n  debug:\n"),
    ]);
    let play = playbook.plays.first().unwrap();
    let tasks = all_tasks(play);
    let names: Vec<String> = tasks.iter().map(|task| task.display_name(&name_of(task))).collect();
    assert_eq!(
        names.join(", "),
        "base : base task, web : web task, base : base task, web : web task, base : base task, web : web task"
    );
    let base = tasks.first().unwrap();
    assert_eq!(format!("{:?}", base.effective().tags), "['d', 'w']");
    let web = play.roles.first().unwrap();
    assert_eq!(format!("{:?}", web.role.default_layers()), "[{'a': 'base', 'z': 'base'}, {'a': 'web'}]");
    let layers = web.role.var_layers();
    assert_eq!(format!("{:?}", &layers[layers.len() - 2..]), "[{'b': 'one', 'c': 'two'}, {'v': 'line'}]");
    assert_eq!(format!("{:?}", web.role.param_layers()), "[{'size': 80}]");
    assert_eq!(web.role.dependency_names().map(|name| name.to_string()).collect::<Vec<_>>(), ["base"]);
    let ids: Vec<Option<u64>> = tasks.iter().map(|task| task.once_role()).collect();
    assert_ne!(ids.get(1), ids.get(3), "other parameters make another role");
    assert_eq!(ids.get(3), ids.get(5), "the same line is the same role");
    let handlers = play.all_handlers();
    let reload = handlers.first().unwrap().tasks();
    assert_eq!(reload.first().unwrap().listen.join(", "), "topic, web : topic, web : topic");
}

#[test]
fn a_role_with_argument_specs_checks_its_arguments_first() {
    let playbook = load_well(&[
        ("site.yml", "- hosts: all\n  roles: [{role: r, a: 1}]\n"),
        (
            "roles/r/meta/argument_specs.yml",
            "argument_specs:\n  main:\n    short_description: what it does\n    options: {a: {type: int}}\n",
        ),
        ("roles/r/tasks/main.yml", "- debug:\n"),
    ]);
    let tasks = all_tasks(playbook.plays.first().unwrap());
    let check = tasks.first().unwrap();
    assert_eq!(check.display_name(&name_of(check)), "r : Validating arguments against arg spec 'main' - what it does");
    assert_eq!(&*check.action.short, "validate_argument_spec");
    assert_eq!(format!("{:?}", check.action.args.raw("provided_arguments").unwrap()), "{'a': 1}");
}

#[test]
fn imported_playbooks_keep_their_conditions_tags_and_variables() {
    let playbook = load_well(&[
        ("site.yml", "- import_playbook: sub/other.yml\n  when: c\n  tags: [i]\n  vars: {v: import}\n"),
        ("sub/other.yml", "- hosts: all\n  vars: {v: play, w: play}\n  tags: p\n  tasks:\n    - import_tasks: t.yml\n"),
        ("sub/t.yml", "- name: t\n  debug:\n"),
    ]);
    let play = playbook.plays.first().unwrap();
    assert_eq!(format!("{:?}", play.scope.directives.vars.clone().unwrap()), "{'v': 'import', 'w': 'play'}");
    let tasks = all_tasks(play);
    let t = tasks.first().unwrap();
    assert_eq!(format!("{:?}", t.effective().when), "['c']");
    assert_eq!(format!("{:?}", t.effective().tags), "['p', 'i']");
    assert!(play.scope.basedir.ends_with("/sub"));
    assert!(t.path().ends_with("/sub/t.yml:1"));
}

#[test]
fn arguments_come_from_every_form_in_which_they_can_be_written() {
    let playbook = load_well(&[(
        "site.yml",
        &tasks(
            "- {name: a, copy: 'src=a dest=\"b c\"'}\n- {name: b, action: copy src=a, args: {dest: x}}\n\
             - {name: c, command: 'echo a=b chdir=/tmp'}\n- {name: d, local_action: {module: command, cmd: x}}\n\
             - {name: e, ansible.builtin.debug: , args: '{{ x }}'}\n- {name: f, shell: 'a | b', with_items: [1]}",
        ),
    )]);
    let tasks = all_tasks(playbook.plays.first().unwrap());
    let args = |name: &str| format!("{:?}", Value::Dict(task(&tasks, name).action.args.clone()));
    assert_eq!(args("a"), "{'src': 'a', 'dest': 'b c'}");
    assert_eq!(args("b"), "{'dest': 'x', 'src': 'a'}");
    assert_eq!(args("c"), "{'chdir': '/tmp', '_raw_params': 'echo a=b'}");
    assert_eq!(args("d"), "{'cmd': 'x'}");
    assert_eq!(task(&tasks, "d").effective().delegate_to, Some(Value::from("localhost").into()));
    assert_eq!(task(&tasks, "e").action.variable_args, Some(Value::from("{{ x }}")));
    assert_eq!(&*task(&tasks, "e").action.short, "debug");
    assert!(task(&tasks, "f").loop_.is_some());
}

#[test]
fn what_runs_has_handlers_flushed_between_its_parts() {
    let playbook = load_well(&[(
        "site.yml",
        "- hosts: all\n  pre_tasks: [{debug: }]\n  tasks: [{debug: }]\n  post_tasks: [{debug: }]\n",
    )]);
    let play = playbook.plays.first().unwrap();
    let shape = |blocks: Vec<Rc<Block>>| -> String {
        let tasks = blocks.iter().flat_map(|block| block.tasks());
        tasks.map(|task| if task.is_implicit_flush() { "flush" } else { "task" }).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shape(play.compile(false, &Ids::default())), "task flush task flush task flush");
    let forced = play.compile(true, &Ids::default());
    assert_eq!(forced.len(), 3);
    assert!(forced.iter().all(|block| matches!(block.always.as_slice(), [Entry::Block(_)])));
}

#[test]
fn a_role_that_depends_on_itself_is_refused() {
    let (result, _, _folder) = load(&[
        ("site.yml", "- hosts: all\n  roles: [a]\n"),
        ("roles/a/meta/main.yml", "dependencies: [b]\n"),
        ("roles/b/meta/main.yml", "dependencies: [a]\n"),
    ]);
    assert!(result.err().unwrap().to_string().starts_with("A recursion loop was detected with the roles specified."));
}

#[test]
fn a_module_that_cannot_be_run_yet_is_named_before_the_run_and_fails_where_it_is_reached() {
    let (result, warnings, folder) = load(&[
        (
            "site.yml",
            &tasks("- git: {repo: a, dest: b}\n- mine: {}\n- ns.coll.theirs: {}\n- debug:\n  with_my_lookup: [1]"),
        ),
        ("library/mine.py", ""),
        ("lookup_plugins/my_lookup.py", ""),
        ("collections/ansible_collections/ns/coll/plugins/modules/theirs.py", ""),
    ]);
    assert_eq!(all_tasks(result.unwrap().plays.first().unwrap()).len(), 4);
    let mut out = String::new();
    show(&mut out, &warnings, &folder.path().canonicalize().unwrap());
    insta::assert_snapshot!(out);
}

#[test]
fn a_run_starts_at_the_task_that_a_pattern_names() {
    let playbook = load_well(&[
        ("site.yml", "- hosts: all\n  roles: [web]\n"),
        ("roles/web/tasks/main.yml", "- name: install it\n  debug:\n- ping:\n"),
    ]);
    let tasks = all_tasks(playbook.plays.first().unwrap());
    let starting = |pattern: &str| -> Vec<usize> {
        (0..tasks.len()).filter(|index| tasks[*index].starts_at(pattern, &name_of(&tasks[*index]))).collect()
    };
    assert_eq!(starting("install it"), [0]);
    assert_eq!(starting("web : install*"), [0]);
    assert_eq!(starting("web : ping"), [1]);
    assert_eq!(starting("install"), [] as [usize; 0]);
}

#[test]
fn an_included_role_brings_tasks_handlers_and_its_own_layers_of_variables() {
    let (playbook, _, folder) = load(&[
        (
            "site.yml",
            "- hosts: all
  tasks:
    - name: the include
      include_role:
        name: web
        tasks_from: other
        apply: {become: true}
      vars: {v: include}
      when: only-the-include
",
        ),
        ("roles/web/tasks/main.yml", "- name: main\n  debug:\n"),
        ("roles/web/tasks/other.yml", "- name: other\n  debug:\n- include_tasks: more/deep.yml\n"),
        ("roles/web/tasks/more/deep.yml", "- include_tasks: beside.yml\n"),
        ("roles/web/tasks/more/beside.yml", "- name: beside\n  debug:\n"),
        ("roles/web/handlers/main.yml", "- name: reload\n  debug:\n"),
        ("roles/web/defaults/main.yml", "d: 1\n"),
    ]);
    let playbook = playbook.unwrap();
    let tasks = all_tasks(playbook.plays.first().unwrap());
    let met = task(&tasks, "the include").met(&jinja::Dict::new(), "web");
    let mut loader = loader();
    let request = super::RoleRequest {
        name: "web".to_owned(),
        tasks_from: Some("other".to_owned()),
        ..super::RoleRequest::default()
    };
    let included = loader.load_role(request, &met).unwrap();
    let role = &included.roles.first().unwrap().role;
    assert!(!role.public && role.allow_duplicates && role.from_include);
    assert_eq!(format!("{:?}", role.default_layers()), "[{'d': 1}]");
    assert_eq!(included.handlers.len(), 1);

    let tasks: Vec<Rc<Task>> = included.blocks.iter().flat_map(|block| block.tasks()).collect();
    let other = task(&tasks, "other");
    assert_eq!(other.display_name("other"), "web : other");
    assert_eq!(other.effective().r#become, Some(Value::Bool(true).into()));
    assert!(other.effective().when.is_empty(), "an include keeps its condition to itself");
    assert_eq!(format!("{:?}", Value::Dict(other.include_params())), "{'v': 'include'}");
    assert_eq!(tasks.last().unwrap().meta(), Some("role_complete"));

    let tasks_of = |name: &str| folder.path().canonicalize().unwrap().join("roles/web/tasks").join(name);
    let deep = tasks.iter().find(|task| task.is_dynamic_include()).unwrap();
    assert_eq!(Loader::find_included_file(deep, "more/deep.yml"), tasks_of("more/deep.yml"));
    let deep = Rc::new(deep.met(&jinja::Dict::new(), "more/deep.yml"));
    let blocks = loader.load_tasks(&tasks_of("more/deep.yml"), &deep).unwrap().blocks;
    let beside = blocks.first().unwrap().tasks();
    let found = Loader::find_included_file(beside.first().unwrap(), "beside.yml");
    assert_eq!(found, tasks_of("more/beside.yml"), "a file is looked for beside the one that includes it");
}

#[test]
fn a_role_that_is_not_there_is_refused_when_it_is_included() {
    let (playbook, _, _folder) = load(&[("site.yml", &tasks("- include_role: {name: nope}"))]);
    let tasks = all_tasks(playbook.unwrap().plays.first().unwrap());
    let request = super::RoleRequest { name: "nope".to_owned(), ..super::RoleRequest::default() };
    let refused = loader().load_role(request, tasks.first().unwrap()).err().unwrap();
    assert!(refused.to_string().starts_with("the role 'nope' was not found in "), "{refused}");
}
