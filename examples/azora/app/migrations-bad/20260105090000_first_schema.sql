-- migrate:up
create table users (
  id bigint generated always as identity primary key,
  email text not null unique,
  created_at timestamptz not null default now()
);
create table courses (
  id bigint generated always as identity primary key,
  title text not null,
  teacher text not null
);
create table listings (
  id bigint generated always as identity primary key,
  title text not null,
  price numeric(12, 2) not null check (price >= 0)
);
insert into users (email)
select 'user' || n || '@azora.example' from generate_series(1, 500) as n;
insert into courses (title, teacher)
select 'Course ' || n, 'Teacher ' || (n % 12) from generate_series(1, 120) as n;
insert into listings (title, price)
select 'Listing ' || n, (n * 37 % 9000) / 100.0 from generate_series(1, 300) as n;

-- migrate:down
drop table listings;
drop table courses;
drop table users;
