-- migrate:up
create table customers (
  id bigint generated always as identity primary key,
  name text
);
insert into customers (name)
select 'First' || n || ' Last' || n from generate_series(1, 200) as n;

-- migrate:down
drop table customers;
