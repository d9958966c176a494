-- migrate:up
alter table runs add column minutes numeric(6, 1);
create index runs_km on runs (km desc);

-- migrate:down
drop index runs_km;
alter table runs drop column minutes;
