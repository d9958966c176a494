-- migrate:up
alter table listings add column currency char(3) not null default 'EUR';
-- Fails: the table has rows, and the new column has neither a value for them nor a default.
alter table courses add column level text not null;

-- migrate:down
alter table courses drop column level;
alter table listings drop column currency;
