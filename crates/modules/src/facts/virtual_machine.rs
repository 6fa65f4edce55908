//! `virtual`: what kind of container or machine the host is, and what it hosts.

use std::collections::BTreeSet;

use super::{gathering::Gathering, read};

/// What was found: the first find says the type, all of them the technologies.
#[derive(Default)]
struct Found {
    first: Option<(String, &'static str)>,
    guests: BTreeSet<String>,
    hosts: BTreeSet<String>,
}

impl Found {
    fn guest(&mut self, technology: &str) {
        self.guests.insert(technology.to_owned());
        self.first.get_or_insert_with(|| (technology.to_owned(), "guest"));
    }

    fn host(&mut self, technology: &str) {
        self.hosts.insert(technology.to_owned());
        self.first.get_or_insert_with(|| (technology.to_owned(), "host"));
    }
}

/// `virtual`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let mut found = Found::default();
    containers(&mut found);
    let dmi = |name: &str| read::content(&format!("/sys/devices/virtual/dmi/id/{name}")).unwrap_or_default();
    machine(&mut found, &dmi("product_name"), &dmi("sys_vendor"), &dmi("product_family"), &dmi("bios_vendor"));
    servers(&mut found, &read::raw("/proc/self/status").unwrap_or_default());
    if let Some(text) = read::content("/proc/cpuinfo") {
        processors(&mut found, &text, &|| {
            let lists = gathering.ctx.find_bin("lscpu").is_some();
            lists.then(|| gathering.output("lscpu", &[]).unwrap_or_default())
        });
    }
    modules(&mut found);
    board(&mut found, gathering);
    if read::exists("/dev/kvm") {
        found.host("kvm");
    }
    let (kind, role) = found.first.unwrap_or_else(|| ("NA".to_owned(), "NA"));
    gathering.set("virtualization_type", kind);
    gathering.set("virtualization_role", role);
    gathering.set("virtualization_tech_guest", found.guests.into_iter().collect::<Vec<_>>());
    gathering.set("virtualization_tech_host", found.hosts.into_iter().collect::<Vec<_>>());
}

fn containers(found: &mut Found) {
    for line in read::lines("/proc/1/cgroup") {
        if is_docker(&line) {
            found.guest("docker");
        }
        if line.contains("/lxc/") || line.contains("/machine.slice/machine-lxc") {
            found.guest("lxc");
        }
        if line.contains("/system.slice/containerd.service") {
            found.guest("containerd");
        }
    }
    for variable in read::raw("/proc/1/environ").unwrap_or_default().split('\0') {
        if variable.contains("container=lxc") {
            found.guest("lxc");
        }
        if variable.contains("container=podman") {
            found.guest("podman");
        }
        if variable.strip_prefix("container=").is_some_and(|name| !name.is_empty()) {
            found.guest("container");
        }
    }
    if read::exists("/proc/vz") && !read::exists("/proc/lve") {
        if read::exists("/proc/bc") {
            found.host("openvz")
        } else {
            found.guest("openvz")
        }
        // It is the type, whatever else was found.
        if let Some((kind, _)) = &mut found.first {
            "openvz".clone_into(kind);
        }
    }
    let systemds = read::content("/run/systemd/container");
    if let Some(name) = &systemds {
        found.guest(name);
    }
    if read::exists("/.dockerenv") || read::exists("/.dockerinit") {
        found.guest("docker");
    }
    let kinds = ["docker", "lxc", "podman", "openvz", "containerd"];
    if systemds.is_some() || kinds.iter().any(|kind| found.guests.contains(*kind)) {
        found.guests.insert("container".to_owned());
    }
    if read::exists("/proc/xen") {
        if read::raw("/proc/xen/capabilities").is_some_and(|text| text.contains("control_d")) {
            found.host("xen");
        } else {
            found.first.get_or_insert_with(|| ("xen".to_owned(), "guest"));
        }
    }
}

/// `/docker/` or `/docker-DIGEST.scope` in a line of cgroups.
fn is_docker(line: &str) -> bool {
    line.match_indices("/docker").filter_map(|(at, word)| line.get(at + word.len()..)).any(|rest| {
        let scope =
            rest.strip_prefix('-').map(|rest| rest.trim_start_matches(|c: char| matches!(c, '0'..='9' | 'a'..='f')));
        rest.starts_with('/') || scope.is_some_and(|end| end.starts_with(".scope") && !rest.starts_with("-.scope"))
    })
}

/// Linux-VServer, by the number of the process's context.
fn servers(found: &mut Found, status: &str) {
    for line in status.lines() {
        let Some(rest) = line.strip_prefix("VxID:") else { continue };
        match rest.trim_start().chars().next() {
            Some('0') => found.host("linux_vserver"),
            Some('1'..='9') => found.guest("linux_vserver"),
            _ => {}
        }
    }
}

/// What the processors' names tell. `list` is what lscpu(1) says; `None` where there is none.
fn processors(found: &mut Found, text: &str, list: &dyn Fn() -> Option<String>) {
    for line in text.lines() {
        let has = |name: &str, word: &str| line.strip_prefix(name).is_some_and(|rest| rest.contains(word));
        let (technology, role) = if has("model name", "QEMU Virtual CPU") {
            ("kvm", "guest")
        } else if has("vendor_id", "User Mode Linux") || has("model name", "UML") {
            ("uml", "guest")
        } else if has("machine", "CHRP IBM pSeries (emulated by qemu)") {
            ("kvm", "guest")
        } else if has("vendor_id", "PowerVM Lx86") {
            ("powervm_lx86", "guest")
        } else if has("vendor_id", "IBM/S390") {
            ("PR/SM", "LPAR")
        } else {
            continue;
        };
        let mut kind = technology.to_owned();
        let mut role = role;
        found.guests.insert(kind.clone());
        if technology == "PR/SM" {
            let answer = list();
            let hypervisors = match &answer {
                Some(answer) => answer
                    .lines()
                    .filter_map(|line| line.split_once(':'))
                    .filter(|(name, _)| name.trim() == "Hypervisor")
                    .map(|(_, name)| name.trim())
                    .collect(),
                None => vec!["ibm_systemz"],
            };
            for hypervisor in hypervisors {
                found.guests.insert(hypervisor.to_owned());
                hypervisor.clone_into(&mut kind);
                role = "guest";
            }
        }
        found.first.get_or_insert((kind, role));
    }
}

/// What is hosted, or drives virtual devices, by the kernel's modules.
fn modules(found: &mut Found) {
    let modules = read::lines("/proc/modules");
    let loaded = |name: &str| modules.iter().any(|line| line.split(' ').next() == Some(name));
    if loaded("kvm") {
        let is_new = found.first.is_none();
        found.host("kvm");
        let is_manager = |process: &String| {
            process.starts_with(|c: char| c.is_ascii_digit())
                && matches!(read::content(&format!("/proc/{process}/comm")).as_deref(), Some("vdsm" | "vdsmd"))
        };
        if read::exists("/rhev/") && read::names("/proc").iter().any(is_manager) {
            found.hosts.insert("RHEV".to_owned());
            if let Some((kind, _)) = found.first.as_mut().filter(|_| is_new) {
                "RHEV".clone_into(kind);
            }
        }
    }
    if loaded("vboxdrv") {
        found.host("virtualbox");
    }
    if loaded("virtio") {
        found.hosts.insert("kvm".to_owned());
        found.first.get_or_insert_with(|| ("kvm".to_owned(), "guest"));
    }
}

/// What dmidecode(8), where it is there and may read the tables, has for the machine's name.
fn board(found: &mut Found, gathering: &Gathering<'_>) {
    let Some(program) = gathering.ctx.find_bin("dmidecode") else { return };
    let answer = if rustix::process::geteuid().is_root() {
        // It would read the same tables.
        read::content("/sys/devices/virtual/dmi/id/product_name")
    } else {
        None
    };
    let answer = answer.or_else(|| gathering.output_of(&program, &["-s", "system-product-name"])).unwrap_or_default();
    let name: String = answer.lines().filter(|line| !line.starts_with('#')).map(str::trim).collect();
    if name.starts_with("VMware") {
        found.guest("VMware");
    }
    if answer.contains("BHYVE") {
        found.guest("bhyve");
    }
}

/// What the names in the machine's own tables tell.
fn machine(found: &mut Found, product: &str, vendor: &str, family: &str, bios: &str) {
    if matches!(product, "KVM" | "KVM Server" | "Bochs" | "AHV" | "CloudStack KVM Hypervisor") {
        found.guest("kvm");
    }
    match (vendor, family, product) {
        ("oVirt", _, _) => found.guest("oVirt"),
        ("Red Hat", "RHV", _) => found.guest("RHV"),
        ("Red Hat", _, "RHEV Hypervisor") => found.guest("RHEV"),
        _ => {}
    }
    if product.starts_with("VMware") {
        found.guest("VMware");
    }
    if matches!(product, "OpenStack Compute" | "OpenStack Nova") {
        found.guest("openstack");
    }
    match bios {
        "Xen" => found.guest("xen"),
        "innotek GmbH" => found.guest("virtualbox"),
        "Amazon EC2" | "DigitalOcean" | "Hetzner" | "Linode" => found.guest("kvm"),
        _ => {}
    }
    match vendor {
        "QEMU" | "Amazon EC2" | "DigitalOcean" | "Google" | "Scaleway" | "Nutanix" => found.guest("kvm"),
        "KubeVirt" => found.guest("KubeVirt"),
        "Microsoft Corporation" => found.guest("VirtualPC"),
        "Parallels Software International Inc." => found.guest("parallels"),
        "OpenStack Foundation" => found.guest("openstack"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(product: &str, vendor: &str, bios: &str) -> Option<(String, &'static str)> {
        let mut found = Found::default();
        machine(&mut found, product, vendor, "", bios);
        found.first
    }

    #[test]
    fn a_machine_is_known_by_its_makers() {
        assert_eq!(kind("Standard PC", "QEMU", "SeaBIOS"), Some(("kvm".to_owned(), "guest")));
        assert_eq!(kind("VMware7,1", "VMware, Inc.", "Phoenix"), Some(("VMware".to_owned(), "guest")));
        assert_eq!(kind("PowerEdge R650", "Dell Inc.", "Dell Inc."), None);
    }

    #[test]
    fn docker_is_known_by_its_groups() {
        assert!(is_docker("0::/docker/4f0c"));
        assert!(is_docker("1:name=systemd:/system.slice/docker-4f0c9a.scope"));
        assert!(!is_docker("0::/system.slice/docker.service"));
        assert!(!is_docker("0::/system.slice/docker-.scope"));
    }

    #[test]
    fn processors_tell_where_they_are_made_up() {
        let found = |text: &str, list: Option<&str>| {
            let mut found = Found::default();
            processors(&mut found, text, &|| list.map(str::to_owned));
            found
        };
        let emulated = found("processor : 0\nmodel name : QEMU Virtual CPU version 2.5+\n", None);
        assert_eq!(emulated.first, Some(("kvm".to_owned(), "guest")));
        let frame = found("vendor_id : IBM/S390\n", Some("Hypervisor:  z/VM 7.1\n"));
        assert_eq!(frame.first, Some(("z/VM 7.1".to_owned(), "guest")));
        assert!(frame.guests.contains("PR/SM"));
        let part = found("vendor_id : IBM/S390\n", Some(""));
        assert_eq!(part.first, Some(("PR/SM".to_owned(), "LPAR")));
    }

    #[test]
    fn a_virtual_server_has_a_number() {
        let mut found = Found::default();
        servers(&mut found, "Name: x\nVxID:\t42\n");
        assert_eq!(found.first, Some(("linux_vserver".to_owned(), "guest")));
    }
}
