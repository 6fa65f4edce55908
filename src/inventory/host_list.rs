//! `-i 'a,b,'`: hosts in the source's own text.

use super::{
    Fault, address,
    data::{Data, UNGROUPED},
    ini,
};

/// `host_list`: names with commas between them, ranges as they are.
pub(super) fn read(data: &mut Data, source: &str) -> Result<(), Fault> {
    for name in names(source) {
        let (host, port) = match address::parse(name) {
            Some(address) if !address.host.contains('[') => (address.host, address.port),
            _ => (name.to_owned(), None),
        };
        if !data.hosts.contains_key(host.as_str()) {
            data.add_host(&host, Some(UNGROUPED), port)?;
        }
    }
    Ok(())
}

/// `advanced_host_list`: ranges are spread out.
pub(super) fn read_advanced(data: &mut Data, source: &str) -> Result<(), Fault> {
    for name in names(source) {
        let (hosts, port) = match ini::expand(name) {
            Err(fault) if !fault.python => (vec![name.to_owned()], None),
            expanded => expanded?,
        };
        for host in hosts {
            if !data.hosts.contains_key(host.as_str()) {
                data.add_host(&host, Some(UNGROUPED), port)?;
            }
        }
    }
    Ok(())
}

fn names(source: &str) -> impl Iterator<Item = &str> {
    source.split(',').map(str::trim).filter(|name| !name.is_empty())
}
