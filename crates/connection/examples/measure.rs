//! Measures one host: `measure KIND ADDRESS [PORT [USER [KEY [KNOWN_HOSTS]]]]`, KIND being `ssh`, `local` or `docker`;
//! the program beside it (`standin`) is the helper. Prints milliseconds and megabytes a second.

use std::{error::Error, io::Write as _, time::Instant};

use connection::{
    Become, Connection, ContentSource, DockerSettings, Kind, RawRequest, SshSettings, Target, testing::helper_from,
};
use protocol::Invocation;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |index: usize| arguments.get(index).cloned();
    let address = argument(1).unwrap_or_else(|| "127.0.0.1".to_owned());
    let kind = match argument(0).as_deref() {
        Some("local") => Kind::Local,
        Some("docker") => Kind::Docker(DockerSettings { user: argument(3), ..DockerSettings::new(address) }),
        _ => Kind::Ssh(Box::new(SshSettings {
            port: argument(2).and_then(|port| port.parse().ok()),
            user: argument(3),
            private_key_files: argument(4).into_iter().map(Into::into).collect(),
            known_hosts_files: argument(5).into_iter().map(Into::into).collect(),
            options: std::env::var("MEASURE_OPTIONS")
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            ..SshSettings::new(address)
        })),
    };
    let become_ = std::env::var("MEASURE_BECOME").ok().map(|words| {
        let mut words = words.split_whitespace();
        let method = words.next().unwrap_or("sudo");
        let user = words.next().unwrap_or("root").to_owned();
        let password = words.next().map(Into::into);
        Become { password, ..if method == "su" { Become::su(user) } else { Become::sudo(user) } }
    });
    let target = Target::new("measured", kind);
    let mut program = std::env::current_exe()?;
    program.pop();
    let helper_path = std::env::var("MEASURE_HELPER").map_or_else(|_| program.join("standin"), Into::into);
    let binary = helper_from(&helper_path)?;
    let mut out = std::io::stdout();
    let mut say = |what: &str, value: f64| writeln!(out, "{what:<40} {value:>10.2}");

    let begin = Instant::now();
    let connection = Connection::open(&target).await?;
    say("connect and log in, ms", begin.elapsed().as_secs_f64() * 1e3)?;
    let begin = Instant::now();
    let helper = connection.helper(become_.as_ref(), &binary).await?;
    say("first helper, ms", begin.elapsed().as_secs_f64() * 1e3)?;
    helper.close(std::time::Duration::from_secs(2)).await;
    let begin = Instant::now();
    let helper = connection.helper(become_.as_ref(), &binary).await?;
    say("helper from its cache, ms", begin.elapsed().as_secs_f64() * 1e3)?;
    let ping = || Invocation { module: "ping".to_owned(), ..Invocation::default() };
    let begin = Instant::now();
    for _ in 0..1000 {
        helper.call(ping(), None).await?;
    }
    say("one call, ms", begin.elapsed().as_secs_f64())?;
    let begin = Instant::now();
    let raw = RawRequest { command: "true".to_owned(), become_: become_.clone(), ..RawRequest::default() };
    for _ in 0..20 {
        connection.raw(raw.clone()).await?;
    }
    say("raw command, ms", begin.elapsed().as_secs_f64() * 1e3 / 20.0)?;
    if std::env::var_os("MEASURE_HELPER").is_none() {
        let begin = Instant::now();
        let bytes = vec![7; 200_000_000];
        helper.call(ping(), Some(ContentSource::Bytes(bytes.into()))).await?;
        say("200 MB put, MB/s", 200.0 / begin.elapsed().as_secs_f64())?;
    }
    connection.close().await;
    let (count, begin) = (100, Instant::now());
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..count {
        let target = target.clone();
        opening.spawn(async move {
            let connection = Connection::open(&target).await?;
            connection.raw(RawRequest { command: "true".to_owned(), ..RawRequest::default() }).await
        });
    }
    while let Some(opened) = opening.join_next().await {
        opened??;
    }
    say("100 connects with a command at once, s", begin.elapsed().as_secs_f64())?;
    let usage = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = usage.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    say("CPU of this process in all, s", (ticks(11) + ticks(12)) / 100.0)?;
    Ok(())
}
