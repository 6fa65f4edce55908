//! Hosts, groups and their variables, from every kind of source.
