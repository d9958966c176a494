-- migrate:up
-- Contract: version 3 does not know the old column any more, so nobody misses it.
drop trigger customers_both on customers;
drop function customers_both;
alter table customers drop column name;

-- migrate:down
alter table customers add column name text;
update customers set name = trim(first_name || ' ' || coalesce(last_name, ''));
create function customers_both() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or new.name is distinct from old.name then
    if new.name is not null and (tg_op = 'INSERT' or new.first_name is not distinct from old.first_name) then
      new.first_name := coalesce(nullif(split_part(new.name, ' ', 1), ''), new.first_name);
      new.last_name := coalesce(nullif(substr(new.name, strpos(new.name, ' ') + 1), ''), new.last_name);
    end if;
  end if;
  if new.first_name is not null then
    new.name := trim(new.first_name || ' ' || coalesce(new.last_name, ''));
  end if;
  return new;
end
$$;
create trigger customers_both before insert or update on customers
for each row execute function customers_both();
