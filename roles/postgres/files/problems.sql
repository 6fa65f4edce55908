-- What is wrong with the files as the server reads them, one line each; nothing where all is well. It is asked before a
-- reload: a line that the server cannot read keeps it on its former rules, and keeps it from its next start.
select format('%s line %s: %s (%s)', sourcefile, sourceline, error, name) from pg_file_settings
where error is not null and error <> 'setting could not be applied'
union all
select format('pg_hba.conf line %s: %s', line_number, error) from pg_hba_file_rules where error is not null
union all
select format('pg_ident.conf line %s: %s', line_number, error) from pg_ident_file_mappings where error is not null
union all
select 'data checksums are off: pg_checksums --enable, with the server stopped' where current_setting('data_checksums') <> 'on'
union all
select format('this is major version %s, not %s: pg_upgrade, or backup and restore', running, :major)
from (select current_setting('server_version_num')::integer / 10000) as version (running) where running <> :major
