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
    let processors = read::lines("/proc/cpuinfo");
    if processors.iter().any(|line| line.starts_with("model name") && line.contains("QEMU Virtual CPU")) {
        found.guest("kvm");
    }
    let modules = read::lines("/proc/modules");
    let loaded = |name: &str| modules.iter().any(|line| line.split(' ').next() == Some(name));
    if loaded("kvm") {
        found.host("kvm");
    }
    if loaded("vboxdrv") {
        found.host("virtualbox");
    }
    if loaded("virtio") {
        found.hosts.insert("kvm".to_owned());
        found.first.get_or_insert_with(|| ("kvm".to_owned(), "guest"));
    }
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
        if line.contains("/docker/") || (line.contains("/docker-") && line.contains(".scope")) {
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
        if read::exists("/proc/bc") { found.host("openvz") } else { found.guest("openvz") }
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
}
