//! How long a template of about two hundred lines takes to compile and to render, and `{{ port }}` alone.
//!
//! `speed WHAT ROUNDS` does one thing only (`compile`, `render`, `small`, `condition`), for tools that count instructions.

use std::{io::Write as _, time::Instant};

use jinja::{Dict, Environment, List, Options, Value};

fn source() -> String {
    let mut text = String::from(
        "user {{ user | default('www-data') }};\nworker_processes {{ workers }};\nerror_log {{ log_dir }}/error.log warn;\n\
         events {\n    worker_connections {{ connections | int * 2 }};\n}\nhttp {\n    sendfile {{ 'on' if sendfile else 'off' }};\n",
    );
    for part in 0..8 {
        text += &format!(
            "{{% for upstream in upstreams %}}\nupstream {{{{ upstream.name }}}}_{part} {{\n\
             {{% for server in upstream.servers %}}\n    server {{{{ server.host }}}}:{{{{ server.port }}}}\
             {{% if server.weight is defined %}} weight={{{{ server.weight }}}}{{% endif %}};\n{{% endfor %}}\n\
             keepalive {{{{ upstream.keepalive | default(16) }}}};\n}}\n{{% endfor %}}\n\
             server {{\n    listen {{{{ port + {part} }}}};\n    server_name {{{{ names | join(' ') }}}};\n    root /srv/{part};\n\
             {{% if tls %}}\n    ssl_certificate {{{{ tls.cert }}}};\n    ssl_certificate_key {{{{ tls.key }}}};\n{{% endif %}}\n\
             location / {{\n        proxy_pass http://{{{{ upstreams[0].name }}}}_{part};\n        proxy_set_header Host $host;\n\
             proxy_read_timeout {{{{ timeouts.read | default('60s') }}}};\n    }}\n    # part {part}\n}}\n"
        );
    }
    text.push_str("}\n");
    text
}

fn variables() -> Dict {
    let dict = |items: Vec<(&str, Value)>| Value::Dict(items.into_iter().collect());
    let server = |number: i64| {
        let mut items = vec![("host", Value::from(format!("10.0.0.{number}"))), ("port", Value::from(8000 + number))];
        if number % 2 == 0 {
            items.push(("weight", Value::from(number)));
        }
        dict(items)
    };
    let upstreams = (0..3).map(|number| {
        let servers: List = (0..4).map(server).collect();
        dict(vec![("name", Value::from(format!("app{number}"))), ("servers", Value::List(servers))])
    });
    let tls = dict(vec![("cert", "/etc/ssl/a.crt".into()), ("key", "/etc/ssl/a.key".into())]);
    [
        ("workers", Value::from(4)),
        ("log_dir", "/var/log/nginx".into()),
        ("connections", "1024".into()),
        ("sendfile", true.into()),
        ("upstreams", Value::List(upstreams.collect())),
        ("port", Value::from(8080)),
        ("names", vec!["example.org".into(), "www.example.org".into()].into()),
        ("tls", tls),
        ("timeouts", dict(vec![("read", "30s".into())])),
    ]
    .into_iter()
    .collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Environment::new(Options { trim_blocks: true, ..Options::default() });
    let (source, scope) = (source(), variables());
    let mut out = std::io::stdout().lock();
    let mut time = |what: &str, rounds: u32, run: &mut dyn FnMut() -> Result<(), jinja::Error>| {
        let start = Instant::now();
        for _ in 0..rounds {
            run()?;
        }
        writeln!(out, "{what}: {:.1} us", start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds))?;
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    let template = env.compile(&source, None)?;
    let when = env.compile_expression("port == 8080 and tls is defined")?;
    let small = env.compile("{{ port }}", None)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [what, rounds] = arguments.as_slice() {
        for _ in 0..rounds.parse::<u32>()? {
            match what.as_str() {
                "compile" => drop(env.compile(&source, None)?),
                "render" => drop(template.render_text(&env, &scope)?),
                "small" => drop(small.render(&env, &scope)?),
                _ => drop(when.render(&env, &scope)?),
            }
        }
        return Ok(());
    }
    let lines = source.lines().count();
    let printed = template.render_text(&env, &scope)?.len();
    time(&format!("compile {lines} lines"), 2000, &mut || env.compile(&source, None).map(drop))?;
    time(&format!("render {printed} bytes"), 2000, &mut || template.render_text(&env, &scope).map(drop))?;
    time("compile {{ port }}", 100_000, &mut || env.compile("{{ port }}", None).map(drop))?;
    time("render {{ port }}", 100_000, &mut || small.render(&env, &scope).map(drop))?;
    time("evaluate a condition", 100_000, &mut || when.render(&env, &scope).map(drop))?;
    Ok(())
}
