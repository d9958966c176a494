-- migrate:up
alter table runs add column minutes numeric(6, 1);
alter table runners add column shoes text;

-- migrate:down
alter table runs drop column minutes;
