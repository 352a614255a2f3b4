/**
 * The words of SQL, by what they do to the grammar. Names from the manuals of MySQL, PostgreSQL, SQL Server, Oracle and SQLite.
 *
 * @module
 */
import * as WORDS from "./sql-kinds.ts";

/** The words of each kind, blanks between them. */
const KINDS: readonly (readonly [kind: number, words: string])[] = [
  [WORDS.logic, "or and xor"],
  [WORDS.compare, "like rlike regexp ilike glob similar between in is match sounds contains startswith"],
  [WORDS.arithmetic, "div mod collate escape"],
  [WORDS.union, "union intersect except minus"],
  [WORDS.select, "select"],
  [WORDS.from, "from"],
  [WORDS.where, "where"],
  [WORDS.by, "by"],
  [WORDS.orderGroup, "order group"],
  [WORDS.having, "having"],
  [WORDS.prefix, "not exists any some binary case when then else"],
  [
    WORDS.constant,
    "null true false unknown default current_user current_date current_timestamp session_user system_user rownum sysdate user",
  ],
  [WORDS.into, "into"],
  [WORDS.set, "set"],
  [WORDS.table, "table database schema view procedure function index trigger login role column sequence"],
  [WORDS.define, "drop alter create truncate rename"],
  [WORDS.insert, "insert replace"],
  [WORDS.update, "update"],
  [WORDS.remove, "delete"],
  [WORDS.execute, "exec execute call do prepare"],
  [WORDS.declare, "declare"],
  [WORDS.wait, "waitfor"],
  [WORDS.shutdown, "shutdown"],
  [WORDS.quantifier, "all distinct distinctrow top"],
  [WORDS.clause, "limit offset procedure as on using join inner outer left right cross natural for fetch returning with asc desc"],
  [WORDS.values, "values value row"],
  [
    WORDS.show,
    "show describe desc explain handler load copy grant revoke kill use backup dbcc bulk merge begin commit rollback print attach pragma",
  ],
  [WORDS.interval, "interval"],
  [WORDS.end, "end"],
];

const TABLE = new Map<string, number>();
for (const [kind, words] of KINDS) for (const word of words.split(" ")) if (!TABLE.has(word)) TABLE.set(word, kind);

/** Adds one character to the hash of a word. */
export const hashStep = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193);

/** Kind of a lower-case word, 0 for anything that is not SQL. */
export function wordKind(word: string): number {
  return word.length > 17 ? 0 : (TABLE.get(word) ?? 0);
}

/** Calls that have no place in a parameter: they wait, read files, run programs or leak through error messages. */
export const DANGEROUS_CALLS =
  "updatexml extractvalue pg_sleep load_file xp_cmdshell xp_dirtree xp_fileexist xp_regread xp_subdirs sp_executesql sp_oacreate sp_oamethod " +
  "sp_password xmltype gtid_subset gtid_subtract lo_import lo_export lo_from_bytea pg_read_file pg_read_binary_file pg_ls_dir pg_file_write " +
  "pg_stat_file sleepeachrow pg_sleep_for pg_sleep_until query_to_xml database_to_xml dblink dblink_connect load_extension randomblob zeroblob " +
  "sys_eval sys_exec httpuritype benchmark sys_context st_latfromgeohash st_longfromgeohash st_pointfromgeohash is_srvrolemember openrowset " +
  "opendatasource openquery fn_xe_file_target_read_file fn_get_audit_file fn_trace_gettable sqlite_version name_const master_pos_wait get_lock " +
  "group_concat json_arrayagg string_agg found_rows row_count last_insert_id aes_decrypt des_decrypt load_data wm_concat listagg xmlagg unhex " +
  "sleep_for dbms_random utl_raw make_set encode_lookup elt export_set has_table_privilege sqlite_compileoption_used substring_index";
const DANGEROUS = new Set(DANGEROUS_CALLS.split(" "));

/** Package and catalogue names; these betray an attack without a call. */
export const CATALOGUE_NAMES =
  "information_schema sysobjects syscolumns sysusers sysdatabases syslogins sysxlogins sqlite_master sqlite_schema sqlite_temp_master " +
  "pg_catalog pg_shadow pg_user pg_tables pg_database pg_class pg_roles all_tables user_tables all_tab_columns user_tab_columns all_users " +
  "dba_users dba_tables all_objects user_objects msysaccessobjects msysobjects dbms_pipe dbms_lock dbms_ldap dbms_xmlgen dbms_xmlquery " +
  "dbms_utility dbms_java dbms_scheduler dbms_assert utl_http utl_inaddr utl_smtp utl_file utl_tcp ctxsys xp_cmdshell xp_dirtree " +
  "xp_regread " +
  "sp_oacreate sp_execute_external_script rdb$database v$version v$database v$instance v$session v$parameter " +
  "gv$session gv$instance syscat sysibm sysmaster db2inst1 table_name column_name table_schema column_names schema_name";
const CATALOGUE = new Set(CATALOGUE_NAMES.split(" "));

/** Calls that are ordinary SQL: proof of SQL only where SQL is already being spoken, or where nothing else stands in the value. */
const ORDINARY = new Set(
  (
    "sleep concat concat_ws char chr nchar ascii substring substr mid hex md5 sha1 database version user current_user session_user system_user ord length " +
    "char_length character_length count cast convert if iif ifnull nullif isnull nvl nvl2 coalesce sysdate now lower upper ltrim rtrim trim instr locate position strcmp lpad rpad " +
    "left right reverse repeat replace rand random floor round exp pow power abs ln log sign bin conv rawtohex decode greatest least bit_length " +
    "json_extract json_keys json_value json_query json_object json_array json_contains json_length json_depth json_type jsonb_path_exists schema current_database db_name user_name " +
    "suser_name suser_sname object_id object_name col_name host_name newid unicode quotename stuff len datalength patindex charindex typeof " +
    "total_changes last_insert_rowid quote printf changes soundex regexp_instr regexp_substr regexp_like regexp_replace row_number bit_and bit_or " +
    "bit_xor std stddev variance avg sum min max curdate curtime sysdatetime getdate connection_id uuid inet_ntoa inet_aton format field " +
    "find_in_set interval extract date_add date_sub " +
    "xmlelement xmlforest sha2 crc32 encrypt password old_password compress cos sin sqrt linestring multipoint multilinestring multipolygon geometrycollection is_member uncompress to_base64 from_base64 translate to_char to_number to_timestamp try_cast"
  ).split(" "),
);

/** 2: dangerous anywhere. 1: SQL where SQL is spoken. 0: no known function. */
export function callKind(word: string): 0 | 1 | 2 {
  return DANGEROUS.has(word) ? 2 : ORDINARY.has(word) ? 1 : 0;
}

/** True for names that only the system catalogue and the server's own packages have. */
export function isCatalogue(word: string): boolean {
  return word.length > 5 && CATALOGUE.has(word);
}

/** One bit for each hash, by its lowest bits: large enough that words of prose rarely share one with a word of SQL. */
const TELLING = new Uint8Array(16_384);
for (const words of [TABLE.keys(), DANGEROUS, CATALOGUE, ORDINARY]) {
  for (const word of words) {
    let hash = 0;
    for (let at = 0; at < word.length; at++) hash = hashStep(hash, word.charCodeAt(at));
    TELLING[hash & 16_383] = 1;
  }
}

/** False when a word of this hash has neither kind nor call nor catalogue to it; true when it may. */
export const isTelling = (hash: number): boolean => TELLING[hash & 16_383] === 1;
