-- One line a table and sequence: what it is, its name, how many rows, and a sum over the text of all rows that does not depend on
-- their order. The settings are those that a value's text depends on. Views and what they keep are made anew by a restore.
set datestyle = 'iso';
set intervalstyle = 'iso_8601';
set timezone = 'utc';
set bytea_output = 'hex';
set extra_float_digits = 1;
set search_path = '';
select case relkind
    when 'S' then format('select %L, %L, last_value, is_called::integer from %I.%I', 'sequence', name, nspname, relname)
    else format('select %L, %L, count(*), coalesce(sum((''x'' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0) '
      'from only %I.%I t', 'table', name, nspname, relname)
  end
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace,
  lateral (select format('%I.%I', nspname, relname)) as q (name)
where relkind in ('r', 'S') and relpersistence = 'p' and nspname !~ '^pg_' and nspname <> 'information_schema'
order by relkind, name collate "C" \gexec
