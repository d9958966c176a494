-- migrate:up
-- Contract: version 3 does not know the old column any more, so nobody misses it.
drop trigger customers_both on customers;
drop function customers_both;
alter table customers drop column name;

-- migrate:down
alter table customers add column name text;
update customers set name = trim(first_name || ' ' || coalesce(last_name, ''));
