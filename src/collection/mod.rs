//! From a task's name to what runs it.
