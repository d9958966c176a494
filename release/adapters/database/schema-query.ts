/** Schemas that are a user's, and no extension's: `n` is pg_namespace. */
const SCHEMAS = `n.nspname !~ '^(pg_.*|information_schema)$'`;
const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

const PARTS: readonly string[] = [
  `SELECT 'schema', quote_ident(n.nspname), '' FROM pg_namespace n WHERE ${SCHEMAS} AND ${notOfExtension('pg_namespace', 'n.oid')}`,

  `SELECT 'extension', quote_ident(x.extname), x.extversion FROM pg_extension x`,

  `SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
            WHEN 'c' THEN 'type' WHEN 'p' THEN 'partitioned table' ELSE 'table' END,
          format('%I.%I', n.nspname, c.relname),
          concat_ws(' ', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
            CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
            pg_get_expr(c.relpartbound, c.oid), c.reloptions::text,
            CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END,
            CASE WHEN c.relrowsecurity THEN 'row security' END, CASE WHEN c.relforcerowsecurity THEN 'forced' END,
            (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid))
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND ${SCHEMAS} AND ${notOfExtension('pg_class', 'c.oid')}`,

  `SELECT 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
          concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
            format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END,
            nullif(a.attidentity, ''), nullif(a.attgenerated, ''), l.collname, pg_get_expr(d.adbin, d.adrelid))
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   LEFT JOIN pg_collation l ON l.oid = a.attcollation AND l.collname <> 'default'
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
     AND ${SCHEMAS} AND ${notOfExtension('pg_class', 'c.oid')}`,

  `SELECT 'constraint', concat_ws(' on ', quote_ident(k.conname), nullif(k.conrelid, 0)::regclass::text, nullif(k.contypid, 0)::regtype::text),
          pg_get_constraintdef(k.oid)
   FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
   WHERE ${SCHEMAS} AND k.contype <> 't' AND ${notOfExtension('pg_class', 'k.conrelid')} AND ${notOfExtension('pg_type', 'k.contypid')}`,

  `SELECT 'index', format('%I.%I', n.nspname, c.relname),
          pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${SCHEMAS} AND ${notOfExtension('pg_class', 'i.indrelid')}`,

  `SELECT 'sequence', format('%I.%I', n.nspname, c.relname),
          concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
   FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${SCHEMAS} AND ${notOfExtension('pg_class', 'c.oid')}`,

  `SELECT 'function', format('%s(%s)', p.oid::regproc, pg_get_function_identity_arguments(p.oid)),
          CASE WHEN p.prokind = 'a' THEN concat_ws(' ', a.aggtransfn, a.aggfinalfn, a.aggtranstype::regtype, a.agginitval)
               ELSE pg_get_functiondef(p.oid) END
   FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
   WHERE ${SCHEMAS} AND ${notOfExtension('pg_proc', 'p.oid')}`,

  `SELECT 'trigger', format('%I on %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
   FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT t.tgisinternal AND ${SCHEMAS}`,

  `SELECT 'rule', format('%I on %s', r.rulename, r.ev_class::regclass), pg_get_ruledef(r.oid)
   FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE r.rulename <> '_RETURN' AND ${SCHEMAS}`,

  `SELECT 'policy', format('%I on %s', p.polname, p.polrelid::regclass),
          concat_ws(' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
   FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS}`,

  `SELECT 'enum', format('%I.%I', n.nspname, t.typname), string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
   FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
   WHERE ${SCHEMAS} AND ${notOfExtension('pg_type', 't.oid')} GROUP BY 2`,

  `SELECT 'domain', format('%I.%I', n.nspname, t.typname),
          concat_ws(' ', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'not null' END, t.typdefault)
   FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
   WHERE t.typtype = 'd' AND ${SCHEMAS} AND ${notOfExtension('pg_type', 't.oid')}`,
];

/** Every object of the users' schemas with its kind, name and definition, one a row. Names carry schemas when `search_path` is empty. */
export const SCHEMA_QUERY = `SELECT kind::text AS kind, name::text AS name, definition::text AS definition
FROM (${PARTS.map((p, i) => (i === 0 ? `SELECT * FROM (${p}) AS p0 (kind, name, definition)` : `SELECT * FROM (${p}) AS p${i}`)).join('\nUNION ALL\n')}) AS objects
ORDER BY kind COLLATE "C", name COLLATE "C"`;
