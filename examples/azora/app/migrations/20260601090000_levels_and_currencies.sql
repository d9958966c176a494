-- migrate:up
alter table courses add column level text not null default 'beginner';
alter table listings add column currency char(3) not null default 'EUR';
create index courses_level on courses (level);

-- migrate:down
drop index courses_level;
alter table listings drop column currency;
alter table courses drop column level;
