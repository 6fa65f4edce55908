//! ansible.cfg, environment and flags as one typed struct, passed down.
