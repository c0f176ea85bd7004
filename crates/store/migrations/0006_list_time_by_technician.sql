-- Why: a timesheet shows the week of one technician over all clients.

create index time_entries_by_technician on time_entries (provider_id, technician, started_at);
