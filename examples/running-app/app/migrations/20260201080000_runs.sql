-- migrate:up
create table runs (
  id bigint generated always as identity primary key,
  runner text not null,
  km numeric(6, 2) not null check (km > 0),
  ran_at timestamptz not null default now()
);
create index runs_runner on runs (runner);
insert into runs (runner, km)
select 'runner' || (n % 40), 1 + (n * 7 % 200) / 10.0 from generate_series(1, 2000) as n;

-- migrate:down
drop table runs;
