//! provision: an Ansible-compatible, agentless provisioning engine.
fn main() {}
